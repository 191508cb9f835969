"""A full copy of one topic in this process: followed from its start, or from its present end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError
from tuyen_events.topics import Topic
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.ports import Appended, Log, Record, Tail
from tuyen_platform.metrics import DEAD_LETTERS

WAIT_S = 5.0
"""How long a request waits for a copy to fold what it asks for."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiter:
    holds: Callable[[], bool]
    held: asyncio.Future[None]


class LogCopy:
    """Folds a topic's records, each partition in log order, and tells how far it has come.

    `fold` must not wait; a record that it cannot read (UnreadableEventError) is logged with its
    place, counted and passed by: it stands in the log for a later version to read.
    """

    def __init__(
        self, log: Log, topic: Topic, fold: Callable[[Record], None], *, from_start: bool = True
    ) -> None:
        self._log = log
        self._topic = topic
        self._fold = fold
        self._from_start = from_start
        self._next: dict[int, int] = {}
        self._waiters: list[_Waiter] = []
        self._following = asyncio.Event()
        self._tail: Tail | None = None

    @property
    def topic(self) -> Topic:
        return self._topic

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises LogUnavailableError when the log is gone."""
        async with self._log.tail(self._topic, from_start=self._from_start) as tail:
            self._tail = tail
            self._following.set()
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    for record in records:
                        self._take(record)
                    if records:
                        self._next[partition] = records[-1].offset + 1
                self._wake()

    def problem(self) -> str | None:
        """Why the copy cannot be used yet, for `/readyz`; None once it has caught up."""
        if self._tail is None:
            return f"{self._topic.name} is not followed yet"
        return None if self._tail.caught_up else f"{self._topic.name} is still being read"

    def position(self, partition: int = 0) -> int:
        """The offset that will be folded next."""
        return self._next.get(partition, 0)

    def positions(self) -> str:
        """How far all partitions have come, as a word that stands for nothing else."""
        return ",".join(f"{part}:{self._next[part]}" for part in sorted(self._next))

    async def following(self, within_s: float = WAIT_S) -> None:
        """Returns once the copy sees what is appended from now on; else raises UnavailableError."""
        try:
            await asyncio.wait_for(self._following.wait(), within_s)
        except TimeoutError as error:
            raise UnavailableError("This gateway is still starting: try again.") from error

    async def folded(self, at: Appended, within_s: float = WAIT_S) -> None:
        """Returns once the record at `at` was folded; raises UnavailableError when it takes longer
        than `within_s` seconds."""
        if not await self.until(lambda: self.position(at.partition) > at.offset, within_s):
            raise UnavailableError(f"This gateway has not seen version {at.offset} yet: try again.")

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Whether what was folded came to make `holds` true within that many seconds. It is asked
        at once, and after each batch."""
        if holds():
            return True
        waiter = _Waiter(holds, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await asyncio.wait_for(waiter.held, within_s)
        except TimeoutError:
            return False
        finally:
            self._waiters.remove(waiter)
        return True

    def _take(self, record: Record) -> None:
        try:
            self._fold(record)
        except UnknownTypeError as error:
            _log.info("unknown_record_passed_by", **_place(record), reason=error.reason)
        except UnreadableEventError as error:
            DEAD_LETTERS.labels("gateway").inc()
            _log.error("unreadable_record_passed_by", **_place(record), reason=error.reason)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.held.done() and waiter.holds():
                waiter.held.set_result(None)


def _place(record: Record) -> dict[str, str | int]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
