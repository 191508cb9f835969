"""How far this worker has read each partition."""

import asyncio
from collections.abc import Mapping

from tuyen_events.outbound_topics import OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import FetchedRecords, Log, Offsets

_POLL_S = 0.1


class ReadOffsets:
    """By topic and partition, the offset of the next record to be handled."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._next: dict[tuple[str, int], int] = {}
        self._results: Mapping[int, int] = {}
        """By partition, the end of the results when reading began."""
        self._progressed = asyncio.Event()

    def begin(self, starts: Offsets, results: Mapping[int, int]) -> None:
        """Reading begins at these offsets; `results` are the ends of the results at this time."""
        self._next, self._results = dict(starts), results

    def note(self, batch: FetchedRecords) -> None:
        """The batch is handled."""
        for place, records in batch.items():
            self._next[place] = records[-1].offset + 1
        self._progressed.set()
        self._progressed = asyncio.Event()

    async def reach_results(self, partition: int) -> None:
        """Waits until the results of a partition are handled that were in the log when reading
        began."""
        place, end = (OUTBOUND_RESULTS.name, partition), self._results.get(partition, 0)
        while self._next.get(place, 0) < end:
            await self._progressed.wait()

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
