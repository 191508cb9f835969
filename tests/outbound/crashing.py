"""A log as one process sees it, which crashes between any two steps."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from tuyen_events.codec import Headers
from tuyen_events.event import Envelope
from tuyen_events.topic import Topic
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import (
    Condition,
    FetchedRecords,
    Offsets,
    ProducerRecord,
    RecordMetadata,
    Starts,
    Subscription,
    Tail,
)

_EACH = 8
"""Up to how many records of one append are a step each."""


class ProcessCrash(BaseException):
    """The process ends here: nothing may catch it."""


class Steps:
    """How many steps a process takes before it crashes. None: it does not."""

    def __init__(self, left: int | None = None) -> None:
        self._left = left
        self.crashed = False

    def take(self) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self.crashed = True
            raise ProcessCrash


class CrashingLog:
    """A log as one process sees it: each append and commit is a step, and so is the way back from
    it. An append to a topic in `hold` waits for its event, and so do requests for its ends."""

    def __init__(
        self,
        log: InMemoryLog,
        steps: Steps,
        hold: Mapping[str, asyncio.Event] | None = None,
        hold_ends: Mapping[str, asyncio.Event] | None = None,
    ) -> None:
        self._log = log
        self.steps = steps
        self._hold = {} if hold is None else hold
        self._hold_ends = {} if hold_ends is None else hold_ends

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> RecordMetadata:
        self.steps.take()
        if topic.name in self._hold:
            await self._hold[topic.name].wait()
        written = await self._log.append(topic, key, envelope, partition=partition)
        self.steps.take()
        return written

    async def append_bytes(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> RecordMetadata:
        self.steps.take()
        if topic.name in self._hold:
            await self._hold[topic.name].wait()
        written = await self._log.append_bytes(topic, key, value, headers, partition=partition)
        self.steps.take()
        return written

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        """Of many records, some are written before the crash."""
        steps = range(len(records)) if len(records) <= _EACH else {0, len(records) // 2}
        written = []
        for number, (topic, key, value, headers, partition) in enumerate(records):
            log = self if number in steps else self._log
            written.append(await log.append_bytes(topic, key, value, headers, partition=partition))
        return written

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        return await self._log.append_if(records, holds)

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        if topic.name in self._hold_ends:
            await self._hold_ends[topic.name].wait()
        return await self._log.end_offsets(topic)

    async def offsets_at(self, topic: Topic, moment: datetime) -> Mapping[int, int]:
        return await self._log.offsets_at(topic, moment)

    @asynccontextmanager
    async def tail(
        self, *topics: Topic, from_start: bool = True, starts: Offsets | None = None
    ) -> AsyncIterator[Tail]:
        async with self._log.tail(*topics, from_start=from_start, starts=starts) as tail:
            yield tail

    @asynccontextmanager
    async def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AsyncIterator[Subscription]:
        async with self._log.subscribe(*topics, group=group, starts=starts) as subscription:
            yield _Member(self.steps, subscription)


class _Member:
    def __init__(self, steps: Steps, subscription: Subscription) -> None:
        self._steps = steps
        self._subscription = subscription
        self.partitions = subscription.partitions
        self.positions = subscription.positions

    def batches(self) -> AsyncIterator[FetchedRecords]:
        return self._subscription.batches()

    async def commit(self) -> None:
        self._steps.take()
        await self._subscription.commit()
        self._steps.take()
