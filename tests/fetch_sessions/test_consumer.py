"""A consumer with sessions, at a real broker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from support.processes import eventually
from tuyen_fetch_sessions import use_fetch_sessions

pytestmark = pytest.mark.kafka

_PARTITIONS = 12


class _Wire:
    """The fetches of a consumer: how many partitions requests and responses named."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.requested: list[int] = []
        self.returned: list[int] = []
        client = consumer._client
        send = client.send

        async def send_and_count(node_id: int, request: Any) -> Any:
            build = request.build

            def build_and_count(version: Any) -> Any:
                built = build(version)
                self.requested.append(_count(built.topics))
                return built

            request.build = build_and_count
            response = await send(node_id, request)
            self.returned.append(_count(response.topics))
            return response

        client.send = send_and_count


def _count(topics: Any) -> int:
    return sum(len(partitions) for _, partitions in topics)


@pytest.fixture
async def topic(kafka: str, topic_prefix: str) -> AsyncIterator[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    name = f"{topic_prefix}sessions"
    await admin.create_topics([NewTopic(name, _PARTITIONS, 1)])
    yield name
    await admin.close()


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        yield producer


@pytest.fixture
async def consumer(kafka: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    await consumer.start()
    use_fetch_sessions(consumer)
    consumer.assign([TopicPartition(topic, partition) for partition in range(_PARTITIONS)])
    yield consumer
    await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, count: int) -> list[bytes]:
    values: list[bytes] = []
    async with asyncio.timeout(30):
        while len(values) < count:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                values += [record.value for record in records]
    return values


async def test_fetches_name_only_partitions_with_news(
    topic: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic, b"first", partition=0)
    assert await _read(consumer, 1) == [b"first"]
    wire = _Wire(consumer)

    async def is_idle() -> bool:
        return wire.requested[-3:] == wire.returned[-3:] == [0, 0, 0]

    await eventually(is_idle, lambda: f"{wire.requested} {wire.returned}")
    before = len(wire.requested), len(wire.returned)
    await producer.send_and_wait(topic, b"second", partition=7)
    assert await _read(consumer, 1) == [b"second"]
    await eventually(is_idle, lambda: f"{wire.requested} {wire.returned}")
    # The partition is left out while its records are not taken yet, and named again afterwards.
    assert sum(wire.requested[before[0] :]) == 1
    assert sum(wire.returned[before[1] :]) == 1


async def test_records_of_other_partitions_do_not_wait_for_the_end_of_a_fetch_before(
    kafka: str, topic: str, producer: AIOKafkaProducer
) -> None:
    """The broker reads nothing more from a connection while a fetch waits for records."""
    longer_than_the_test_ms = 120_000
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=longer_than_the_test_ms,
        request_timeout_ms=2 * longer_than_the_test_ms,
    )
    await consumer.start()
    use_fetch_sessions(consumer)
    try:
        for partition in range(3):
            consumer.assign([TopicPartition(topic, partition)])
            await producer.send_and_wait(topic, b"%d" % partition, partition=partition)
            assert await _read(consumer, 1) == [b"%d" % partition]
            assert await consumer.getmany(timeout_ms=100) == {}  # the next fetch waits by now
    finally:
        await consumer.stop()


async def test_nothing_is_lost_or_read_twice_when_partitions_pause_and_seek(
    topic: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer
) -> None:
    paused = TopicPartition(topic, 3)
    for turn in range(10):
        consumer.pause(paused)
        for partition in range(_PARTITIONS):
            await producer.send_and_wait(topic, b"%d/%d" % (turn, partition), partition=partition)
        others = await _read(consumer, _PARTITIONS - 1)
        consumer.resume(paused)
        assert sorted([*others, *await _read(consumer, 1)]) == sorted(
            b"%d/%d" % (turn, partition) for partition in range(_PARTITIONS)
        )
    consumer.seek(paused, 4)
    assert await _read(consumer, 6) == [b"%d/3" % turn for turn in range(4, 10)]


async def test_a_session_that_the_broker_forgot_is_opened_again(
    topic: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic, b"first", partition=0)
    assert await _read(consumer, 1) == [b"first"]
    (session,) = consumer._fetcher._client._sessions.values()
    session._id += 1  # no such session
    await producer.send_and_wait(topic, b"second", partition=1)
    assert await _read(consumer, 1) == [b"second"]


async def test_a_request_that_was_given_up_loses_nothing(
    topic: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic, b"first", partition=0)
    assert await _read(consumer, 1) == [b"first"]
    for turn in range(5):
        places = [TopicPartition(topic, partition) for partition in range(_PARTITIONS - turn)]
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        await producer.send_and_wait(topic, b"%d" % turn, partition=0)
        assert await _read(consumer, 1) == [b"%d" % turn]
