"""How far this worker has read each partition."""

import asyncio
from collections.abc import Mapping

from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import FetchedRecords, Log, Offsets

_POLL_S = 0.1


class ReadOffsets:
    """By topic and partition, the offset of the next record to be handled."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._next: dict[tuple[str, int], int] = {}

    def begin(self, starts: Offsets) -> None:
        """Reading begins at these offsets."""
        self._next = dict(starts)

    def note(self, batch: FetchedRecords) -> None:
        """The batch is handled."""
        for place, records in batch.items():
            self._next[place] = records[-1].offset + 1

    async def reach_end(self, topic: Topic, partition: int, within_s: float) -> bool:
        """Waits until everything is handled that is in a partition at the time of the call; False
        if that takes longer. Raises LogUnavailableError."""
        ends: Mapping[int, int] = await self._log.end_offsets(topic)
        try:
            async with asyncio.timeout(within_s):
                place, end = (topic.name, partition), ends[partition]
                while self._next.get(place, 0) < end:  # noqa: ASYNC110 - another task's doing
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            return False
        return True
