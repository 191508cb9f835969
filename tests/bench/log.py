"""The records of the log, and when they were appended."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from tuyen_events.topic import Topic

_GIVE_UP_S = 300.0


@asynccontextmanager
async def reading(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def from_now_on(consumer: AIOKafkaConsumer, prefix: str, topic: Topic) -> None:
    """Lets a consumer read all that a topic is given after this."""
    places = [TopicPartition(prefix + topic.name, p) for p in range(topic.partitions)]
    consumer.assign(places)
    await consumer.seek_to_end()
    for place in places:
        await consumer.position(place)


async def ends(kafka: str, prefix: str, topic: Topic) -> dict[int, int]:
    """The next offset of each partition."""
    async with reading(kafka) as consumer:
        places = [TopicPartition(prefix + topic.name, p) for p in range(topic.partitions)]
        return {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}


async def count(kafka: str, prefix: str, topic: Topic) -> int:
    """How many records were ever appended."""
    return sum((await ends(kafka, prefix, topic)).values())


async def wait_for_records(
    kafka: str, prefix: str, topic: Topic, records: int, *writers: asyncio.subprocess.Process
) -> None:
    """Waits until a topic has at least so many records; at once gives up on a dead writer."""
    async with asyncio.timeout(_GIVE_UP_S):
        while await count(kafka, prefix, topic) < records:
            for writer in writers:
                if writer.returncode is not None:
                    raise RuntimeError(f"the writer of {topic.name} ended with {writer.returncode}")
            await asyncio.sleep(0.5)


async def span(kafka: str, topic: str, start: Mapping[int, int]) -> tuple[float, float]:
    """The first and last time stamp (s) of a topic's records from some offsets on."""
    first, last = float("inf"), 0.0
    async with reading(kafka) as consumer:
        places = [TopicPartition(topic, partition) for partition in start]
        limits = await consumer.end_offsets(places)
        consumer.assign(places)
        for place in places:
            consumer.seek(place, start[place.partition])
        behind = {place for place in places if start[place.partition] < limits[place]}
        while behind:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                first = min(first, records[0].timestamp / 1000)
                last = max(last, records[-1].timestamp / 1000)
                if records[-1].offset + 1 >= limits[place]:
                    behind.discard(place)
    return first, last
