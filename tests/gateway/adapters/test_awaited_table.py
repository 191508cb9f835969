"""A table of a topic: how far it has come, and who waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.rig import DEADLINE_S
from tuyen_events.codec import KeyedBytes, read_bytes
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import ProducerRecord, RecordMetadata, RecordPosition


@asynccontextmanager
async def follow(table: AwaitedTable) -> AsyncIterator[None]:
    task = asyncio.create_task(table.run())
    try:
        await table.require_following(DEADLINE_S)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_folds_old_and_new_records_in_log_order(log: InMemoryLog) -> None:
    await log.append_bytes(DIRECTORY, "a", b"1")
    seen: list[KeyedBytes] = []
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda record, _: seen.append(record))
    assert table.problem() == "directory is not followed yet"
    async with follow(table):
        await table.wait_until_folded(await log.append_bytes(DIRECTORY, "b", b"2"), DEADLINE_S)
        assert [record.value for record in seen] == [b"1", b"2"]
        assert table.position() == 2
        assert await table.wait_until(lambda: table.problem() is None, DEADLINE_S)


async def test_from_the_end_it_folds_only_what_comes(log: InMemoryLog) -> None:
    await log.append_bytes(PRESENCE, "a", b"1")
    seen: list[KeyedBytes] = []

    def fold(record: KeyedBytes, _: RecordPosition) -> None:
        seen.append(record)

    table = AwaitedTable(log, PRESENCE, read_bytes, fold, from_start=False)
    async with follow(table):
        await table.wait_until_folded(await log.append_bytes(PRESENCE, "a", b"2"), DEADLINE_S)
        assert [record.value for record in seen] == [b"2"]


async def test_what_does_not_come_in_time_is_unavailable(log: InMemoryLog) -> None:
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda *_: None)
    with pytest.raises(UnavailableError):
        await table.require_following(0.01)
    async with follow(table):
        with pytest.raises(UnavailableError, match="not seen what was written"):
            await table.wait_until_folded(RecordMetadata(0, 7), 0.01)
        assert not await table.wait_until(lambda: False, 0.01)
        assert table._waiters == []


async def test_what_follows_a_record_is_in_the_log_though_the_record_is_not_applied_in_time(
    log: InMemoryLog,
) -> None:
    """A change that stands is in the audit, whatever this gateway has read."""
    change = ProducerRecord(DIRECTORY, "a", b"1")
    entry = ProducerRecord(PRESENCE, "a", b"2")
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda *_: None)
    async with follow(table):
        await table.append([change])

    def read_no_further() -> bool:
        return table.position() == 1

    change_again = asyncio.create_task(table.append_if([change], read_no_further, [entry]))
    async with asyncio.timeout(DEADLINE_S), log.tail(PRESENCE) as tail:
        async for batch in tail.batches():
            if batch:
                break
    assert not change_again.done()
    change_again.cancel()
    await asyncio.gather(change_again, return_exceptions=True)


async def test_each_of_many_waiters_continues_with_its_own_version(log: InMemoryLog) -> None:
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda *_: None)
    async with follow(table):
        waiting = [
            asyncio.create_task(table.wait_until_folded(RecordMetadata(0, number), DEADLINE_S))
            for number in range(3)
        ]
        for number in range(3):
            await log.append_bytes(DIRECTORY, "a", str(number).encode())
            await waiting[number]
        assert table.position() == 3


async def test_r9_5_a_record_for_which_folding_raises_is_skipped(log: InMemoryLog) -> None:
    seen: list[bytes | None] = []

    def fold(record: KeyedBytes, _: RecordPosition) -> None:
        if record.value == b"odd":
            raise OverflowError("what nobody expected")
        seen.append(record.value)

    table = AwaitedTable(log, DIRECTORY, read_bytes, fold)
    async with follow(table):
        for value in (b"1", b"odd", b"2"):
            at = await log.append_bytes(DIRECTORY, "a", value)
        await table.wait_until_folded(at, DEADLINE_S)
    assert seen == [b"1", b"2"]


async def test_what_is_appended_is_applied_on_return(log: InMemoryLog) -> None:
    seen: list[bytes | None] = []
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda record, _: seen.append(record.value))
    async with follow(table):
        await table.append([])
        await table.append([ProducerRecord(DIRECTORY, key, b"1", ()) for key in "ab"])
        assert seen == [b"1", b"1"]


async def test_r9_6_a_key_is_held_by_one_at_a_time_and_remembered_by_nobody(
    log: InMemoryLog,
) -> None:
    table = AwaitedTable(log, DIRECTORY, read_bytes, lambda *_: None)
    held: list[str] = []

    async def hold(key: str, name: str) -> None:
        async with table.hold(key):
            held.append(f"{name} in")
            await asyncio.sleep(0)
            held.append(f"{name} out")

    async with follow(table):
        await asyncio.gather(hold("a", "first"), hold("a", "second"))
        assert held == ["first in", "first out", "second in", "second out"]
        async with table.hold("a"):
            await asyncio.wait_for(hold("b", "other"), DEADLINE_S)
    assert not table._locks
