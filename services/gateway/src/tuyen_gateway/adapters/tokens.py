"""Access and refresh tokens: JWTs that this installation signs (HS256)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from pydantic import SecretStr

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.ports.logins import Identity, RefreshTurn, TokenKind
from tuyen_platform.clock import Clock

_ALGORITHM = "HS256"
_ISSUER = "tuyen"
_REQUIRED = ["iss", "sub", "org", "sid", "jti", "stamp", "iat", "exp", "kind"]
_TURN = "turn"


class JwtTokens:
    """`AccessTokens` that this installation signs."""

    def __init__(self, key: SecretStr, clock: Clock, access_s: int, refresh_s: int) -> None:
        self._key = key
        self._clock = clock
        self.lifetimes = {TokenKind.ACCESS: access_s, TokenKind.REFRESH: refresh_s}

    def issue(self, identity: Identity) -> str:
        return self._sign(identity, TokenKind.ACCESS, self._clock.now(), {"jti": uuid4().hex})

    def issue_refresh(self, identity: Identity, turn: RefreshTurn) -> str:
        claims: dict[str, str | int] = {
            "jti": f"{identity.session}.{turn.number}",
            _TURN: turn.number,
        }
        return self._sign(identity, TokenKind.REFRESH, turn.since, claims)

    def read(self, token: str, kind: TokenKind) -> Identity:
        claims = self._claims(token, kind)
        return Identity(
            organization=OrganizationId(claims["org"]),
            agent_id=AgentId(claims["sub"]),
            session=claims["sid"],
            stamp=claims["stamp"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        )

    def read_turn(self, token: str) -> int:
        turn = self._claims(token, TokenKind.REFRESH).get(_TURN)
        if not isinstance(turn, int):
            raise UnauthenticatedError("This refresh token is of an earlier version: log in.")
        return turn

    def _sign(
        self, identity: Identity, kind: TokenKind, since: datetime, more: Mapping[str, str | int]
    ) -> str:
        claims = {
            "iss": _ISSUER,
            "sub": identity.agent_id,
            "org": identity.organization,
            "sid": identity.session,
            "stamp": identity.stamp,
            "kind": kind.value,
            "iat": since,
            "exp": since + timedelta(seconds=self.lifetimes[kind]),
            **more,
        }
        return jwt.encode(claims, self._key.get_secret_value(), algorithm=_ALGORITHM)

    def _claims(self, token: str, kind: TokenKind) -> dict[str, Any]:
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
        return claims
