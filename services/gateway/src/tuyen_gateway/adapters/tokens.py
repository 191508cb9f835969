"""Access and refresh tokens: JWTs that this installation signs (HS256)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import uuid4

import jwt
from pydantic import SecretStr

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_platform.clock import Clock

_ALGORITHM = "HS256"
_ISSUER = "tuyen"
_REQUIRED = ["iss", "sub", "org", "sid", "jti", "stamp", "exp", "kind"]


class TokenKind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a token identifies. Role and pages are not in it: they are looked up on every request.
    `session` is the login that the token comes from, and stays through refreshes; `stamp` is that
    of the password at that time: a new password ends all tokens."""

    organization: OrganizationId
    agent_id: AgentId
    session: str
    stamp: str


class AccessTokens:
    def __init__(self, key: SecretStr, clock: Clock, access_s: int, refresh_s: int) -> None:
        self._key = key
        self._clock = clock
        self.lifetimes = {TokenKind.ACCESS: access_s, TokenKind.REFRESH: refresh_s}

    def issue(self, identity: Identity, kind: TokenKind) -> str:
        """A token of `kind` that is valid for its lifetime from now."""
        now = self._clock.now()
        claims = {
            "iss": _ISSUER,
            "sub": identity.agent_id,
            "org": identity.organization,
            "sid": identity.session,
            "stamp": identity.stamp,
            "jti": uuid4().hex,
            "kind": kind.value,
            "iat": now,
            "exp": now + timedelta(seconds=self.lifetimes[kind]),
        }
        return jwt.encode(claims, self._key.get_secret_value(), algorithm=_ALGORITHM)

    def read(self, token: str, kind: TokenKind) -> Identity:
        """Whom a token of `kind` identifies. Raises UnauthenticatedError."""
        try:
            claims = jwt.decode(
                token,
                self._key.get_secret_value(),
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # Times are checked below, by the clock port.
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.InvalidTokenError, RecursionError) as error:  # its header is decoded unverified
            raise UnauthenticatedError(f"This is not a valid {kind} token: log in.") from error
        if claims["kind"] != kind.value:
            raise UnauthenticatedError(f"This is not a valid {kind} token: log in.")
        if claims["exp"] <= self._clock.now().timestamp():
            raise UnauthenticatedError(f"The {kind} token has ended: refresh it or log in again.")
        return Identity(
            organization=OrganizationId(claims["org"]),
            agent_id=AgentId(claims["sub"]),
            session=claims["sid"],
            stamp=claims["stamp"],
        )
