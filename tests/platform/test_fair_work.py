"""Organizations take turns at what waits, and what fails is tried again ever less often."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest

from support.errands import MINUTE, NOW, OTHER, Errand, errand
from support.processes import until
from tuyen_events.ids import OrganizationId
from tuyen_platform.clock import ManualClock
from tuyen_platform.fair_work import FairWorkers, RetryPlan
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_platform.waiting_items import InMemoryWaitingItems


class Office:
    """Works on errands, which take until `open` is set. `fails` is raised for each."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.waiting = InMemoryWaitingItems[Errand](100)
        self.begun: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.fails: Exception | None = None
        self.workers = FairWorkers(
            self.clock, self.waiting, self._work, claimed_for=MINUTE, log_as="errands_wait"
        )

    async def _work(self, item: Errand) -> None:
        self.begun.append(item.id)
        if self.fails is not None:
            raise self.fails
        await self.open.wait()
        await self.waiting.remove(item)


@pytest.fixture
def office() -> Office:
    return Office()


async def test_what_is_due_is_worked_on_and_nothing_else(office: Office) -> None:
    await office.waiting.add([errand(), errand("later", NOW + MINUTE)])
    assert [await office.workers.work_next() for _ in range(2)] == [True, False]
    assert office.begun == ["a"]
    office.clock.advance(MINUTE)
    assert await office.workers.work_next()
    assert office.waiting.waiting == {}


async def test_r9_5_organizations_take_turns(office: Office) -> None:
    await office.waiting.add([errand(f"{number:02}") for number in range(50)])
    await office.waiting.add([errand("other", NOW, OTHER)])
    for _ in range(2):
        await office.workers.work_next()
    assert sorted(office.begun) == ["00", "other"]


async def test_r9_5_an_organization_occupies_two_workers_at_most(office: Office) -> None:
    office.open.clear()
    await office.waiting.add([errand(str(number)) for number in range(50)])
    running = asyncio.create_task(office.workers.run())
    try:
        await office.waiting.add([errand("other", NOW, OTHER)])
        await until(lambda: "other" in office.begun)
        assert len(office.begun) == 3
        office.open.set()
        await until(lambda: office.waiting.waiting == {})
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(office.begun) == 51


async def test_of_the_workers_without_work_one_looks_for_all(office: Office) -> None:
    """Each look is a query, and an idle installation makes them day and night."""
    looks = 0
    find = office.waiting.organizations

    async def count(now: datetime) -> Sequence[OrganizationId]:
        nonlocal looks
        looks += 1
        return await find(now)

    office.waiting.organizations = count  # type: ignore[method-assign]  # the same, counted
    running = asyncio.create_task(office.workers.run())
    try:
        await until(lambda: looks > 0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert looks == 1
        await office.waiting.add([errand(str(number)) for number in range(20)])
        await until(lambda: office.waiting.waiting == {})
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_r9_1_what_was_not_finished_is_done_once_its_claim_ends(office: Office) -> None:
    office.fails = LogUnavailableError("away")
    await office.waiting.add([errand()])
    with pytest.raises(LogUnavailableError):
        await office.workers.work_next()
    office.fails = None
    assert not await office.workers.work_next()
    office.clock.advance(MINUTE)
    assert await office.workers.work_next()
    assert office.waiting.waiting == {}


def test_attempts_are_ever_further_apart_and_end() -> None:
    plan = RetryPlan(timedelta(seconds=5), timedelta(hours=1), within=timedelta(days=1))
    now, waits, one = NOW, list[timedelta](), errand()
    while (due := plan.find_next(one, NOW, now)) is not None:
        waits.append(due - now)
        now, one = due, msgspec.structs.replace(one, attempts=one.attempts + 1)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=5), timedelta(hours=1))
    assert 25 < len(waits) < 40
    assert now <= NOW + timedelta(days=1)


def test_many_attempts_are_no_error() -> None:
    plan = RetryPlan(timedelta(seconds=5), timedelta(hours=1), within=timedelta(days=1))
    often = msgspec.structs.replace(errand(), attempts=10_000)
    assert plan.find_next(often, NOW, NOW) == NOW + timedelta(hours=1)
