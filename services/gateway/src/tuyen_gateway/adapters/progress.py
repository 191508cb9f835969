"""Lets requests wait until the views contain what they have written to the log."""

import asyncio

from tuyen_events.topic import Topic
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_gateway.projections import collections
from tuyen_platform.kafka.ports import Log, Offsets, RecordMetadata
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import MongoPositions

_POLL_S = 0.02


class ViewProgress:
    """Waits for the views of one database. Raises UnavailableError after 5 s."""

    def __init__(self, database: Database, log: Log) -> None:
        self._positions = MongoPositions(database, collections.VIEW)
        self._log = log
        self._reached: Offsets = {}
        self._reached_at = float("-inf")
        self._asking = asyncio.Lock()

    async def load(self) -> Offsets:
        """The offsets after the last records that the views show."""
        return await self._positions.load()

    async def catch_up(self) -> None:
        """Returns once the views show everything that was in the log at the call."""
        ends = await asyncio.gather(*(self._log.end_offsets(topic) for topic in collections.FOLDED))
        await self._reach(
            {
                (topic.name, partition): end
                for topic, partitions in zip(collections.FOLDED, ends, strict=True)
                for partition, end in partitions.items()
                if end
            }
        )

    async def show(self, topic: Topic, at: RecordMetadata) -> None:
        """Returns once the views show a record."""
        await self._reach({(topic.name, at.partition): at.offset + 1})

    async def _reach(self, wanted: Offsets) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                while wanted:
                    reached = await self._read()
                    wanted = {p: end for p, end in wanted.items() if reached.get(p, 0) < end}
                    if wanted:
                        await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise UnavailableError(
                "The inbox has not yet folded all that was written: try again."
            ) from error

    async def _read(self) -> Offsets:
        """How far the views have read, loaded once for all requests that wait: otherwise each of
        them would occupy a thread that the fold needs."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._reached_at >= _POLL_S:
                self._reached = await self._positions.load()
                self._reached_at = asyncio.get_running_loop().time()
            return self._reached
