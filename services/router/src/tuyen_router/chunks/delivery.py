"""From outboxes to the broker: record batches in order, and word of what was acknowledged."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NewType, Protocol

from faust.types import TP
from mode import Service

from tuyen_router.chunks.faust_logger import FAUST_LOGGER
from tuyen_router.chunks.outbox import Group, Outbox, encoded_size

BaseOffset = NewType("BaseOffset", int)
"""The offset that the broker gave to the first record of a batch."""

Origin = tuple[str, int]
"""A stage and one of its partitions: what comes from there keeps one order."""

Confirm = Callable[[int, BaseOffset, int], None]
"""Takes a partition, where the broker appended a batch, and its number of records."""


class BatchProducer(Protocol):
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
    """An outbox that waits for the one before it to be acknowledged."""

    outbox: Outbox
    acknowledged: Callable[[], None]
    is_due: bool = False


class Lane:
    """What is to be sent to one topic partition, in order, one record batch at a time.

    One batch at a time is all that aiokafka's idempotent producer has in flight for a partition
    anyway. Whatever is added meanwhile, by any outbox, goes into the next batch, so batches grow
    with the broker's delay and the rate holds.
    """

    def __init__(self, place: TP, batch_bytes: int, confirm: Confirm | None) -> None:
        self._place = place
        self._batch_bytes = batch_bytes
        self._confirm = confirm
        self._waiting: deque[Group | Delivery] = deque()
        self.is_open = False

    def add(self, groups: list[Group], delivery: Delivery) -> None:
        self._waiting.extend(groups)
        self._waiting.append(delivery)

    async def send(
        self,
        producer: BatchProducer,
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

        The sizes are upper bounds, so a group that was let in fits to its last record.
        """
        ended: list[Delivery] = []
        room = self._batch_bytes
        while self._waiting:
            item = self._waiting[0]
            if isinstance(item, Delivery):
                ended.append(item)
            else:
                room -= sum(map(encoded_size, item))
                if room < 0:
                    break
                for key, value, headers in item:
                    added = batch.append(
                        timestamp=None, key=key, value=value, headers=list(headers)
                    )
                    if added is None:
                        raise RuntimeError(f"a batch for {self._place} refused a record that fits")
            self._waiting.popleft()
        return ended


class Deliveries(Service):  # type: ignore[misc]  # mode publishes no usable types
    """All outboxes under way.

    Order is kept per topic partition. Nothing is sent twice by this process, and nothing is ever
    given up: the first failed delivery crashes the app, and with it the process.
    """

    logger = FAUST_LOGGER

    def __init__(
        self,
        producer: Callable[[], BatchProducer],
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
        self._lanes: dict[TP, Lane] = {}
        self._open: set[asyncio.Future[None]] = set()
        """One for each submitted outbox until it and its follow-up are acknowledged."""
        self._follow_ups: dict[Origin, deque[FollowUp]] = {}
        self._room = asyncio.Event()
        self._room.set()
        self.unacknowledged_bytes = 0

    def submit(self, outbox: Outbox, origin: Origin, acknowledged: Callable[[], None]) -> None:
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

        follow_up = outbox.take_follow_up()
        if follow_up is None:
            self._send(outbox, all_acknowledged)
            return
        later = FollowUp(follow_up, all_acknowledged)
        self._follow_ups.setdefault(origin, deque()).append(later)
        self._weigh(follow_up.size)

        def due() -> None:
            later.is_due = True
            self._send_what_is_due(origin)

        self._send(outbox, due)

    def _send_what_is_due(self, origin: Origin) -> None:
        """One partition's follow-ups leave in the order of their outboxes, whichever was acked."""
        waiting = self._follow_ups[origin]
        while waiting and waiting[0].is_due:
            later = waiting.popleft()
            self._weigh(-later.outbox.size)
            self._send(later.outbox, later.acknowledged)

    def _send(self, outbox: Outbox, acknowledged: Callable[[], None]) -> None:
        if not outbox.groups:
            acknowledged()
            return
        delivery = Delivery(outbox, acknowledged)
        self._weigh(delivery.size)
        for (topic, partition), groups in outbox.groups.items():
            lane = self._lane(TP(topic, partition))
            lane.add(list(groups), delivery)
            if not lane.is_open:
                lane.is_open = True
                self.add_future(lane.send(self._producer(), self._part_acknowledged))

    async def room(self) -> None:
        """Wait until less than the limit is unacknowledged (backpressure)."""
        await self._room.wait()

    async def settle(self) -> None:
        """Wait until everything that was submitted before this call is acknowledged."""
        if self._open:
            await asyncio.gather(*self._open)

    def _lane(self, place: TP) -> Lane:
        lane = self._lanes.get(place)
        if lane is None:
            lane = Lane(place, self._batch_bytes, self._confirms.get(place.topic))
            self._lanes[place] = lane
        return lane

    def _part_acknowledged(self, delivery: Delivery) -> None:
        if delivery.part_acknowledged():
            self._weigh(-delivery.size)

    def _weigh(self, size: int) -> None:
        self.unacknowledged_bytes += size
        if self.unacknowledged_bytes < self._limit:
            self._room.set()
        else:
            self._room.clear()
