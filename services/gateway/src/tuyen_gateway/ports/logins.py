"""What proves who a caller is: passwords, tokens, and what callers store for us."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from tuyen_events.audit import AuditRecorded
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Moment
from tuyen_gateway.ports.tables import TableBacked


class TokenKind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a token identifies. Role and pages are not in it: they are looked up on every request.
    `session` is the login that the token comes from, and stays through refreshes; `stamp` is that
    of the password at that time: a new password ends all tokens. `issued_at` is null for a login
    that has no token yet."""

    organization: OrganizationId
    agent_id: AgentId
    session: str
    stamp: str
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTurn:
    """One refresh token of a login: the number of refreshes before it, and since when it is the
    valid one. There is exactly one token for a turn."""

    number: int
    since: datetime


class AccessTokens(Protocol):
    """Access and refresh tokens."""

    @property
    def lifetimes(self) -> Mapping[TokenKind, int]:
        """In seconds."""
        ...

    def issue(self, identity: Identity) -> str:
        """An access token that is valid for its lifetime from now."""
        ...

    def issue_refresh(self, identity: Identity, turn: RefreshTurn) -> str:
        """The refresh token of a login's turn, valid for its lifetime from the turn's beginning; it
        is the same each time."""
        ...

    def read(self, token: str, kind: TokenKind) -> Identity:
        """The identity in a token of `kind`. Raises UnauthenticatedError."""
        ...

    def read_turn(self, token: str) -> int:
        """The number of a refresh token's turn. Raises UnauthenticatedError."""
        ...


class Logins(TableBacked, Protocol):
    """The logins of all agents: each begins with a password or at an OpenID provider, has one valid
    refresh token at a time, and ends for all of its tokens at once."""

    def is_valid(self, identity: Identity) -> bool:
        """Whether the login that a token comes from has not ended, as far as this gateway has
        read."""
        ...

    async def see(self, identity: Identity) -> None:
        """Reads the log to its end if the token is so new that another gateway may have begun its
        login a moment ago. Raises UnavailableError and LogUnavailableError."""
        ...

    async def begin(self, identity: Identity) -> RefreshTurn:
        """Begins a login, and returns its first turn. If the agent has too many, those end that
        were refreshed least recently."""
        ...

    async def refresh(self, identity: Identity, number: int) -> RefreshTurn:
        """Takes the refresh token of turn `number` out of use, and returns the next turn.

        If two gateways do this at once, both return the same turn. Any other use of a token that is
        out of use ends the login. Raises UnauthenticatedError if the login has ended.
        """
        ...

    async def end(self, identity: Identity) -> None:
        """Ends a login; on return none of its tokens is valid here."""
        ...

    async def forget(self, organization: OrganizationId, agent_id: AgentId) -> None:
        """Ends all logins of an agent."""
        ...

    async def tidy(self) -> None:
        """Removes what is left of logins whose tokens have all expired, and publishes again what
        counts where a later record hides it."""
        ...

    def owners(self) -> Sequence[tuple[OrganizationId, AgentId]]:
        """All agents who have logins."""
        ...


class Credentials(TableBacked, Protocol):
    """The passwords of all agents."""

    def stamp(self, organization: OrganizationId, agent_id: AgentId) -> str | None:
        """The stamp of the agent's present password; None if there is none."""
        ...

    async def verify(
        self, organization: OrganizationId, agent_id: AgentId | None, password: SecretStr
    ) -> bool:
        """Whether it is the agent's password, in any Unicode form. For nobody (None), and for an
        agent without a password, it takes as long as for a wrong one."""
        ...

    async def set(
        self,
        organization: OrganizationId,
        agent_id: AgentId,
        password: SecretStr,
        *,
        by: AgentId | None,
        at: Moment,
    ) -> None:
        """Stores a password; on return it is valid, and all tokens of the one before have ended.
        Storing the present one again changes nothing. The audit says who did it, and when."""
        ...

    async def forget(self, organization: OrganizationId, agent_id: AgentId) -> None:
        """Removes the agent's password, if there is one."""
        ...


class SiteTokens(TableBacked, Protocol):
    """The tokens with which livechat pages sign (P6). A token is returned to its creator once.
    Changes of one page's token are made inside of `hold`, one after another in this process. If two
    gateways renew a token at once, the later one is valid."""

    def stamp(self, app_id: str) -> str | None:
        """What is another one for each token of the page; None if it has no token."""
        ...

    def is_used(self, app_id: str) -> bool:
        """Whether ingest accepted a call that was signed with the page's present token."""
        ...

    def hold(self, app_id: str) -> AbstractAsyncContextManager[None]:
        """Locks the page's token, which is the log's latest on entering."""
        ...

    async def make(self, app_id: str, audited: AuditRecorded) -> str:
        """Creates a new token, which ends the one before; it is valid on return, and the audit has
        the entry."""
        ...

    async def make_first(
        self, app_id: str, before: str | None, audited: AuditRecorded
    ) -> str | None:
        """The same, unless the page has another token than the one with the stamp `before`: then it
        keeps that, which another gateway created, and None is returned."""
        ...

    async def forget(self, app_id: str, before: str) -> None:
        """Removes the page's token with the stamp `before`; it is invalid on return."""
        ...


class LoginThrottle(Protocol):
    """Limits password guessing."""

    def attempt(
        self, organization: str, username: str, place: str
    ) -> AbstractAsyncContextManager[None]:
        """One attempt on the account, whether or not it exists.

        A block that raises UnauthenticatedError counts as a wrong password; one that succeeds
        clears the wrong ones from this address, and makes the address known. Raises
        TooManyAttemptsError or UnavailableError, without entering the block, for an attempt that
        comes too early, or that is one too many at once; such an attempt is not counted.
        """
        ...


class Cipher(Protocol):
    """Encrypts what callers store for us and return, so that they can neither read nor forge it. A
    text is encrypted for a `purpose` and can be decrypted for no other."""

    def encrypt(self, purpose: str, text: str) -> str:
        """`text` encrypted, in characters that need no escaping in a URL."""
        ...

    def decrypt(self, purpose: str, encrypted: str, within: timedelta) -> str | None:
        """The text that was encrypted for `purpose`, no longer than `within` ago; None for anything
        else."""
        ...

    def encrypt_deterministic(self, purpose: str, content: bytes) -> str:
        """A string for `content`: the same for the same content and purpose, which reveals only
        whether the content changed."""
        ...

    def decrypt_deterministic(self, purpose: str, encrypted: str) -> bytes | None:
        """The content of which `encrypted` was made for `purpose`; None for anything else."""
        ...
