"""Channels, as pages are connected to them (P1): logging in there, and subscribing a page's
events."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from tuyen_events.audit import AuditRecorded
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.ports.tables import TableBacked
from tuyen_platform.page_credentials import AccountCredentials, PageProblem, PageSubscription


class OfferedAccount(NamedTuple):
    """An account that somebody who logged in at a channel may connect."""

    external_id: str
    name: str
    credentials: AccountCredentials


class Consent(NamedTuple):
    """The address at which somebody logs in at a channel. `verifier` proves later that it was us
    who sent them there (PKCE); None if the channel does not use it."""

    authorize_url: str
    verifier: SecretStr | None = None


class ChannelLogins(Protocol):
    """Logging in at one channel. Calls raise ChannelUnavailableError and ChannelRefusedError."""

    def begin(self, redirect_uri: str, state: str) -> Consent:
        """Where to log in; from there one comes back to `redirect_uri` with a code and `state`."""
        ...

    async def finish(
        self, code: str, redirect_uri: str, verifier: SecretStr | None
    ) -> Sequence[OfferedAccount]:
        """The accounts that the code gives access to; a code can be used once."""
        ...


class ChannelSubscriptions(Protocol):
    """Whether one channel sends the events of an account to us. Each call may be repeated. They
    raise ChannelUnavailableError and ChannelRefusedError."""

    async def add(self, external_id: str, credentials: AccountCredentials) -> None: ...

    async def remove(self, external_id: str, credentials: AccountCredentials) -> None: ...

    async def is_subscribed(self, external_id: str, credentials: AccountCredentials) -> bool:
        """Whether all kinds of events are subscribed that we read."""
        ...


class Channels(Protocol):
    """The channels that can be called."""

    def logins(self, channel: Channel) -> ChannelLogins | None:
        """None where nobody logs in, or the installation has no app."""
        ...

    def subscriptions(self, channel: Channel) -> ChannelSubscriptions | None:
        """None where an account's events need no subscription."""
        ...

    def turn(self, organization: OrganizationId) -> AbstractAsyncContextManager[None]:
        """The right to make calls for an organization, one after another, as long as the block
        lasts (R9.5). Raises TooManyAttemptsError if its turn does not come soon."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageConnection:
    """A login at a channel, begun to connect pages. Only the agent who began it may use it.
    `accounts` is None until the channel has confirmed it."""

    organization: OrganizationId
    state: str
    agent_id: AgentId
    channel: Channel
    redirect_uri: str
    verifier: SecretStr | None
    expires_at: datetime
    accounts: Sequence[OfferedAccount] | None = None


class PageConnections(TableBacked, Protocol):
    """The logins of the last hour, of all gateways (CONNECTION_LASTS_S), encrypted in the log."""

    def find(self, organization: OrganizationId, state: str) -> PageConnection | None:
        """None for one that is unknown, or has ended."""
        ...

    def hold(self, state: str) -> AbstractAsyncContextManager[None]:
        """Locks a login in this process; on entering, this gateway knows all that is in the
        log."""
        ...

    async def keep(self, connection: PageConnection) -> None:
        """Stores it for all gateways, in place of what had its state. If the organization has too
        many, the oldest ends."""
        ...


class PageAccess(TableBacked, Protocol):
    """What pages call their channels with (P6), by account: `page_credentials.name_account`.
    Changes of one account are made inside of `hold`, one after another in this process."""

    @property
    def accounts(self) -> Sequence[str]:
        """All accounts that have credentials."""
        ...

    def credentials(self, account: str) -> AccountCredentials | None:
        """The present ones: those that were set, or the pair that they were refreshed to."""
        ...

    def find_set_credentials(self, account: str) -> AccountCredentials | None:
        """Those that were set."""
        ...

    def problem(self, account: str) -> PageProblem | None:
        """The problem of the present credentials that was found when a message was sent."""
        ...

    def subscription(self, account: str) -> PageSubscription | None:
        """The last state of the account's subscription that the channel reported; None if it has
        none."""
        ...

    def hold(self, account: str) -> AbstractAsyncContextManager[None]:
        """Locks the account, of which all is known on entering."""
        ...

    async def set(
        self, account: str, credentials: AccountCredentials, audited: AuditRecorded
    ) -> None:
        """Gives the account these credentials; on return they are the present ones, and the audit
        has the entry."""
        ...

    async def end_problem(self, account: str) -> None:
        """Lets what waits for the account be sent again, if there is a problem."""
        ...

    async def note_subscription(self, account: str, subscription: PageSubscription | None) -> None:
        """Stores what the channel said, unless that is known already."""
        ...

    async def forget(self, account: str, given: AccountCredentials) -> None:
        """Removes the account's credentials, and all that is known of them, unless it was given
        others than `given` meanwhile."""
        ...
