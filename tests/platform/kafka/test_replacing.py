"""P6: records are replaced only if nobody replaced them meanwhile, by Kafka and by its twin."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tuyen_events.codec import read_bytes
from tuyen_events.topic import Cleanup, Topic
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import ProducerRecord, ReplacingLog
from tuyen_platform.kafka.topics import ensure_topics

DEADLINE_S = 30
SHOPS = Topic(
    name="shops",
    key="shop",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=None,
    public=False,
    carries="records of this test",
)


@pytest.fixture
async def log(server: tuple[str, str] | None) -> AsyncIterator[ReplacingLog]:
    if server is None:
        yield InMemoryLog()
        return
    await ensure_topics(*server, 1, (SHOPS,))
    async with KafkaLog(*server) as opened:
        yield opened


async def test_p6_records_are_replaced_only_if_nobody_wrote_their_keys_meanwhile(
    log: ReplacingLog,
) -> None:
    for key in ("a", "b"):
        await log.append_bytes(SHOPS, key, b"old")
    assert await log.replace([ProducerRecord(SHOPS, "a", b"copy")], 2)
    read_to = (await log.end_offsets(SHOPS))[0]
    await log.append_bytes(SHOPS, "b", b"new")
    both = [ProducerRecord(SHOPS, key, b"late") for key in ("a", "b")]
    assert not await log.replace(both, read_to)
    await log.append_bytes(SHOPS, "b", None)
    assert not await log.replace(both[1:], read_to)
    assert await log.replace(both[:1], read_to)
    await log.append_bytes(SHOPS, "c", b"end")
    async with log.tail(SHOPS) as tail, asyncio.timeout(DEADLINE_S):
        found: list[bytes | None] = []
        async for batch in tail.batches():
            found += [record.value for records in batch.values() for record in records]
            if tail.caught_up or len(found) == 7:
                break
        assert found == [b"old", b"old", b"copy", b"new", None, b"late", b"end"]
        assert await tail.positions() == {("shops", 0): (await log.end_offsets(SHOPS))[0]}


async def test_p6_a_table_is_up_to_date_after_records_were_replaced(log: ReplacingLog) -> None:
    """What ends a replacement may take an offset of its own."""
    table = GlobalTable(log, SHOPS, read_bytes, lambda *_: None, service="test")
    following = asyncio.create_task(table.run())
    try:
        assert await table.refresh(DEADLINE_S)
        assert await log.replace([ProducerRecord(SHOPS, "a", b"x")], 0)
        assert await table.refresh(DEADLINE_S)
        assert table.position() == (await log.end_offsets(SHOPS))[0]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
