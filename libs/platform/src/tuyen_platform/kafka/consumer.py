"""The one loop of every consumer: subscribe, recover, handle a batch, commit."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import FetchedRecords, Log, Starts
from tuyen_platform.pacer import Pacer
from tuyen_platform.retry import retry

_RETRY_S = 1.0
_STUCK_S = 120.0


class ConsumerStatus:
    """The status of a loop that handles batches: live while it turns or retries, ready once it has
    handled its first batch."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._waits_for: str | None = "its first batch"

    def note_batch(self) -> None:
        """A batch, perhaps an empty one, is handled."""
        self._turned = time.monotonic()
        self._waits_for = None

    def note_progress(self) -> None:
        """Part of a batch is done: a batch of which many records go to the dead letters takes its
        time."""
        self._turned = time.monotonic()

    def note_waiting(self, reason: str) -> None:
        """The loop is retrying or recovering."""
        self._turned = time.monotonic()
        self._waits_for = reason

    def live(self) -> str | None:
        """A loop that neither handles batches nor retries is stuck."""
        silent = time.monotonic() - self._turned
        return f"the loop has not turned for {silent:.0f} s" if silent > _STUCK_S else None

    def ready(self) -> str | None:
        return f"waits for {self._waits_for}" if self._waits_for else None


class BatchHandler(Protocol):
    """What a consumer does with its batches."""

    async def __call__(
        self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]], /
    ) -> bool:
        """Returns whether everything that it got so far is handled: all that follows from it is
        acknowledged, and its offsets may be committed.

        It also gets the empty batches that show that the member is alive. `partitions` are those
        that the member has at the moment. After an error, records whose offsets were not committed
        are handled again.
        """
        ...


async def consume(
    log: Log,
    *topics: Topic,
    group: str,
    handle: BatchHandler,
    starts: Starts | None = None,
    status: ConsumerStatus | None = None,
    min_interval_s: float = 0.0,
    commit_every_s: float = 0.0,
) -> None:
    """Handles the records of `topics` as a member of `group` until cancelled.

    A handler that keeps state by partition recovers it in `starts` (see `Log.subscribe`). While
    there is always something new, batches begin at least `min_interval_s` seconds apart, and
    offsets are committed every `commit_every_s` seconds. Raises what `handle` raises, and
    LogUnavailableError.
    """
    async with log.subscribe(*topics, group=group, starts=starts) as subscription:
        committed_at = time.monotonic()
        pacer = Pacer(min_interval_s)
        await pacer.turn()
        async for batch in subscription.batches():
            if await handle(batch, subscription.partitions()):
                if not batch or time.monotonic() - committed_at >= commit_every_s:
                    await subscription.commit()
                    committed_at = time.monotonic()
                if status is not None:
                    status.note_batch()
            await pacer.turn()


async def follow_for_ever(
    follow: Callable[[], Awaitable[None]],
    *,
    log_as: str,
    status: ConsumerStatus | None = None,
    about: Mapping[str, str] | None = None,
) -> None:
    """Calls `follow`, which consumes, until cancelled: whenever Kafka was unavailable, it is called
    again after a second, and recovers. `log_as` and `about` as in `retry`."""
    while True:
        await retry(
            follow,
            log_as=log_as,
            on_wait=None if status is None else status.note_waiting,
            first_wait_s=_RETRY_S,
            longest_wait_s=_RETRY_S,
            about=about,
        )
