"""Tokens: one for each turn of a login."""

from datetime import timedelta

import jwt
import pytest
from pydantic import SecretStr

from gateway.rig import START
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.adapters.tokens import JwtTokens
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.ports.logins import Identity, RefreshTurn, TokenKind
from tuyen_platform.clock import ManualClock

LAN = Identity(
    organization=OrganizationId("shop"), agent_id=AgentId("lan"), session="s", stamp="stamp"
)


@pytest.fixture
def tokens(clock: ManualClock) -> JwtTokens:
    return JwtTokens(SecretStr("k" * 32), clock, 3600, 7200)


def test_there_is_exactly_one_refresh_token_for_a_turn(
    tokens: JwtTokens, clock: ManualClock
) -> None:
    turn = RefreshTurn(number=3, since=START)
    first = tokens.issue_refresh(LAN, turn)
    clock.advance(timedelta(seconds=5))
    assert tokens.issue_refresh(LAN, turn) == first
    assert tokens.issue_refresh(LAN, RefreshTurn(number=4, since=START)) != first
    assert tokens.read_turn(first) == 3
    read = tokens.read(first, TokenKind.REFRESH)
    assert (read.organization, read.agent_id, read.session, read.stamp) == (
        LAN.organization,
        LAN.agent_id,
        LAN.session,
        LAN.stamp,
    )
    assert read.issued_at == START


def test_a_refresh_token_of_an_earlier_version_is_refused(tokens: JwtTokens) -> None:
    token = tokens.issue_refresh(LAN, RefreshTurn(number=3, since=START))
    claims = jwt.decode(token, options={"verify_signature": False})
    del claims["turn"]
    old = jwt.encode(claims, "k" * 32, algorithm="HS256")
    with pytest.raises(UnauthenticatedError):
        tokens.read_turn(old)


def test_an_access_token_has_no_turn(tokens: JwtTokens) -> None:
    with pytest.raises(UnauthenticatedError):
        tokens.read_turn(tokens.issue(LAN))
