"""Copies of a topic: how the log is asked for its end."""

import asyncio
from collections.abc import Mapping

import pytest

from tuyen_events.codec import read_bytes
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import RecordPosition


@pytest.mark.parametrize(("min_interval_s", "most"), [(0.0, 21), (0.5, 4)])
async def test_r9_5_however_many_refresh_a_table_the_log_is_asked_at_a_pace(
    min_interval_s: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, asked = InMemoryLog(), list[Topic]()
    ends = log.end_offsets

    async def count(topic: Topic) -> Mapping[int, int]:
        asked.append(topic)
        return await ends(topic)

    table = GlobalTable(log, DIRECTORY, read_bytes, lambda *_: None, service="test")
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(table.run())
        assert await table.wait_until_following(30)
        monkeypatch.setattr(log, "end_offsets", count)
        assert await table.refresh(30, min_interval_s=min_interval_s)
        callers = []
        for _ in range(20):
            callers.append(tasks.create_task(table.refresh(30, min_interval_s=min_interval_s)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert await asyncio.gather(*callers) == [True] * 20
        following.cancel()
    assert 2 <= len(asked) <= most


async def _fold_two_records(error: Exception) -> list[bytes | None]:
    """What a table has folded of two records if the first one raises `error`."""
    log, folded = InMemoryLog(), list[bytes | None]()

    def fold(value: bytes | None, position: RecordPosition) -> None:
        if position.offset == 0:
            raise error
        folded.append(value)

    for value in (b"first", b"second"):
        await log.append_bytes(DIRECTORY, "shop", value)
    table = GlobalTable(log, DIRECTORY, lambda _key, _, value: value, fold, service="test")
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(table.run())
        await table.wait_until(lambda: table.is_caught_up, 30)
        following.cancel()
    return folded


async def test_r9_5_a_record_that_raises_is_skipped() -> None:
    assert await _fold_two_records(ValueError("of this record")) == [b"second"]


async def test_r9_1_no_record_is_skipped_when_the_machine_lacks_memory() -> None:
    """The process ends, and reads the record again."""
    with pytest.raises(ExceptionGroup) as raised:
        await _fold_two_records(MemoryError())
    assert raised.group_contains(MemoryError)
