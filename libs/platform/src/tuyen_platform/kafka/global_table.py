"""A global table: the content of one topic in this process, read from its start or present end.

Works around trap 7 (`libs/stream/src/tuyen_stream/TRAPS.md`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from tuyen_events.codec import Headers, UnknownTypeError, UnreadableEventError
from tuyen_events.topic import Topic
from tuyen_platform.dead_letters import list_frames, reason_of
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.kafka.ports import Log, Record, RecordPosition, Tail
from tuyen_platform.metrics import COPIED, DEAD_LETTERS_TOTAL

ContentT = TypeVar("ContentT")

Decode = Callable[[bytes | None, Headers, bytes | None], ContentT]
"""Turns a record's key, headers and value into its content. Raises UnreadableEventError."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiter:
    holds: Callable[[], bool]
    held: asyncio.Future[None]


class GlobalTable:
    """Applies a topic's records, each partition in log order, and knows how far it has read.

    `decode` turns each record into what `fold` gets, together with the record's position. Neither
    must block. A record for which one of them raises an exception is logged with its position,
    counted under `service` and skipped; it stays in the log for a later version to read. Only when
    the machine itself lacks a resource, `run` raises instead, so that the record is read again.
    """

    def __init__(
        self,
        log: Log,
        topic: Topic,
        decode: Decode[ContentT],
        fold: Callable[[ContentT, RecordPosition], None],
        *,
        service: str,
        from_start: bool = True,
    ) -> None:
        self._log = log
        self._topic = topic
        self._apply = partial(_apply, decode, fold)
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
    def is_caught_up(self) -> bool:
        """Whether everything that was in the log at the start is applied."""
        return self._tail is not None and self._tail.is_caught_up

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises LogUnavailableError when the log is
        unavailable."""
        async with self._log.tail(self._topic, from_start=self._from_start) as tail:
            self._tail = tail
            self._following.set()
            async for batch in tail.batches():
                for records in batch.values():
                    for record in records:
                        self._take(record)
                for (_, partition), position in (await tail.positions()).items():
                    self._came_to(partition, position)
                self._wake()

    def problem(self) -> str | None:
        """Why the table cannot be used yet, for `/readyz`; None once it has caught up."""
        if self._tail is None:
            return f"{self._topic.name} is not followed yet"
        return None if self._tail.is_caught_up else f"{self._topic.name} is still being read"

    def position(self, partition: int = 0) -> int:
        """The offset of the next record to apply."""
        return self._next.get(partition, 0)

    async def wait_until_following(self, within_s: float) -> bool:
        """Waits until the table is following the topic, so that it will see what is appended from
        then on; returns whether that was within `within_s` seconds."""
        try:
            # Not `wait_for`, here and below: before Python 3.12 it loses a cancellation that
            # arrives together with the result, and its task goes on for ever.
            async with asyncio.timeout(within_s):
                await self._following.wait()
        except TimeoutError:
            return False
        return True

    async def wait_until(self, holds: Callable[[], bool], within_s: float | None) -> bool:
        """Waits until `holds` is true; returns whether that was within so many seconds (None: no
        limit). `holds` is called at once and after each batch."""
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

    async def refresh(self, within_s: float, *, min_interval_s: float = 0.0) -> bool:
        """Waits until the table contains everything that was in the log at the time of the call;
        returns whether that was within `within_s` seconds. Concurrent callers share one request to
        the log.

        With `min_interval_s` the log is asked at most once in that many seconds, however many
        callers there are: each waits up to that long for an answer that is recent enough. Raises
        LogUnavailableError.
        """
        loop = asyncio.get_running_loop()
        called_at = loop.time()
        try:
            async with asyncio.timeout(within_s), self._asking:
                if self._asked_at >= called_at:
                    return True
                await asyncio.sleep(max(self._asking_since + min_interval_s - loop.time(), 0))
                asked_at = self._asking_since = loop.time()
                ends = await self._log.end_offsets(self._topic)
                if await self.wait_until(lambda: self._holds(ends), within_s):
                    self._asked_at = asked_at
                    return True
        except TimeoutError:
            pass
        _log.warning("global_table_is_behind", topic=self._topic.name, waited_s=within_s)
        return False

    def _holds(self, ends: Mapping[int, int]) -> bool:
        return all(self._next.get(partition, 0) >= end for partition, end in ends.items())

    def _came_to(self, partition: int, offset: int) -> None:
        if self._next.get(partition) != offset:
            self._next[partition] = offset
            COPIED.labels(self._topic.name, partition).set(offset)

    def _take(self, record: Record) -> None:
        try:
            self._apply(record)
        except UnknownTypeError as error:
            _log.info("unknown_record_skipped", **_place(record), reason=error.reason)
        except UnreadableEventError as error:
            DEAD_LETTERS_TOTAL.labels(self._service).inc()
            _log.error("unreadable_record_skipped", **_place(record), reason=error.reason)
        except Exception as error:  # one record must not stop the others
            if not is_caused_by_record(error):
                raise
            DEAD_LETTERS_TOTAL.labels(self._service).inc()
            reason, where = reason_of(error), list_frames(error)
            _log.error("failed_record_skipped", **_place(record), reason=reason, raised_at=where)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.held.done() and waiter.holds():
                waiter.held.set_result(None)


def _apply(
    decode: Decode[ContentT], fold: Callable[[ContentT, RecordPosition], None], record: Record
) -> None:
    fold(decode(record.key, record.headers, record.value), record.position)


def _place(record: Record) -> dict[str, str | int]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
