"""A stage: some input topics with one partitioning, its tables, and one handler."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from tuyen_router.chunks.delivery import Deliveries
from tuyen_router.chunks.fatal import fatal_on_error
from tuyen_router.chunks.outbox import Outbox
from tuyen_router.chunks.positions import Positions
from tuyen_router.chunks.records import Chunk

Handler = Callable[[Chunk, Outbox], None]
"""Changes the stage's states for a chunk and adds what follows; strictly one call after another.

It deals with poison itself (dead letters through the outbox). Whatever escapes ends the process.
"""

Step = Callable[[Outbox], None]
"""Like a handler, for what no input causes."""


@dataclass(frozen=True, slots=True)
class Work:
    """A chunk in the queue of its stage."""

    chunk: Chunk
    start: int
    """Where its range of offsets starts: before `first_offset` when the log has a hole there."""
    assignment: int


class Stage:
    """Runs the handler and the steps of one stage, in one order.

    Handlers are synchronous and all run in the event loop's thread, so a step runs between two
    chunks, never within one.
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
        self.chunks_handled = 0
        self.records_handled = 0
        self._handle = handle
        self._max_queued_records = max_queued_records
        self._batch_bytes = batch_bytes
        self.queued_records = 0
        """Fetched and not yet handled."""

    def has_room(self) -> bool:
        """Whether to fetch for this stage (backpressure)."""
        return self.queued_records < self._max_queued_records

    def enqueue(self, chunk: Chunk, start: int, assignment: int) -> Work:
        """Count a chunk that is put into the queue."""
        self.queued_records += len(chunk.records)
        return Work(chunk, start, assignment)

    def forget_queue(self) -> None:
        """The queue was cleared, or its chunks are void."""
        self.queued_records = 0

    async def run(
        self,
        stream: Any,
        ready: Callable[[], Awaitable[None]],
        is_current: Callable[[Work], bool],
        deliveries: Deliveries,
        positions: Positions,
    ) -> None:
        """The agent's body: handle chunk after chunk while outboxes are under way.

        Always `noack` (trap 5): Faust's acknowledgement stands in a `finally` and acknowledges
        what raised. Ours comes from the broker.
        """
        async for event in stream.noack().events():
            work: Work = event.value
            await ready()
            if not is_current(work):
                continue
            self.queued_records -= len(work.chunk.records)
            self._handle_work(work, deliveries, positions)
            await asyncio.sleep(0)  # a full queue must not keep the loop from its heartbeats

    def _handle_work(self, work: Work, deliveries: Deliveries, positions: Positions) -> None:
        chunk = work.chunk
        tp = TP(chunk.topic, chunk.partition)

        def acknowledged() -> None:
            positions.acknowledge(work.assignment, tp, work.start, chunk.last_offset + 1)

        outbox = Outbox(self._batch_bytes)
        with fatal_on_error(
            f"stage {self.name}, {chunk.topic}-{chunk.partition} "
            f"from {chunk.first_offset} to {chunk.last_offset}"
        ):
            self._handle(chunk, outbox)
        self.chunks_handled += 1
        self.records_handled += len(chunk.records)
        deliveries.submit(outbox, (self.name, chunk.partition), acknowledged)

    def run_step(self, partition: int, step: Step, deliveries: Deliveries) -> None:
        """Run a step here and now, and send what it adds."""
        outbox = Outbox(self._batch_bytes)
        with fatal_on_error(f"a step of stage {self.name}"):
            step(outbox)
        deliveries.submit(outbox, (self.name, partition), lambda: None)
