"""What the use of a refresh token means, and which records of a login count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_gateway.domain.logins import (
    LoginState,
    RefreshTokenUse,
    classify_concurrent_use,
    classify_use,
    counts_after,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def login(number: int, ago_s: float = 0.0) -> LoginState:
    since = NOW - timedelta(seconds=ago_s)
    return LoginState(number=number, since=since, until=since + timedelta(days=14))


@pytest.mark.parametrize(
    ("known", "used", "meaning"),
    [
        (None, 0, RefreshTokenUse.UNKNOWN),
        (login(3), 4, RefreshTokenUse.UNKNOWN),
        (login(3), 3, RefreshTokenUse.FIRST),
        (login(3, ago_s=3600), 3, RefreshTokenUse.FIRST),
        (login(3, ago_s=0.001), 2, RefreshTokenUse.COPIED),
        (login(3), 2, RefreshTokenUse.REPEATED),
        (login(3), 1, RefreshTokenUse.COPIED),
    ],
)
def test_a_refresh_token_is_used_once_unless_at_the_same_moment(
    known: LoginState | None, used: int, meaning: RefreshTokenUse
) -> None:
    assert classify_use(known, used, NOW) is meaning


@pytest.mark.parametrize(
    ("known", "meaning"),
    [
        (None, RefreshTokenUse.UNKNOWN),
        (login(3), RefreshTokenUse.UNKNOWN),
        (login(4), RefreshTokenUse.REPEATED),
        (login(4, ago_s=3600), RefreshTokenUse.REPEATED),
        (login(5), RefreshTokenUse.TOO_LATE),
        (login(5, ago_s=3600), RefreshTokenUse.COPIED),
    ],
)
def test_of_two_who_use_a_token_at_once_nobody_is_thrown_out(
    known: LoginState | None, meaning: RefreshTokenUse
) -> None:
    assert classify_concurrent_use(known, 3, NOW) is meaning


@given(st.lists(st.integers(0, 5) | st.none(), max_size=12))
def test_a_login_that_ended_never_begins_again_and_no_turn_comes_back(
    records: list[int | None],
) -> None:
    state: LoginState | None = None
    ended = False
    for number in records:
        new = None if number is None else login(number)
        before = state
        if counts_after(new, before, ended=ended):
            state = new
        ended = ended or new is None
        assert not (ended and state is not None)
        if before is not None and state is not None:
            assert state.number >= before.number
