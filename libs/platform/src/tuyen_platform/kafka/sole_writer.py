"""Detects, by the offsets of its own records, that another worker writes to this worker's state."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Set

from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import FetchedRecords, Log, LogUnavailableError, RecordMetadata


class SoleWriter:
    """Notices that another worker writes to the partitions that this one owns.

    A worker that lost its partitions while it was paused may still write, and compaction would keep
    its record, as the last one of its key. So the offset of every record is compared with the
    expected one. A worker that finds records of another one recovers: it reads the topic again, and
    writes again whatever counts and is not the last record of its key.
    """

    def __init__(self, log: Log, topic: Topic) -> None:
        self._log = log
        self._topic = topic
        self._ends: dict[int, int] = {}
        """By partition, the offset that the next record must get."""

    async def recover(self, take: Callable[[FetchedRecords], Awaitable[None]]) -> None:
        """Passes everything that is in the topic to `take`, batch by batch. Records that are
        written from then on are expected to follow it."""
        ends = dict(await self._log.end_offsets(self._topic))

        async def take_and_note(batch: FetchedRecords) -> None:
            await take(batch)
            for (_, partition), records in batch.items():
                ends[partition] = max(ends[partition], records[-1].offset + 1)

        await read_to_end(self._log, self._topic, take_and_note)
        self._ends = ends

    def check(self, written: Iterable[RecordMetadata]) -> None:
        """Notes records that this worker wrote. Raises LogUnavailableError unless each of them
        comes immediately after the last one that the worker knew of its partition."""
        alone = True
        for at in written:
            alone &= at.offset == self._ends[at.partition]
            self._ends[at.partition] = at.offset + 1
        self._require(alone)

    async def check_ends(self, partitions: Set[int]) -> None:
        """Raises LogUnavailableError if one of `partitions` contains a record after the last one
        that this worker knows."""
        ends: Mapping[int, int] = await self._log.end_offsets(self._topic)
        self._require(all(ends[partition] == self._ends[partition] for partition in partitions))

    def _require(self, alone: bool) -> None:
        if not alone:
            raise LogUnavailableError(
                f"another worker wrote to {self._topic.name} as well: it is read again"
            )


async def read_to_end(
    log: Log, topic: Topic, take: Callable[[FetchedRecords], Awaitable[None]]
) -> None:
    """Passes everything that is in the topic at the call to `take`, batch by batch, and perhaps
    what was written meanwhile."""
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            await take(batch)
            if tail.is_caught_up:
                return
