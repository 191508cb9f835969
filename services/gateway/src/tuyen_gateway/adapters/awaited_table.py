"""The gateway's global tables; a request that waits too long for one gets an UnavailableError."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from tuyen_events.topic import Topic
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.kafka.global_table import ContentT, Decode, GlobalTable
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordMetadata, RecordPosition


class AwaitedTable(GlobalTable):
    """`FollowedTable`: a global table that requests wait for."""

    def __init__(
        self,
        log: Log,
        topic: Topic,
        decode: Decode[ContentT],
        fold: Callable[[ContentT, RecordPosition], None],
        *,
        from_start: bool = True,
    ) -> None:
        super().__init__(log, topic, decode, fold, service=SERVICE, from_start=from_start)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def require_following(self, within_s: float = WAIT_S) -> None:
        """Returns once the table will see everything that is appended from now on; else raises
        UnavailableError."""
        if not await self.wait_until_following(within_s):
            raise UnavailableError("This gateway is still starting: try again.")

    async def require_current(self, within_s: float = WAIT_S) -> None:
        """Returns once the table contains everything that was in the log at the call; else raises
        UnavailableError."""
        if not await self.refresh(within_s):
            raise UnavailableError("This gateway is behind the log: try again.")

    async def wait_until_folded(self, at: RecordMetadata, within_s: float = WAIT_S) -> None:
        """Returns once the record at `at` is applied; raises UnavailableError if that takes longer
        than `within_s` seconds."""
        if not await self.wait_until(lambda: self.position(at.partition) > at.offset, within_s):
            raise UnavailableError("This gateway has not seen what was written yet: try again.")

    async def append(self, records: Sequence[ProducerRecord]) -> None:
        """Returns once the records are in the log, and those of this table's topic are applied.
        Raises LogUnavailableError, and UnavailableError if they are in the log and not applied in
        time."""
        written = await self._log.append_all(records) if records else ()
        for record, appended in zip(records, written, strict=True):
            if record.topic is self.topic:
                await self.wait_until_folded(appended)

    async def append_if(
        self,
        records: Sequence[ProducerRecord],
        holds: Callable[[], bool],
        following: Sequence[ProducerRecord] = (),
    ) -> bool:
        """Appends records of one partition of this table's topic if `holds` of what comes before
        them in the log, whoever wrote it, and returns whether. Those of other topics that are
        `following` are appended as soon as the others are in the log. Returns, and raises, as
        `append` does."""
        partition = partition_of(records[0].key, self.topic.partitions)

        async def check(offset: int) -> bool:
            await self.wait_until_folded(RecordMetadata(partition, offset - 1))
            return holds()

        written = await self._log.append_if(records, check)
        if written is None:
            return False
        if following:
            await self._log.append_all(following)
        await self.wait_until_folded(written[-1])
        return True

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Locks `key` in this process; on entering, the table contains everything that is in the
        log. Nothing is remembered of a key that nobody holds."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            await self.require_current()
            yield
