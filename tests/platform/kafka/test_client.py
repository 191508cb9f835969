"""What only Kafka can show: groups of several members, holes, and a broker that fails."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from support.slow_proxy import SlowProxy
from tuyen_events.topic import Cleanup, Topic
from tuyen_platform.kafka import client, producer
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import (
    LogUnavailableError,
    Offsets,
    ProducerRecord,
    Record,
    Subscription,
    Tail,
)
from tuyen_platform.kafka.topics import ensure_topics

pytestmark = pytest.mark.kafka

DEADLINE_S = 60


def topic(name: str, cleanup: Cleanup, *, large_records: bool = False) -> Topic:
    return Topic(
        name=name,
        key="order",
        partitions=4,
        cleanup=cleanup,
        retention=None,
        public=False,
        carries="records of this test",
        large_records=large_records,
    )


ORDERS = topic("orders", Cleanup.DELETE)
PARCELS = topic("parcels", Cleanup.DELETE, large_records=True)
SHOPS = topic("shops", Cleanup.COMPACT)


@pytest.fixture
async def prefix(kafka: str, topic_prefix: str) -> str:
    await ensure_topics(kafka, topic_prefix, 1, (ORDERS, PARCELS, SHOPS))
    return topic_prefix


@pytest.fixture
async def log(kafka: str, prefix: str) -> AsyncIterator[KafkaLog]:
    async with KafkaLog(kafka, prefix) as opened:
        yield opened


class Member:
    """A group's member that reads until it is cancelled, and commits when it is told to."""

    def __init__(self, reader: Subscription) -> None:
        self.reader = reader
        self.records: list[Record] = []

    async def read(self) -> None:
        async for batch in self.reader.batches():
            self.records += [record for records in batch.values() for record in records]

    def places(self) -> set[tuple[str, int, int]]:
        return {(r.topic, r.partition, r.offset) for r in self.records}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - what is polled is another process's doing
            await asyncio.sleep(0.02)


async def catch_up(tail: Tail) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE_S):
        async for batch in tail.batches():
            found += [record for records in batch.values() for record in records]
            if tail.is_caught_up:
                break
    return found


async def test_two_members_share_topics_with_equal_counts_alike(log: KafkaLog) -> None:
    topics = (ORDERS, PARCELS)
    async with AsyncExitStack() as stack:
        members = [
            Member(await stack.enter_async_context(log.subscribe(*topics, group="packers")))
            for _ in range(2)
        ]
        async with asyncio.TaskGroup() as tasks:
            reading = [tasks.create_task(member.read()) for member in members]
            one, other = (member.reader for member in members)
            await until(lambda: len(one.partitions()) == len(other.partitions()) == 4)
            for reader in (one, other):
                orders = {partition for name, partition in reader.partitions() if name == "orders"}
                assert {p for name, p in reader.partitions() if name == "parcels"} == orders
            assert not one.partitions() & other.partitions()
            for task in reading:
                task.cancel()


async def test_a_member_that_lost_partitions_commits_nothing_for_their_new_owner(
    log: KafkaLog,
) -> None:
    for partition in range(4):
        await log.append_bytes(ORDERS, "key", b"x", partition=partition)
    every = {("orders", partition, 0) for partition in range(4)}
    async with AsyncExitStack() as stack:
        slow = Member(await stack.enter_async_context(log.subscribe(ORDERS, group="packers")))
        reading = asyncio.create_task(slow.read())
        await until(lambda: slow.places() == every)
        fresh = Member(await stack.enter_async_context(log.subscribe(ORDERS, group="packers")))
        taking = asyncio.create_task(fresh.read())
        await until(lambda: len(fresh.reader.partitions()) == 2)
        await slow.reader.commit()
        moved = {(name, partition, 0) for name, partition in fresh.reader.partitions()}
        await until(lambda: fresh.places() == moved)
        for task in (reading, taking):
            task.cancel()
        await asyncio.gather(reading, taking, return_exceptions=True)


async def test_start_offsets_after_the_committed_ones_are_committed(log: KafkaLog) -> None:
    """What a member recovers has been handled, so it is no lag."""
    last = (await log.append_bytes(ORDERS, "a", b"1", partition=0)).offset
    asked: list[Offsets] = []

    async def starts(committed: Offsets) -> Offsets:
        asked.append(committed)
        return {**committed, ("orders", 0): last + 1}

    for _ in range(2):
        async with log.subscribe(ORDERS, group="packers", starts=starts) as member:
            async for batch in member.batches():
                assert batch == {}
                if member.partitions():
                    await member.commit()
                    break
    assert [committed["orders", 0] for committed in asked] == [0, last + 1]


async def test_a_tail_catches_up_although_the_last_offset_holds_no_record(
    kafka: str, prefix: str, log: KafkaLog
) -> None:
    # The marker that ends a transaction takes an offset and is no record.
    async with (
        AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=prefix) as producer,
        producer.transaction(),
    ):
        await producer.send_and_wait(prefix + "shops", b"{}", key=b"hoa-sen", partition=0)
    assert (await log.end_offsets(SHOPS))[0] == 2
    async with log.tail(SHOPS) as tail:
        assert not tail.is_caught_up
        assert [record.offset for record in await catch_up(tail)] == [0]
        assert tail.is_caught_up


async def test_a_tail_catches_up_on_partitions_whose_records_are_all_gone(
    kafka: str, prefix: str, log: KafkaLog
) -> None:
    for _ in range(3):
        await log.append_bytes(ORDERS, "key", b"x", partition=0)
    await log.append_bytes(ORDERS, "key", b"x", partition=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        gone = {
            TopicPartition(prefix + "orders", 0): RecordsToDelete(before_offset=2),
            TopicPartition(prefix + "orders", 1): RecordsToDelete(before_offset=1),
        }
        await admin.delete_records(gone)
    finally:
        await admin.close()
    async with log.tail(ORDERS) as tail:
        found = await catch_up(tail)
    assert [(record.partition, record.offset) for record in found] == [(0, 2)]


async def test_p3_kafka_takes_the_largest_records_of_each_topic(log: KafkaLog) -> None:
    for topic in (ORDERS, PARCELS):
        body = bytes(topic.max_record_bytes - len(b"key"))
        assert (await log.append_bytes(topic, "key", body, partition=0)).offset == 0


async def test_an_append_that_is_not_acknowledged_in_time_says_so(
    kafka: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_APPEND_TIMEOUT_S", 0.3)
    monkeypatch.setattr(producer, "_CLOSE_TIMEOUT_S", 10.0)
    async with SlowProxy(kafka, delay_s=0.0) as proxy, KafkaLog(proxy.bootstrap, prefix) as log:
        await log.append_bytes(ORDERS, "key", b"first", partition=0)
        proxy.delay_s = 2.0
        began = time.monotonic()
        with pytest.raises(LogUnavailableError, match="orders"):
            await log.append_bytes(ORDERS, "key", b"late", partition=0)
        assert time.monotonic() - began < 2.0
        proxy.delay_s = 0.0


async def test_a_producer_that_lost_count_is_replaced(log: KafkaLog) -> None:
    """As after a batch that failed because its partition had no leader for long: aiokafka counted
    it, and Kafka never saw it. The second one loses count while the first one is still ending."""
    first = await log.append_bytes(ORDERS, "don", b"0")
    place = TopicPartition(log.partition((ORDERS.name, 0)).topic, first.partition)
    offsets = [first.offset]
    released = asyncio.Event()
    for _ in range(2):
        losing: Any = log._producer.current  # it takes more than 30 s to come about by itself
        losing._txn_manager.increment_sequence_number(place, 1)
        losing.stop = partial(_stop_later, losing.stop, released)
        with pytest.raises(LogUnavailableError, match="OutOfOrderSequenceNumber"):
            await log.append_bytes(ORDERS, "don", b"1")
        written = len(offsets)
        async with asyncio.timeout(DEADLINE_S):
            while len(offsets) == written:
                with suppress(LogUnavailableError):
                    offsets.append((await log.append_bytes(ORDERS, "don", b"1")).offset)
                await asyncio.sleep(0.05)
    (last,) = await log.append_all([ProducerRecord(ORDERS, "don", b"2", ())])
    assert [*offsets, last.offset] == [offsets[0] + each for each in range(4)]
    released.set()
    await asyncio.wait(log._producer._ending)


async def _stop_later(stop: Callable[[], Awaitable[None]], released: asyncio.Event) -> None:
    await released.wait()
    await stop()


async def test_a_broker_that_does_not_answer_is_an_unavailable_log() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        log = KafkaLog(address, "t.")
        with pytest.raises(LogUnavailableError, match=address):
            await log.__aenter__()
        with pytest.raises(LogUnavailableError):
            async with log.tail(ORDERS):
                pass
        with pytest.raises(LogUnavailableError):
            async with log.subscribe(ORDERS, group="packers"):
                pass


async def test_a_log_that_is_not_open_is_unavailable(kafka: str) -> None:
    log = KafkaLog(kafka, "t.")
    with pytest.raises(LogUnavailableError, match="not open"):
        await log.append_bytes(ORDERS, "key", b"x")
    with pytest.raises(LogUnavailableError, match="not open"):
        await log.end_offsets(ORDERS)
