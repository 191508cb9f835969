"""A full copy of a topic in this process, and how far it has come."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from tuyen_events.codec import UnreadableEventError
from tuyen_events.topics import Topic
from tuyen_platform.kafka.ports import Log, Record, Tail

_log = structlog.get_logger()


class Copy:
    """Follows one topic from its start, and folds every record once, in log order.

    `fold` must not wait. A record that it cannot read (UnreadableEventError) is logged with its
    place and passed by: it stands in the log for a later version to read.
    """

    def __init__(self, log: Log, topic: Topic, fold: Callable[[Record], None]) -> None:
        self._log = log
        self._topic = topic
        self._fold = fold
        self._tail: Tail | None = None
        self._next: dict[int, int] = {}
        self._moved = asyncio.Condition()
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")

    @property
    def topic(self) -> Topic:
        return self._topic

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises LogUnavailableError when the log is gone."""
        ends = await self._log.end_offsets(self._topic)
        async with self._log.tail(self._topic) as tail:
            self._tail = tail
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    for record in records:
                        self._take(record)
                    if records:
                        self._next[partition] = records[-1].offset + 1
                if tail.caught_up:
                    # Compaction may have taken the last records below the ends.
                    for partition, end in ends.items():
                        self._next[partition] = max(end, self._next.get(partition, 0))
                async with self._moved:
                    self._moved.notify_all()

    def problem(self) -> str | None:
        """Why the copy cannot be used yet, for `/readyz`; None once it has caught up."""
        if self._tail is None:
            return f"{self._topic.name} is not followed yet"
        return None if self._tail.caught_up else f"{self._topic.name} is still being read"

    async def refresh(self, within_s: float) -> None:
        """Returns once the copy holds everything that stood in the log when this was called, or
        after `within_s` seconds. Callers that come together ask the log once.

        Raises LogUnavailableError.
        """
        loop = asyncio.get_running_loop()
        called_at = loop.time()
        try:
            async with asyncio.timeout(within_s), self._asking:
                if self._asked_at >= called_at:
                    return
                asked_at = loop.time()
                ends = await self._log.end_offsets(self._topic)
                async with self._moved:
                    await self._moved.wait_for(lambda: self._holds(ends))
                self._asked_at = asked_at
        except TimeoutError:
            _log.warning("copy_is_behind", topic=self._topic.name, waited_s=within_s)

    def _holds(self, ends: Mapping[int, int]) -> bool:
        return all(self._next.get(partition, 0) >= end for partition, end in ends.items())

    def _take(self, record: Record) -> None:
        try:
            self._fold(record)
        except UnreadableEventError as error:
            _log.error(
                "unreadable_record_passed_by",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=error.reason,
            )
