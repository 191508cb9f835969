"""Access and refresh tokens: JWTs that this installation signs (HS256)."""

from datetime import timedelta
from uuid import uuid4

import jwt
from pydantic import SecretStr

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.ports.logins import Identity, TokenKind
from tuyen_platform.clock import Clock

_ALGORITHM = "HS256"
_ISSUER = "tuyen"
_REQUIRED = ["iss", "sub", "org", "sid", "jti", "stamp", "exp", "kind"]


class JwtTokens:
    """`AccessTokens` that this installation signs."""

    def __init__(self, key: SecretStr, clock: Clock, access_s: int, refresh_s: int) -> None:
        self._key = key
        self._clock = clock
        self.lifetimes = {TokenKind.ACCESS: access_s, TokenKind.REFRESH: refresh_s}

    def issue(self, identity: Identity, kind: TokenKind) -> str:
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
