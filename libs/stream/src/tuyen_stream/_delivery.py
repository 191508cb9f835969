"""From outboxes to the broker: record batches in order, and word of what was acknowledged."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NewType, Protocol

from faust.types import TP
from mode import Service

from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._outbox import Outbox, RecordGroup, encoded_size

BaseOffset = NewType("BaseOffset", int)
"""The offset that the broker gave to the first record of a batch."""

StagePartition = tuple[str, int]
"""A stage and one of its partitions: what comes from there keeps one order."""

Confirm = Callable[[int, BaseOffset, int], None]
"""Takes a partition, where the broker appended a batch, and its number of records."""


class RecordBatchSender(Protocol):
    """The part of aiokafka's producer that is used here."""

    def create_batch(self) -> Any: ...
    async def send_batch(
        self, batch: Any, topic: str, *, partition: int
    ) -> "asyncio.Future[Any]": ...


class Delivery:
    """One outbox under way; it is over when each of its partitions has acknowledged its part."""

    __slots__ = ("_acknowledged", "_parts_left", "size")

    def __init__(self, outbox: Outbox, acknowledged: Callable[[], None]) -> None:
        self._acknowledged = acknowledged
        self._parts_left = len(outbox.groups)
        self.size = outbox.size

    def part_acknowledged(self) -> bool:
        """Whether this was the last part; then the input is acknowledged as well."""
        self._parts_left -= 1
        if self._parts_left > 0:
            return False
        self._acknowledged()
        return True


@dataclass(slots=True)
class FollowUp:
    """What waits for the outbox before it, and all outboxes before that, to be acknowledged."""

    outbox: Outbox | None
    acknowledged: Callable[[], None]
    is_due: bool = False


class PartitionSender:
    """What is to be sent to one topic partition, in order, one record batch at a time.

    One batch at a time is all that aiokafka's idempotent producer has in flight for a partition
    anyway. Whatever is added meanwhile, by any outbox, goes into the next batch, so batches grow
    with the broker's delay and the rate holds.
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
        """Send until nothing waits. Any failure escapes, and must end the process (trap 1)."""
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
        """Move what fits from the queue into the batch; returns the deliveries that end with it.

        Goes to aiokafka's C builder directly: its `BatchBuilder.append` costs as much again. The
        builder refuses a record that does not fit; for a group, the sizes are upper bounds, so one
        that was let in fits to its last record. A batch that is empty takes any group.
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
                    raise RuntimeError(f"a batch for {self._place} refused a record that fits")
                break
            waiting.popleft()
        batch._relative_offset = count
        return ended

    def _exceeds(self, builder: Any, group: RecordGroup) -> bool:
        size: int = builder.size()
        return size + sum(map(encoded_size, group)) > self._batch_bytes


class Deliveries(Service):  # type: ignore[misc]  # mode publishes no usable types
    """All outboxes under way.

    Order is kept per topic partition. Nothing is sent twice by this process, and nothing is ever
    given up: the first failed delivery crashes the app, and with it the process.
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
        self._lanes: dict[TP, PartitionSender] = {}
        self._open: set[asyncio.Future[None]] = set()
        """One for each submitted outbox until it and its follow-up are acknowledged."""
        self._follow_ups: dict[tuple[StagePartition, int], deque[FollowUp]] = {}
        """By origin and depth: the follow-ups of outboxes, and those of follow-ups."""
        self._room = asyncio.Event()
        self._room.set()
        self.unacknowledged_bytes = 0

    def submit(
        self, outbox: Outbox, origin: StagePartition, acknowledged: Callable[[], None]
    ) -> None:
        """Send an outbox, and then its follow-up.

        `acknowledged` is called once, when the broker has all of both. Never waits: callers look at
        `room` before they make the next outbox.
        """
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(over)

        def all_acknowledged() -> None:
            acknowledged()
            self._open.discard(over)
            over.set_result(None)

        self._send_in_turn(outbox, (origin, 0), all_acknowledged)

    def _send_in_turn(
        self, outbox: Outbox, line: tuple[StagePartition, int], acknowledged: Callable[[], None]
    ) -> None:
        """Send an outbox now, and its follow-up when everything before it is acknowledged."""
        later = FollowUp(outbox.take_follow_up(), acknowledged)
        self._follow_ups.setdefault(line, deque()).append(later)
        if later.outbox is not None:
            self._weigh(later.outbox.total_size)

        def due() -> None:
            later.is_due = True
            self._send_what_is_due(line)

        self._send(outbox, due)

    def _send_what_is_due(self, line: tuple[StagePartition, int]) -> None:
        """One partition's follow-ups leave in the order of their outboxes, whichever was acked."""
        waiting = self._follow_ups[line]
        while waiting and waiting[0].is_due:
            later = waiting.popleft()
            if later.outbox is None:
                later.acknowledged()
                continue
            origin, depth = line
            self._weigh(-later.outbox.total_size)
            self._send_in_turn(later.outbox, (origin, depth + 1), later.acknowledged)

    def _send(self, outbox: Outbox, acknowledged: Callable[[], None]) -> None:
        if not outbox.groups:
            acknowledged()
            return
        delivery = Delivery(outbox, acknowledged)
        self._weigh(delivery.size)
        for (topic, partition), groups in outbox.groups.items():
            sender = self._lane(TP(topic, partition))
            sender.add(list(groups), delivery)
            if not sender.is_open:
                sender.is_open = True
                self.add_future(sender.send(self._producer(), self._part_acknowledged))

    async def room(self) -> None:
        """Wait until less than the limit is unacknowledged (backpressure)."""
        await self._room.wait()

    async def settle(self) -> None:
        """Wait until everything that was submitted before this call is acknowledged."""
        if self._open:
            await asyncio.gather(*self._open)

    def _lane(self, place: TP) -> PartitionSender:
        sender = self._lanes.get(place)
        if sender is None:
            sender = PartitionSender(place, self._batch_bytes, self._confirms.get(place.topic))
            self._lanes[place] = sender
        return sender

    def _part_acknowledged(self, delivery: Delivery) -> None:
        if delivery.part_acknowledged():
            self._weigh(-delivery.size)

    def _weigh(self, size: int) -> None:
        self.unacknowledged_bytes += size
        if self.unacknowledged_bytes < self._limit:
            self._room.set()
        else:
            self._room.clear()
