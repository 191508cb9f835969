"""The log as anybody can read it: a plain consumer over whole topics."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import UnreadableEventError, decode_data, find_header
from tuyen_events.event import Event
from tuyen_events.ids import ConversationId
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, TOPICS

_AGAIN_AFTER_S = 0.5
_AGAIN = 5
"""So many records come twice after each new connection."""
_EventT = TypeVar("_EventT", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record. `event` is None for what carries none of ours."""

    partition: int
    offset: int
    key: str
    value: bytes | None
    id: str
    event: Event | None
    timestamp: int = 0
    """When it was written, in milliseconds since 1970."""


@dataclass(slots=True)
class LogRead:
    """Topics from their beginning to their end, each partition in order."""

    topics: dict[str, list[Entry]] = field(default_factory=dict)

    def of(self, topic: Topic) -> list[Entry]:
        """KeyError when the topic was not read: a law that finds nothing there would say nothing,
        or something false."""
        return self.topics[topic.name]

    def events(self, topic: Topic, kind: type[_EventT]) -> Iterator[tuple[Entry, _EventT]]:
        """Those of a kind, with where they stand."""
        for entry in self.of(topic):
            if isinstance(entry.event, kind):
                yield entry, entry.event


async def read(kafka: str, prefix: str, topics: Iterable[Topic] = TOPICS.values()) -> LogRead:
    """All that is in these topics when this is called."""
    found = LogRead()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        for topic in topics:
            found.topics[topic.name] = await _read(consumer, prefix, topic)
    finally:
        await consumer.stop()
    return found


async def _read(consumer: AIOKafkaConsumer, prefix: str, topic: Topic) -> list[Entry]:
    places = [TopicPartition(prefix + topic.name, p) for p in range(topic.partitions)]
    ends = await consumer.end_offsets(places)
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    entries: list[Entry] = []
    behind = {place for place in places if ends[place]}
    while behind:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            entries += map(_entry, records)
        for place in list(behind):
            if await consumer.position(place) >= ends[place]:
                behind.discard(place)
    return sorted(entries, key=lambda each: (each.partition, each.offset))


def _entry(record: Any) -> Entry:
    event = None
    with suppress(UnreadableEventError):
        if record.value is not None:
            event = decode_data(record.headers, record.value)
    return Entry(
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode(),
        value=record.value,
        id=(find_header(record.headers, "ce_id") or b"").decode(),
        event=event,
        timestamp=record.timestamp,
    )


class Follower:
    """An external consumer of the public stream, as `docs/concepts.md` tells people to write one.

    It keeps the highest version of each conversation, and of two with one version the first.
    """

    def __init__(self) -> None:
        self.state: dict[ConversationId, tuple[int, str | None]] = {}
        self.reached: dict[int, int] = {}
        """By partition, the offset after the last record that was taken."""
        self.came_at: dict[ConversationId, float] = {}
        """When each conversation first appeared, by the event loop's clock."""

    def take(self, event: AssignmentEvent) -> None:
        version, _ = self.state.get(event.conversation_id, (0, None))
        if event.version > version:
            self.state[event.conversation_id] = (event.version, event.agent_id)

    async def follow(self, kafka: str, prefix: str) -> None:
        """Until cancelled. Whenever Kafka went away it reads the last few records again."""
        places = [
            TopicPartition(prefix + ASSIGNMENTS.name, p) for p in range(ASSIGNMENTS.partitions)
        ]
        while True:
            consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
            with suppress(KafkaError):
                try:
                    await consumer.start()
                    consumer.assign(places)
                    for place in places:
                        consumer.seek(place, max(0, self.reached.get(place.partition, 0) - _AGAIN))
                    async for record in consumer:
                        event = decode_data(record.headers, record.value)
                        assert isinstance(event, AssignmentEvent)
                        self.take(event)
                        now = asyncio.get_running_loop().time()
                        self.came_at.setdefault(event.conversation_id, now)
                        self.reached[record.partition] = record.offset + 1
                finally:
                    await consumer.stop()
            await asyncio.sleep(_AGAIN_AFTER_S)
