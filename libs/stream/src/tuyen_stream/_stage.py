"""A stage: some input topics with the same partitioning, its tables, and one handler.

Works around trap 5 (`TRAPS.md`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from tuyen_stream._delivery import Deliveries
from tuyen_stream._fatal import fatal_on_error
from tuyen_stream._offsets import OffsetTracker
from tuyen_stream._outbox import Outbox
from tuyen_stream._records import Batch

Handler = Callable[[Batch, Outbox], None]
"""Changes the stage's states for a batch, and adds the resulting records to the outbox. Calls never
overlap.

It handles unreadable records itself (dead letters through the outbox). An exception that escapes
ends the process.
"""

StageStep = Callable[[Outbox], None]
"""Like a handler, for work that no input record causes."""


@dataclass(frozen=True, slots=True)
class QueuedBatch:
    """A batch in the queue of its stage."""

    batch: Batch
    start: int
    """Where its range of offsets starts: before `first_offset` if the log has a hole there."""
    assignment: int
    """`OffsetTracker.assignment` when it was fetched."""


class Stage:
    """Runs the handler and the steps of one stage, in one order.

    Handlers are synchronous and all run in the event loop's thread, so a step runs between two
    batches, never within one.
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[str],
        handle: Handler,
        *,
        max_queued_records: int,
        batch_bytes: int,
    ) -> None:
        self.name = name
        self.inputs = tuple(inputs)
        self.records_handled = 0
        self._handle = handle
        self._max_queued_records = max_queued_records
        self._batch_bytes = batch_bytes
        self.queued_records = 0
        """Fetched and not yet handled."""

    def has_room(self) -> bool:
        """Whether to fetch for this stage (backpressure)."""
        return self.queued_records < self._max_queued_records

    def enqueue(self, batch: Batch, start: int, assignment: int) -> QueuedBatch:
        """Count a batch that is put into the queue."""
        self.queued_records += len(batch.records)
        return QueuedBatch(batch, start, assignment)

    def forget_queue(self) -> None:
        """The queue was cleared, or its batches are void."""
        self.queued_records = 0

    async def run(
        self,
        stream: Any,
        ready: Callable[[], Awaitable[None]],
        is_current: Callable[[QueuedBatch], bool],
        deliveries: Deliveries,
        offsets: OffsetTracker,
    ) -> None:
        """The agent's body: handles batch after batch while outboxes are in flight.

        Always `noack` (trap 5): Faust acknowledges in a `finally`, and so also what raised. Here
        the broker's acknowledgement decides.
        """
        async for event in stream.noack().events():
            work: QueuedBatch = event.value
            await ready()
            if not is_current(work):
                continue
            self.queued_records -= len(work.batch.records)
            self._handle_work(work, deliveries, offsets)
            await asyncio.sleep(0)  # a full queue must not keep the loop from its heartbeats

    def _handle_work(
        self, work: QueuedBatch, deliveries: Deliveries, offsets: OffsetTracker
    ) -> None:
        batch = work.batch
        tp = TP(batch.topic, batch.partition)

        def on_acknowledged() -> None:
            offsets.acknowledge(work.assignment, tp, work.start, batch.last_offset + 1)

        outbox = Outbox(self._batch_bytes)
        with fatal_on_error(
            f"stage {self.name}, {batch.topic}-{batch.partition} "
            f"from {batch.first_offset} to {batch.last_offset}"
        ):
            self._handle(batch, outbox)
        self.records_handled += len(batch.records)
        deliveries.submit(outbox, (self.name, batch.partition), on_acknowledged)

    def run_step(self, partition: int, step: StageStep, deliveries: Deliveries) -> None:
        """Run a step at once, and send what it adds."""
        outbox = Outbox(self._batch_bytes)
        with fatal_on_error(f"a step of stage {self.name}"):
            step(outbox)
        deliveries.submit(outbox, (self.name, partition), lambda: None)
