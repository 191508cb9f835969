"""Copies of a topic: how the log is asked for its end."""

import asyncio
from collections.abc import Mapping

import pytest

from tuyen_events.codec import read_bytes
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.mark.parametrize(("apart_s", "most"), [(0.0, 21), (0.5, 4)])
async def test_r9_5_however_many_refresh_a_table_the_log_is_asked_at_a_pace(
    apart_s: float, most: int, monkeypatch: pytest.MonkeyPatch
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
        assert await table.refresh(30, apart_s=apart_s)
        callers = []
        for _ in range(20):
            callers.append(tasks.create_task(table.refresh(30, apart_s=apart_s)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert await asyncio.gather(*callers) == [True] * 20
        following.cancel()
    assert 2 <= len(asked) <= most
