"""The log in memory, for fast tests of a service; passes the same conformance suite as the real
one."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from tuyen_events.codec import Headers, encode
from tuyen_events.event import Envelope
from tuyen_events.topic import Topic
from tuyen_platform.clock import Clock, SystemClock
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import (
    Condition,
    FetchedRecords,
    Offsets,
    ProducerRecord,
    Record,
    RecordMetadata,
    Starts,
)
from tuyen_platform.kafka.sizes import refuse_too_large

_POLL_S = 0.5


@dataclass
class _Group:
    """A group with at most one member at a time: this implementation has no rebalances."""

    committed: dict[tuple[str, int], int] = field(default_factory=dict)


class InMemoryLog:
    """All topics in dictionaries of one process; nothing is persisted."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._partitions: dict[tuple[str, int], list[Record]] = {}
        self._groups: dict[str, _Group] = {}
        self._appended = asyncio.Condition()
        self._writing: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        """Who may append to a partition: nothing comes between a condition and its records."""

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> RecordMetadata:
        value, headers = encode(envelope)
        return await self.append_bytes(topic, key, value, headers, partition=partition)

    async def append_bytes(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> RecordMetadata:
        record = ProducerRecord(topic, key, value, headers, partition)
        refuse_too_large(record)
        async with self._writing[_find_place(record)]:
            return await self._put(record)

    async def _put(self, given: ProducerRecord) -> RecordMetadata:
        name, at = _find_place(given)
        records = self._partitions.setdefault((name, at), [])
        record = Record(
            topic=name,
            partition=at,
            offset=len(records),
            timestamp=int(self._clock.now().timestamp() * 1000),
            key=given.key.encode(),
            value=given.value,
            headers=tuple(given.headers),
        )
        records.append(record)
        async with self._appended:
            self._appended.notify_all()
        return RecordMetadata(at, record.offset)

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        for record in records:
            refuse_too_large(record)
        return [
            await self.append_bytes(topic, key, value, headers, partition=partition)
            for topic, key, value, headers, partition in records
        ]

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        for record in records:
            refuse_too_large(record)
        place = _find_place(records[0])
        async with self._writing[place]:
            if not await holds(len(self._partitions.get(place, ()))):
                return None
            return [await self._put(record) for record in records]

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        return self._ends(topic)

    async def offsets_at(self, topic: Topic, moment: datetime) -> Mapping[int, int]:
        found = self._ends(topic)
        for partition in found:
            for record in self._partitions.get((topic.name, partition), ()):
                if record.timestamp >= moment.timestamp() * 1000:
                    found[partition] = record.offset
                    break
        return found

    def _ends(self, topic: Topic) -> dict[int, int]:
        return {
            partition: len(self._partitions.get((topic.name, partition), ()))
            for partition in range(topic.partitions)
        }

    @asynccontextmanager
    async def tail(
        self, *topics: Topic, from_start: bool = True, starts: Offsets | None = None
    ) -> AsyncIterator["InMemoryTail"]:
        ends = {(t.name, p): end for t in topics for p, end in self._ends(t).items()}
        start = dict.fromkeys(ends, 0) if from_start else dict(ends)
        start |= {place: offset for place, offset in (starts or {}).items() if place in ends}
        yield InMemoryTail(self, start, ends)

    @asynccontextmanager
    async def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AsyncIterator["InMemorySubscription"]:
        state = self._groups.setdefault(group, _Group())
        start = {
            (t.name, p): state.committed.get((t.name, p), 0)
            for t in topics
            for p in range(t.partitions)
        }
        yield InMemorySubscription(self, start, state, starts)

    async def take(self, positions: dict[tuple[str, int], int]) -> FetchedRecords:
        """The records from `positions` on, which are advanced; waits half a second when there is
        nothing."""
        async with self._appended:
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._appended.wait_for(lambda: bool(self._above(positions)))
            except TimeoutError:
                return {}
        batch = self._above(positions)
        for place, records in batch.items():
            positions[place] = records[-1].offset + 1
        return batch

    def _above(
        self, positions: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], list[Record]]:
        return {
            place: records[offset:]
            for place, offset in positions.items()
            if len(records := self._partitions.get(place, [])) > offset
        }


class InMemoryTail:
    def __init__(
        self,
        log: InMemoryLog,
        positions: dict[tuple[str, int], int],
        ends: dict[tuple[str, int], int],
    ) -> None:
        self._log = log
        self._positions = positions
        self._ends = ends
        self._handled = dict(positions)

    async def batches(self) -> AsyncIterator[FetchedRecords]:
        while True:
            batch = await self._log.take(self._positions)
            yield batch
            self._handled.update(self._positions)

    async def positions(self) -> Offsets:
        return dict(self._positions)

    @property
    def is_caught_up(self) -> bool:
        return all(self._handled[place] >= end for place, end in self._ends.items())


class InMemorySubscription:
    def __init__(
        self,
        log: InMemoryLog,
        positions: dict[tuple[str, int], int],
        group: _Group,
        starts: Starts | None,
    ) -> None:
        self._log = log
        self._positions = positions
        self._group = group
        self._starts = starts

    async def batches(self) -> AsyncIterator[FetchedRecords]:
        if self._starts is not None:
            self._positions.update(await self._starts(dict(self._positions)))
            self._starts = None
        while True:
            yield await self._log.take(self._positions)

    async def commit(self) -> None:
        self._group.committed.update(self._positions)

    def partitions(self) -> frozenset[tuple[str, int]]:
        return frozenset(self._positions)

    async def positions(self) -> Offsets:
        return dict(self._positions)


def _find_place(record: ProducerRecord) -> tuple[str, int]:
    topic, key, *_, partition = record
    return topic.name, partition_of(key, topic.partitions) if partition is None else partition
