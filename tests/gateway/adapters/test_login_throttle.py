"""The login throttle."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rig import START
from tuyen_gateway.adapters import login_throttle as adapter
from tuyen_gateway.adapters.login_throttle import (
    AT_ONCE_FROM_A_PLACE,
    REMEMBERED,
    LocalLoginThrottle,
)
from tuyen_gateway.domain.login_throttle import (
    FROM_ONE_PLACE,
    FROM_STRANGE_PLACES,
    AttemptBudget,
    FailedAttempts,
    add_attempt,
    wait_before,
)
from tuyen_gateway.errors import TooManyAttemptsError, UnauthenticatedError, UnavailableError
from tuyen_platform.callers import name_network
from tuyen_platform.clock import ManualClock

HOME, AWAY = "198.51.100.7", "203.0.113.9"


def test_the_wait_doubles_up_to_its_bound() -> None:
    waits = [
        wait_before(FROM_ONE_PLACE, FailedAttempts(count, START), START).total_seconds()
        for count in range(15)
    ]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


@pytest.mark.parametrize("budget", [FROM_ONE_PLACE, FROM_STRANGE_PLACES])
@given(st.floats(0, 10_000), st.floats(-10, 2_000))
def test_a_wait_never_grows_with_time_and_always_ends(
    budget: AttemptBudget, spent: float, seconds: float
) -> None:
    attempts = FailedAttempts(spent, START)
    later = START + timedelta(seconds=seconds)
    assert timedelta(0) <= wait_before(budget, attempts, later)
    assert seconds < 0 or wait_before(budget, attempts, later) <= wait_before(
        budget, attempts, START
    )
    assert wait_before(budget, attempts, START + budget.longest) == timedelta(0)


@pytest.mark.parametrize("budget", [FROM_ONE_PLACE, FROM_STRANGE_PLACES])
def test_guessing_without_end_is_no_faster_than_the_longest_wait(budget: AttemptBudget) -> None:
    now, attempts, guesses = START, None, 0
    while now < START + timedelta(days=1):
        attempts = add_attempt(budget, attempts, now)
        guesses += 1
        now += wait_before(budget, attempts, now)
    assert guesses <= timedelta(days=1) / budget.longest + budget.free + 10


@pytest.mark.parametrize("budget", [FROM_ONE_PLACE, FROM_STRANGE_PLACES])
def test_an_occasional_wrong_guess_throttles_nobody(budget: AttemptBudget) -> None:
    now, attempts = START, None
    for _ in range(1_000):
        attempts = add_attempt(budget, attempts, now)
        now += timedelta(minutes=5)
        assert wait_before(budget, attempts, now) == timedelta(0)
    assert round(attempts.spent if attempts else 0) == 1


async def guess(login_throttle: LocalLoginThrottle, username: str, place: str = AWAY) -> None:
    with pytest.raises(UnauthenticatedError):
        async with login_throttle.attempt("shop", username, place):
            raise UnauthenticatedError("wrong")


async def enter(login_throttle: LocalLoginThrottle, username: str, place: str = HOME) -> None:
    async with login_throttle.attempt("shop", username, place):
        pass


async def test_r9_5_a_wrong_password_every_few_minutes_locks_nobody_out() -> None:
    clock = ManualClock(START)
    login_throttle = LocalLoginThrottle(clock)
    for _ in range(300):
        await guess(login_throttle, "boss", HOME)
        clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    await enter(login_throttle, "boss")


async def test_r9_5_strangers_everywhere_do_not_throttle_a_place_that_logged_in_before() -> None:
    login_throttle = LocalLoginThrottle(ManualClock(START))
    await enter(login_throttle, "boss", HOME)
    for number in range(FROM_STRANGE_PLACES.free):
        await guess(login_throttle, "boss", f"203.0.113.{number}")
    with pytest.raises(TooManyAttemptsError) as refused:
        await enter(login_throttle, "boss", "192.0.2.1")
    assert refused.value.retry_after_s <= FROM_STRANGE_PLACES.longest.total_seconds()
    await enter(login_throttle, "boss", HOME)
    await guess(login_throttle, "boss", HOME)


async def test_a_known_place_guesses_no_faster_than_others() -> None:
    login_throttle = LocalLoginThrottle(ManualClock(START))
    await enter(login_throttle, "boss", HOME)
    for _ in range(FROM_ONE_PLACE.free):
        await guess(login_throttle, "boss", HOME)
    with pytest.raises(TooManyAttemptsError):
        await enter(login_throttle, "boss", HOME)


async def test_r9_6_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "REMEMBERED", 100)
    login_throttle = LocalLoginThrottle(ManualClock(START))
    for number in range(150):
        await guess(login_throttle, str(number))
        await enter(login_throttle, str(number))
    assert len(login_throttle._by_strangers) == len(login_throttle._known) == 100
    assert len(login_throttle._by_place) <= 100
    assert not login_throttle._locks
    assert not login_throttle._under_way
    assert REMEMBERED < 100_000


async def test_r9_5_those_who_wait_in_one_place_hold_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "LOGINS_WAITING_FROM_A_SITE", 20)
    monkeypatch.setattr(adapter, "LOGINS_WAITING", 60)
    login_throttle = LocalLoginThrottle(ManualClock(START))
    await enter(login_throttle, "known", AWAY)
    going, entered = asyncio.Event(), 0

    async def one(number: int) -> None:
        nonlocal entered
        async with login_throttle.attempt("shop", f"a{number}", AWAY):
            entered += 1
            await going.wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(one(number))
        for _ in range(100):
            await asyncio.sleep(0)
        assert entered == AT_ONCE_FROM_A_PLACE
        await enter(login_throttle, "lan", HOME)
        await enter(login_throttle, "known", AWAY)
        with pytest.raises(TooManyAttemptsError):
            await enter(login_throttle, "lan", AWAY)
        monkeypatch.setattr(adapter, "LOGINS_WAITING", 21)
        async with login_throttle.attempt("shop", "minh", "192.0.2.1"):
            with pytest.raises(UnavailableError):
                await enter(login_throttle, "binh", "192.0.2.2")
        going.set()
    assert entered == 20
    assert not login_throttle._under_way
    assert not login_throttle._gates


async def test_r9_5_an_ipv6_site_waits_together_however_many_networks_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "LOGINS_WAITING_FROM_A_SITE", 4)
    login_throttle, going, entered = LocalLoginThrottle(ManualClock(START)), asyncio.Event(), 0

    async def one(number: int) -> None:
        nonlocal entered
        async with login_throttle.attempt(
            "shop", f"a{number}", name_network(f"2001:db8:1:{number}::1")
        ):
            entered += 1
            await going.wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(one(number))
        for _ in range(100):
            await asyncio.sleep(0)
        assert entered == AT_ONCE_FROM_A_PLACE
        with pytest.raises(TooManyAttemptsError):
            await one(5)
        await enter(login_throttle, "lan", name_network("2001:db8:2:1::1"))
        going.set()
    assert not login_throttle._under_way


async def test_r9_5_a_few_places_that_always_wait_keep_nobody_else_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "LOGINS_WAITING_FROM_A_SITE", 25)
    monkeypatch.setattr(adapter, "LOGINS_WAITING", 100)
    login_throttle, stopped = LocalLoginThrottle(ManualClock(START)), False

    async def again_and_again(username: str, place: str) -> None:
        while not stopped:
            with suppress(TooManyAttemptsError, UnavailableError):
                async with login_throttle.attempt("shop", username, place):
                    for _ in range(5):
                        await asyncio.sleep(0)
            login_throttle._known.forget(("shop", username))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            for username in range(30):
                name = f"a{number}_{username}"
                tasks.create_task(again_and_again(name, f"203.0.113.{number}"))
        for _ in range(300):
            await asyncio.sleep(0)
        for number in range(20):
            await enter(login_throttle, "lan", f"198.51.100.{number}")
        stopped = True


async def test_an_account_is_throttled_whatever_its_case_and_spelling_and_no_other_with_it() -> (
    None
):
    login_throttle = LocalLoginThrottle(ManualClock(START))
    for username in ("chủ", "CHỦ", "Chu\u0309", "cHu\u0309", "chỦ"):
        await guess(login_throttle, username)
    with pytest.raises(TooManyAttemptsError):
        await guess(login_throttle, "chủ")
    await guess(login_throttle, "minh")
    with pytest.raises(UnauthenticatedError):
        async with login_throttle.attempt("other", "chủ", AWAY):
            raise UnauthenticatedError("wrong")


async def test_many_guesses_at_once_are_judged_one_after_another() -> None:
    login_throttle = LocalLoginThrottle(ManualClock(START))

    async def one() -> type[Exception]:
        try:
            async with login_throttle.attempt("shop", "lan", AWAY):
                await asyncio.sleep(0)
                raise UnauthenticatedError("wrong")
        except (UnauthenticatedError, TooManyAttemptsError) as error:
            return type(error)

    outcomes = await asyncio.gather(*(one() for _ in range(20)))
    assert outcomes.count(UnauthenticatedError) == FROM_ONE_PLACE.free


async def test_many_right_logins_at_once_are_all_let_in() -> None:
    login_throttle = LocalLoginThrottle(ManualClock(START))

    async def one() -> None:
        async with login_throttle.attempt("shop", "lan", AWAY):
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(20)))
