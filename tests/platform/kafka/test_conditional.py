"""Records are appended only if a condition holds of what comes before them, by Kafka and by its
twin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tuyen_events.codec import KeyedBytes, read_bytes
from tuyen_events.topic import Cleanup, Topic
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.conditional import UNDONE_AFTER_MS
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition
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
async def logs(server: tuple[str, str] | None) -> AsyncIterator[tuple[Log, Log]]:
    """The log as two processes have it."""
    if server is None:
        log = InMemoryLog()
        yield log, log
        return
    await ensure_topics(*server, 1, (SHOPS,))
    async with KafkaLog(*server) as one, KafkaLog(*server) as two:
        yield one, two


class Counter:
    """A process that counts in the log, with a table of its own."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.counts: dict[str, int] = {}
        self.table = GlobalTable(log, SHOPS, read_bytes, self._fold, service="test")

    def _fold(self, record: KeyedBytes, _position: RecordPosition) -> None:
        self.counts[record.key] = int(record.value or b"0")

    async def count(self, key: str) -> None:
        """Adds one, on top of what others added."""
        for _ in range(100):
            assert await self.table.refresh(DEADLINE_S)
            before = self.counts.get(key, 0)

            async def holds(offset: int, before: int = before) -> bool:
                assert await self.table.wait_until(
                    lambda: self.table.position() >= offset, DEADLINE_S
                )
                return self.counts.get(key, 0) == before

            record = ProducerRecord(SHOPS, key, str(before + 1).encode())
            if await self.log.append_if([record], holds) is not None:
                return
        raise AssertionError("it never came to its turn")


@pytest.fixture
async def counters(logs: tuple[Log, Log]) -> AsyncIterator[list[Counter]]:
    made = [Counter(log) for log in logs]
    following = [asyncio.create_task(counter.table.run()) for counter in made]
    yield made
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)


async def _yes(_offset: int) -> bool:
    return True


async def test_nothing_is_appended_if_the_condition_does_not_hold_or_raises(
    logs: tuple[Log, Log],
) -> None:
    log = logs[0]
    await log.append_bytes(SHOPS, "a", b"old")

    async def refuse(offset: int) -> bool:
        assert offset == 1
        return False

    async def fail(_offset: int) -> bool:
        raise ZeroDivisionError

    both = [ProducerRecord(SHOPS, key, b"never") for key in ("a", "b")]
    assert await log.append_if(both, refuse) is None
    with pytest.raises(ZeroDivisionError):
        await log.append_if(both, fail)
    written = await log.append_if([both[0]._replace(value=b"new")], _yes)
    assert written is not None
    await log.append_bytes(SHOPS, "a", b"end")
    async with log.tail(SHOPS) as tail, asyncio.timeout(DEADLINE_S):
        found: list[bytes | None] = []
        async for batch in tail.batches():
            found += [record.value for records in batch.values() for record in records]
            if len(found) >= 3:
                break
        assert found == [b"old", b"new", b"end"]
        assert await tail.positions() == {("shops", 0): (await log.end_offsets(SHOPS))[0]}


async def test_no_reader_of_a_tail_gets_a_record_before_its_condition_holds(
    logs: tuple[Log, Log], counters: list[Counter]
) -> None:
    log, other = logs[0], counters[1]
    seen: list[int] = []

    async def look(offset: int) -> bool:
        assert await other.table.wait_until(lambda: other.table.position() >= offset, DEADLINE_S)
        seen.append(len(other.counts))
        return True

    await log.append_bytes(SHOPS, "a", b"1")
    assert await log.append_if([ProducerRecord(SHOPS, "b", b"1")], look)
    assert seen == [1]
    assert await other.table.refresh(DEADLINE_S)
    assert other.counts == {"a": 1, "b": 1}


async def test_a_write_that_waited_behind_what_a_killed_process_left_open_is_carried_out(
    kafka: str, topic_prefix: str
) -> None:
    """Kafka undoes both transactions, since both are open for too long; the second is begun once
    more."""
    await ensure_topics(kafka, topic_prefix, 1, (SHOPS,))
    async with KafkaLog(kafka, topic_prefix) as log:
        counter = Counter(log)
        following = asyncio.create_task(counter.table.run())
        killed = AIOKafkaProducer(
            bootstrap_servers=kafka,
            transactional_id=f"{topic_prefix}killed",
            transaction_timeout_ms=UNDONE_AFTER_MS,
        )
        await killed.start()
        try:
            await killed.begin_transaction()
            await killed.send_and_wait(topic_prefix + SHOPS.name, b"7", b"a", partition=0)
            asked: list[int] = []

            async def holds(offset: int) -> bool:
                """Sees at first that its own transaction was undone: a tail passes its record."""
                asked.append(offset)
                ended = offset + 1 if len(asked) == 1 else offset
                assert await counter.table.wait_until(
                    lambda: counter.table.position() >= ended, DEADLINE_S
                )
                return True

            written = await log.append_if([ProducerRecord(SHOPS, "b", b"1")], holds)
            assert written is not None
            assert [at.offset for at in written] == asked[1:] != asked[:1]
            assert await counter.table.refresh(DEADLINE_S)
            assert counter.counts == {"b": 1}
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            with suppress(KafkaError):  # it was fenced
                await killed.stop()


async def test_of_several_that_change_one_entity_at_once_none_loses_its_change(
    counters: list[Counter],
) -> None:
    """Each depends on its predecessor, as a settings write does."""
    times = 5

    async def count_often(counter: Counter) -> None:
        for _ in range(times):
            await counter.count("a")

    await asyncio.gather(*(count_often(counter) for counter in counters))
    for counter in counters:
        assert await counter.table.refresh(DEADLINE_S)
        assert counter.counts == {"a": 2 * times}
        # What ends an append may take an offset of its own.
        assert counter.table.position() == (await counter.log.end_offsets(SHOPS))[0]
