"""A full copy of one topic in this process: followed from its start, or from its present end.

Works around trap 7 (`TRAPS.md`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError
from tuyen_events.topics import Topic
from tuyen_platform.dead_letters import raised_at, reason_of
from tuyen_platform.kafka.ports import Log, Record, Tail
from tuyen_platform.metrics import COPIED, DEAD_LETTERS

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiter:
    holds: Callable[[], bool]
    held: asyncio.Future[None]


class GlobalTable:
    """Folds a topic's records, each partition in log order, and tells how far it has come.

    `fold` must not wait; a record for which it raises, whatever it raises, is logged with its
    place, counted under `service` and passed by: it stands in the log for a later version to read.
    """

    def __init__(
        self,
        log: Log,
        topic: Topic,
        fold: Callable[[Record], None],
        *,
        service: str,
        from_start: bool = True,
    ) -> None:
        self._log = log
        self._topic = topic
        self._fold = fold
        self._service = service
        self._from_start = from_start
        self._next: dict[int, int] = {}
        self._waiters: list[_Waiter] = []
        self._following = asyncio.Event()
        self._tail: Tail | None = None
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._asking_since = float("-inf")

    @property
    def topic(self) -> Topic:
        return self._topic

    @property
    def caught_up(self) -> bool:
        """Whether all that stood in the log at the start was folded."""
        return self._tail is not None and self._tail.caught_up

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises LogUnavailableError when the log is gone."""
        ends = await self._log.end_offsets(self._topic)
        async with self._log.tail(self._topic, from_start=self._from_start) as tail:
            self._tail = tail
            self._following.set()
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    for record in records:
                        self._take(record)
                    if records:
                        self._came_to(partition, records[-1].offset + 1)
                if tail.caught_up:  # compaction may have taken the last records below the ends
                    for partition, end in ends.items():
                        self._came_to(partition, max(end, self._next.get(partition, 0)))
                    ends = {}
                self._wake()

    def problem(self) -> str | None:
        """Why the copy cannot be used yet, for `/readyz`; None once it has caught up."""
        if self._tail is None:
            return f"{self._topic.name} is not followed yet"
        return None if self._tail.caught_up else f"{self._topic.name} is still being read"

    def position(self, partition: int = 0) -> int:
        """The offset that will be folded next."""
        return self._next.get(partition, 0)

    async def followed(self, within_s: float) -> bool:
        """Whether the copy came, within that many seconds, to see what is appended from now on."""
        try:
            # Not `wait_for`, here and below: before Python 3.12 it forgets a cancellation that
            # comes in the moment of the answer, and its task goes on for ever.
            async with asyncio.timeout(within_s):
                await self._following.wait()
        except TimeoutError:
            return False
        return True

    async def until(self, holds: Callable[[], bool], within_s: float | None) -> bool:
        """Whether what was folded came to make `holds` true within that many seconds (None: however
        long it takes). It is asked at once, and after each batch."""
        if holds():
            return True
        waiter = _Waiter(holds, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(within_s):
                await waiter.held
        except TimeoutError:
            return False
        finally:
            self._waiters.remove(waiter)
        return True

    async def refresh(self, within_s: float, *, apart_s: float = 0.0) -> bool:
        """Whether the copy came to hold, within that many seconds, all that stood in the log when
        this was called. Callers that come together ask the log once.

        With `apart_s` the log is asked once in that many seconds, however many call: each waits up
        to that long for an answer that holds for it. Raises LogUnavailableError.
        """
        loop = asyncio.get_running_loop()
        called_at = loop.time()
        try:
            async with asyncio.timeout(within_s), self._asking:
                if self._asked_at >= called_at:
                    return True
                await asyncio.sleep(max(self._asking_since + apart_s - loop.time(), 0))
                asked_at = self._asking_since = loop.time()
                ends = await self._log.end_offsets(self._topic)
                if await self.until(lambda: self._holds(ends), within_s):
                    self._asked_at = asked_at
                    return True
        except TimeoutError:
            pass
        _log.warning("copy_is_behind", topic=self._topic.name, waited_s=within_s)
        return False

    def _holds(self, ends: Mapping[int, int]) -> bool:
        return all(self._next.get(partition, 0) >= end for partition, end in ends.items())

    def _came_to(self, partition: int, offset: int) -> None:
        self._next[partition] = offset
        COPIED.labels(self._topic.name, partition).set(offset)

    def _take(self, record: Record) -> None:
        try:
            self._fold(record)
        except UnknownTypeError as error:
            _log.info("unknown_record_passed_by", **_place(record), reason=error.reason)
        except UnreadableEventError as error:
            DEAD_LETTERS.labels(self._service).inc()
            _log.error("unreadable_record_passed_by", **_place(record), reason=error.reason)
        except Exception as error:  # the supervisor of one record
            DEAD_LETTERS.labels(self._service).inc()
            told, where = reason_of(error), raised_at(error)
            _log.error("odd_record_passed_by", **_place(record), reason=told, raised_at=where)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.held.done() and waiter.holds():
                waiter.held.set_result(None)


def _place(record: Record) -> dict[str, str | int]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
