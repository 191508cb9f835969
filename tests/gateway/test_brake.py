"""The brake on guessing passwords."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rig import START
from tuyen_gateway.adapters.brake import _SWEEP_AT, LoginBrake
from tuyen_gateway.domain.brake import (
    FORGOTTEN_AFTER,
    FREE_ATTEMPTS,
    LONGEST_WAIT,
    Attempts,
    attempted,
    wait_before,
)
from tuyen_gateway.errors import TooManyAttemptsError, UnauthenticatedError
from tuyen_platform.clock import ManualClock


def test_the_wait_doubles_up_to_its_bound() -> None:
    waits = [
        wait_before(Attempts(count, START), START).total_seconds()
        for count in range(FREE_ATTEMPTS + 10)
    ]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


@given(st.integers(0, 10_000), st.floats(0, 2_000))
def test_a_wait_never_grows_with_time_and_always_ends(count: int, seconds: float) -> None:
    attempts = Attempts(count, START)
    later = START + timedelta(seconds=seconds)
    assert timedelta(0) <= wait_before(attempts, later) <= wait_before(attempts, START)
    assert wait_before(attempts, START + LONGEST_WAIT) == timedelta(0)


def test_a_quarter_of_an_hour_forgets() -> None:
    attempts = Attempts(50, START)
    assert attempted(attempts, START + FORGOTTEN_AFTER).count == 1
    assert attempted(attempts, START + FORGOTTEN_AFTER - timedelta(seconds=1)).count == 51
    assert attempted(None, START).count == 1


async def guess(brake: LoginBrake, organization: str, username: str) -> None:
    with pytest.raises(UnauthenticatedError):
        async with brake.attempt(organization, username):
            raise UnauthenticatedError("wrong")


async def test_accounts_that_have_gone_quiet_take_no_memory() -> None:
    clock = ManualClock(START)
    brake = LoginBrake(clock)
    for number in range(_SWEEP_AT):
        await guess(brake, "shop", str(number))
    clock.advance(FORGOTTEN_AFTER)
    await guess(brake, "shop", "one more")
    assert len(brake._attempts) == 1
    assert len(brake._locks) == 0


async def test_an_account_is_braked_whatever_its_case_and_no_other_with_it() -> None:
    brake = LoginBrake(ManualClock(START))
    for username in ("lan", "LAN", "Lan", "lAn", "laN"):
        await guess(brake, "shop", username)
    with pytest.raises(TooManyAttemptsError):
        await guess(brake, "shop", "lan")
    await guess(brake, "shop", "minh")
    await guess(brake, "other", "lan")


async def test_many_guesses_at_once_are_judged_one_after_another() -> None:
    brake = LoginBrake(ManualClock(START))

    async def one() -> type[Exception]:
        try:
            async with brake.attempt("shop", "lan"):
                await asyncio.sleep(0)
                raise UnauthenticatedError("wrong")
        except (UnauthenticatedError, TooManyAttemptsError) as error:
            return type(error)

    outcomes = await asyncio.gather(*(one() for _ in range(20)))
    assert outcomes.count(UnauthenticatedError) == FREE_ATTEMPTS


async def test_many_right_logins_at_once_are_all_let_in() -> None:
    brake = LoginBrake(ManualClock(START))

    async def one() -> None:
        async with brake.attempt("shop", "lan"):
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(20)))
