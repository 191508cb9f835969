"""Logins, from the log: two gateways, late records, and what compaction leaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from gateway.rig import records
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import LOGINS_OF_AGENT
from tuyen_events.topics import LOGINS
from tuyen_gateway.adapters.logins import LoginsTable
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.ports.logins import Identity
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Record

LIFETIME_S = 14 * 24 * 3600


def lan(session: str = "s") -> Identity:
    return Identity(
        organization=OrganizationId("shop"), agent_id=AgentId("lan"), session=session, stamp="x"
    )


@asynccontextmanager
async def gateway(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[LoginsTable]:
    logins = LoginsTable(log, clock, LIFETIME_S)
    running = asyncio.create_task(logins.table.run())
    await logins.table.require_current()
    try:
        yield logins
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def logins(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[LoginsTable]:
    async with gateway(log, clock) as one:
        yield one


@pytest.fixture
async def other(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[LoginsTable]:
    async with gateway(log, clock) as one:
        yield one


async def compacted(log: InMemoryLog, clock: ManualClock) -> InMemoryLog:
    """The log as compaction leaves it: the last record of each key, and no removals."""
    last: dict[bytes | None, Record] = {}
    for record in await records(log, LOGINS):
        last.pop(record.key, None)
        last[record.key] = record
    after = InMemoryLog(clock)
    for record in last.values():
        if record.value is not None:
            key = (record.key or b"").decode()
            await after.append_bytes(LOGINS, key, record.value, record.headers)
    return after


async def test_a_login_is_valid_from_its_beginning_to_its_end_at_every_gateway(
    logins: LoginsTable, other: LoginsTable
) -> None:
    assert not logins.is_valid(lan())
    turn = await logins.begin(lan())
    assert turn.number == 0
    await other.table.require_current()
    assert other.is_valid(lan())
    await other.end(lan())
    await logins.table.require_current()
    assert not logins.is_valid(lan())
    with pytest.raises(UnauthenticatedError):
        await logins.refresh(lan(), 0)


async def test_two_gateways_that_refresh_one_token_at_once_give_the_same_turn(
    logins: LoginsTable, other: LoginsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await logins.begin(lan())
    both_have_read = asyncio.Barrier(2)
    for table in (logins.table, other.table):

        async def read_with_the_other(
            read: Callable[[], Awaitable[None]] = table.require_current,
        ) -> None:
            await read()
            await both_have_read.wait()

        monkeypatch.setattr(table, "require_current", read_with_the_other)
    turns = await asyncio.gather(logins.refresh(lan(), 0), other.refresh(lan(), 0))
    monkeypatch.undo()
    assert turns[0] == turns[1]
    assert turns[0].number == 1
    assert (await other.refresh(lan(), 1)).number == 2


async def test_a_token_that_is_used_twice_ends_its_login_and_no_other(
    logins: LoginsTable, clock: ManualClock
) -> None:
    await logins.begin(lan())
    await logins.begin(lan("another"))
    await logins.refresh(lan(), 0)
    clock.advance(timedelta(milliseconds=1))
    for number in (0, 1):  # of the thief and of the owner
        with pytest.raises(UnauthenticatedError):
            await logins.refresh(lan(), number)
    assert not logins.is_valid(lan())
    assert logins.is_valid(lan("another"))


async def test_a_refresh_that_comes_to_the_log_after_the_end_brings_nothing_back(
    logins: LoginsTable, log: InMemoryLog, clock: ManualClock
) -> None:
    """Its gateway was slow: it had found the login valid."""
    await logins.begin(lan())
    await logins.refresh(lan(), 0)
    late = (await records(log, LOGINS))[-1]
    await logins.end(lan())
    await log.append_bytes(LOGINS, "shop/lan/s", late.value, late.headers)
    await logins.table.require_current()
    assert not logins.is_valid(lan())
    async with gateway(log, clock) as restarted:
        assert not restarted.is_valid(lan())
        await restarted.tidy()
    async with gateway(await compacted(log, clock), clock) as later:
        assert not later.is_valid(lan())


async def test_a_turn_that_comes_to_the_log_late_takes_no_later_one_back(
    logins: LoginsTable, log: InMemoryLog, clock: ManualClock
) -> None:
    await logins.begin(lan())
    await logins.refresh(lan(), 0)
    late = (await records(log, LOGINS))[-1]
    await logins.refresh(lan(), 1)
    await log.append_bytes(LOGINS, "shop/lan/s", late.value, late.headers)
    await logins.table.require_current()
    await logins.tidy()
    before = await log.end_offsets(LOGINS)
    await logins.tidy()
    assert await log.end_offsets(LOGINS) == before
    async with gateway(await compacted(log, clock), clock) as later:
        assert (await later.refresh(lan(), 2)).number == 3


async def test_r9_6_what_has_expired_is_removed(
    logins: LoginsTable, log: InMemoryLog, clock: ManualClock
) -> None:
    await logins.begin(lan())
    await logins.begin(lan("another"))
    clock.advance(timedelta(days=10))
    await logins.refresh(lan("another"), 0)
    clock.advance(timedelta(days=5))
    await logins.tidy()
    assert not logins.is_valid(lan())
    assert logins.is_valid(lan("another"))
    clock.advance(timedelta(days=15))
    await logins.tidy()
    assert logins.owners() == []
    async with gateway(await compacted(log, clock), clock) as later:
        assert later.owners() == []


async def test_r9_5_an_agent_has_only_so_many_logins(
    logins: LoginsTable, clock: ManualClock
) -> None:
    for number in range(LOGINS_OF_AGENT):
        await logins.begin(lan(f"s{number}"))
        clock.advance(timedelta(seconds=1))
    await logins.refresh(lan("s0"), 0)
    await logins.begin(lan("one more"))
    assert logins.is_valid(lan("s0"))
    assert not logins.is_valid(lan("s1"))
    assert logins.is_valid(lan("s2"))
    assert logins.is_valid(lan("one more"))


async def test_r9_6_of_an_agent_who_was_removed_nothing_stays(logins: LoginsTable) -> None:
    await logins.begin(lan())
    await logins.begin(lan("another"))
    await logins.forget(OrganizationId("shop"), AgentId("lan"))
    assert logins.owners() == []
    await logins.forget(OrganizationId("shop"), AgentId("lan"))


@pytest.mark.parametrize("key", ["shop/lan", "shop/lan/a/b", "//", ""])
async def test_a_record_of_no_login_is_skipped(
    logins: LoginsTable, log: InMemoryLog, key: str
) -> None:
    await log.append_bytes(LOGINS, key, b"{}")
    await log.append_bytes(LOGINS, "shop/lan/s", b"[]")
    await logins.begin(lan())
    assert logins.is_valid(lan())
