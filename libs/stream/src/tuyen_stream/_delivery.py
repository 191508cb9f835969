"""Sends outboxes to the broker, phase by phase, and waits for the acknowledgements.

Works around trap 1 (`TRAPS.md`).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NewType, Protocol

from faust.types import TP
from mode import Service

from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._outbox import Outbox, PhaseRecords, RecordGroup, estimate_encoded_size

BaseOffset = NewType("BaseOffset", int)
"""The offset that the broker assigned to the first record of a record batch."""

StagePartition = tuple[str, int]
"""A stage and one of its partitions: the outboxes from there have one order."""

Confirm = Callable[[int, BaseOffset, int], None]
"""Called with a partition, the offset at which the broker appended a record batch, and its number
of records."""


class RecordBatchSender(Protocol):
    """The part of aiokafka's producer that is used here."""

    def create_batch(self) -> Any: ...
    async def send_batch(
        self, batch: Any, topic: str, *, partition: int
    ) -> "asyncio.Future[Any]": ...


class Delivery:
    """One outbox in flight, one phase at a time."""

    __slots__ = (
        "_parts_left",
        "_phases_left",
        "acknowledged",
        "is_phase_acknowledged",
        "origin",
        "phase",
        "size",
    )

    def __init__(
        self, outbox: Outbox, origin: StagePartition, acknowledged: Callable[[], None]
    ) -> None:
        self.origin = origin
        self.acknowledged = acknowledged
        """To be called when the broker has acknowledged every record of the outbox."""
        self.phase = -1
        """The phase that is in flight."""
        self.size = 0
        """The encoded size of its records."""
        self.is_phase_acknowledged = False
        self._parts_left = 0
        self._phases_left = list(reversed(outbox.phases))

    @property
    def is_last_phase(self) -> bool:
        return not self._phases_left

    def begin_phase(self) -> PhaseRecords:
        """Go to the next phase; returns its records, of which there may be none."""
        held = self._phases_left.pop() if self._phases_left else PhaseRecords()
        self.phase += 1
        self.size = held.size
        self.is_phase_acknowledged = not held.groups
        self._parts_left = len(held.groups)
        return held

    def acknowledge_part(self) -> bool:
        """Note that one topic partition has all its records of the phase; returns whether it was
        the last one."""
        self._parts_left -= 1
        self.is_phase_acknowledged = self._parts_left == 0
        return self.is_phase_acknowledged


class PartitionSender:
    """Sends the records of one topic partition in order, one record batch at a time.

    aiokafka's idempotent producer has only one record batch of a partition in flight anyway.
    Records that any outbox adds meanwhile go into the next one, so record batches grow with the
    broker's latency, and throughput stays.
    """

    def __init__(self, place: TP, batch_bytes: int, confirm: Confirm | None) -> None:
        self._place = place
        self._batch_bytes = batch_bytes
        self._confirm = confirm
        self._waiting: deque[RecordGroup | Delivery] = deque()
        self.is_open = False

    def add(self, groups: list[RecordGroup], delivery: Delivery) -> None:
        self._waiting.extend(groups)
        self._waiting.append(delivery)

    async def send(
        self,
        producer: RecordBatchSender,
        part_acknowledged: Callable[[Delivery], None],
    ) -> None:
        """Send until nothing is left. Any failure escapes, and must end the process (trap 1)."""
        self.is_open = True
        topic, partition = self._place
        while self._waiting:
            batch = producer.create_batch()
            ended = self._fill(batch)
            count = batch.record_count()
            batch.close()
            future = await producer.send_batch(batch, topic, partition=partition)
            metadata = await future
            if self._confirm is not None:
                self._confirm(partition, BaseOffset(metadata.offset), count)
            for delivery in ended:
                part_acknowledged(delivery)
        self.is_open = False

    def _fill(self, batch: Any) -> list[Delivery]:
        """Move what fits from the queue into the record batch; returns the deliveries whose part it
        completes.

        Uses aiokafka's C builder directly: `BatchBuilder.append` would cost as much again. The
        builder refuses a record that does not fit. The sizes of a group are upper bounds, so a
        group that was admitted fits to its last record. An empty batch takes any group.
        """
        ended: list[Delivery] = []
        waiting, builder = self._waiting, batch._builder
        append, now = builder.append, int(time.time() * 1000)
        count = 0
        while waiting:
            item = waiting[0]
            if isinstance(item, Delivery):
                ended.append(item)
            else:
                if len(item) > 1 and count and self._exceeds(builder, item):
                    break
                for key, value, headers in item:
                    if append(count, now, key, value, headers) is None:
                        break
                    count += 1
                else:
                    waiting.popleft()
                    continue
                if len(item) > 1:
                    raise RuntimeError(f"a batch for {self._place} refused a fitting record")
                break
            waiting.popleft()
        batch._relative_offset = count
        return ended

    def _exceeds(self, builder: Any, group: RecordGroup) -> bool:
        size: int = builder.size()
        return size + sum(map(estimate_encoded_size, group)) > self._batch_bytes


class Deliveries(Service):  # type: ignore[misc]  # mode publishes no usable types
    """All outboxes in flight.

    Order is kept per topic partition. This process sends nothing twice and gives nothing up: the
    first failed delivery crashes the app, and with it the process.
    """

    logger = FAUST_LOGGER

    def __init__(
        self,
        producer: Callable[[], RecordBatchSender],
        confirms: Mapping[str, Confirm],
        *,
        batch_bytes: int,
        max_unacknowledged_bytes: int,
        **service: Any,
    ) -> None:
        super().__init__(**service)
        self._producer = producer
        self._confirms = confirms
        self._batch_bytes = batch_bytes
        self._limit = max_unacknowledged_bytes
        self._senders: dict[TP, PartitionSender] = {}
        self._open: set[asyncio.Future[None]] = set()
        """One for each submitted outbox until all of it is acknowledged."""
        self._in_flight: dict[tuple[StagePartition, int], deque[Delivery]] = {}
        """By origin and phase: the outboxes of which that phase is in flight, oldest first."""
        self._room = asyncio.Event()
        self._room.set()
        self.unacknowledged_bytes = 0

    def submit(
        self, outbox: Outbox, origin: StagePartition, acknowledged: Callable[[], None]
    ) -> None:
        """Send an outbox, phase by phase.

        `acknowledged` is called once, when the broker has acknowledged all of it. Never waits:
        callers must await `wait_for_room` before they make the next outbox.
        """
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(over)

        def all_acknowledged() -> None:
            acknowledged()
            self._open.discard(over)
            over.set_result(None)

        self._count(outbox.size)
        self._send_next_phase(Delivery(outbox, origin, all_acknowledged))

    def _send_next_phase(self, delivery: Delivery) -> None:
        held = delivery.begin_phase()
        queue_key = (delivery.origin, delivery.phase)
        self._in_flight.setdefault(queue_key, deque()).append(delivery)
        for (topic, partition), groups in held.groups.items():
            sender = self._sender(TP(topic, partition))
            sender.add(groups, delivery)
            if not sender.is_open:
                sender.is_open = True
                self.add_future(sender.send(self._producer(), self._part_acknowledged))
        if delivery.is_phase_acknowledged:
            self._advance(queue_key)

    def _part_acknowledged(self, delivery: Delivery) -> None:
        if delivery.acknowledge_part():
            self._count(-delivery.size)
            self._advance((delivery.origin, delivery.phase))

    def _advance(self, queue_key: tuple[StagePartition, int]) -> None:
        """Send the next phases of one partition's outboxes in the order of these outboxes, in
        whichever order the broker acknowledged them."""
        waiting = self._in_flight[queue_key]
        while waiting and waiting[0].is_phase_acknowledged:
            delivery = waiting.popleft()
            if delivery.is_last_phase:
                delivery.acknowledged()
            else:
                self._send_next_phase(delivery)

    async def wait_for_room(self) -> None:
        """Wait until less than the limit is unacknowledged (backpressure)."""
        await self._room.wait()

    async def wait_until_acknowledged(self) -> None:
        """Wait until everything that was submitted before this call is acknowledged."""
        if self._open:
            await asyncio.gather(*self._open)

    def _sender(self, place: TP) -> PartitionSender:
        sender = self._senders.get(place)
        if sender is None:
            sender = PartitionSender(place, self._batch_bytes, self._confirms.get(place.topic))
            self._senders[place] = sender
        return sender

    def _count(self, size: int) -> None:
        self.unacknowledged_bytes += size
        if self.unacknowledged_bytes < self._limit:
            self._room.set()
        else:
            self._room.clear()
