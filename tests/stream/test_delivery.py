"""Outboxes become record batches, in order, and are acknowledged when all of their records are."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from stream.worker_main import until
from tuyen_stream import BatchTooLargeError, Outbox, OutRecord, WritePhase
from tuyen_stream._delivery import BaseOffset, Deliveries

BATCH_BYTES = 4_096
ORIGIN = ("one", 0)


class Phase(WritePhase):
    STATE = 0
    REPLIES = 1
    REPORTS = 2


@dataclass
class Sent:
    """A batch that waits for the broker's answer."""

    topic: str
    partition: int
    keys: list[bytes]
    answer: asyncio.Future[Any]

    def acknowledge(self, base: int = 0) -> None:
        self.answer.set_result(Base(base))


@dataclass(frozen=True)
class Base:
    offset: int


@dataclass
class SilentBroker:
    """Takes batches; the test answers."""

    sent: list[Sent] = field(default_factory=list)

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH_BYTES, 0)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> asyncio.Future[Any]:
        answer = asyncio.get_running_loop().create_future()
        built = MemoryRecords(bytes(batch._build())).next_batch()
        keys = [] if built is None else [record.key for record in built]
        assert len(keys) == batch.record_count()
        self.sent.append(Sent(topic, partition, keys, answer))
        return answer

    async def wait_for(self, count: int) -> None:
        await until(lambda: len(self.sent) >= count)


class Desk:
    """Deliveries to a silent broker, and what they said."""

    def __init__(self) -> None:
        self.broker = SilentBroker()
        self.confirmed: list[tuple[int, int, int]] = []
        self.acknowledged: list[str] = []
        self.deliveries = Deliveries(
            lambda: self.broker,
            {"table": self._confirm},
            batch_bytes=BATCH_BYTES,
            max_unacknowledged_bytes=2_000,
        )

    def _confirm(self, partition: int, base: BaseOffset, count: int) -> None:
        self.confirmed.append((partition, base, count))

    def submit(self, name: str, *records: tuple[str, int, bytes]) -> None:
        outbox = Outbox(BATCH_BYTES)
        for topic, partition, key in records:
            outbox.add(Phase.STATE, topic, partition, key, b"v")
        self.deliveries.submit(outbox, ORIGIN, lambda: self.acknowledged.append(name))

    def submit_with_reply(self, name: str, partition: int) -> None:
        """A record for the table, and the reply `name` when that is acknowledged."""
        outbox = Outbox(BATCH_BYTES)
        outbox.add(Phase.STATE, "table", partition, b"state", b"v")
        outbox.add(Phase.REPLIES, "other", 0, name.encode(), b"v")
        self.deliveries.submit(outbox, ORIGIN, lambda: self.acknowledged.append(name))


async def test_an_outbox_is_acknowledged_with_its_last_record_and_not_before() -> None:
    desk = Desk()
    desk.submit("a", ("table", 0, b"1"), ("other", 5, b"2"))
    await desk.broker.wait_for(2)
    desk.broker.sent[0].acknowledge(7)
    await until(lambda: desk.confirmed == [(0, 7, 1)])
    assert desk.acknowledged == []
    desk.broker.sent[1].acknowledge()
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a"]
    assert desk.deliveries.unacknowledged_bytes == 0


async def test_what_waits_for_a_partition_goes_into_its_next_batch_in_order() -> None:
    desk = Desk()
    desk.submit("a", ("table", 0, b"1"))
    await desk.broker.wait_for(1)
    desk.submit("b", ("table", 0, b"2"), ("table", 0, b"3"))
    desk.submit("c", ("table", 0, b"4"))
    assert len(desk.broker.sent) == 1, "one batch at a time for a partition"
    desk.broker.sent[0].acknowledge()
    await desk.broker.wait_for(2)
    assert desk.broker.sent[1].keys == [b"2", b"3", b"4"]
    desk.broker.sent[1].acknowledge(1)
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a", "b", "c"]
    assert desk.confirmed == [(0, 0, 1), (0, 1, 3)]


async def test_records_added_atomically_are_never_split() -> None:
    desk = Desk()
    outbox = Outbox(BATCH_BYTES)
    outbox.add(Phase.STATE, "table", 0, b"first", b"x" * 2_500)
    group = [OutRecord(b"%d" % i, b"y" * 600) for i in range(3)]
    outbox.add_atomically(Phase.STATE, "table", 0, group)
    desk.deliveries.submit(outbox, ORIGIN, lambda: None)
    await desk.broker.wait_for(1)
    desk.broker.sent[0].acknowledge()
    await desk.broker.wait_for(2)
    assert [sent.keys for sent in desk.broker.sent] == [[b"first"], [b"0", b"1", b"2"]]
    desk.broker.sent[1].acknowledge()
    await desk.deliveries.wait_until_acknowledged()


async def test_an_outbox_without_records_is_acknowledged_at_once() -> None:
    desk = Desk()
    desk.submit("empty")
    assert desk.acknowledged == ["empty"]


async def test_a_phase_waits_for_the_one_before_it_and_the_input_waits_for_both() -> None:
    desk = Desk()
    desk.submit_with_reply("a", 0)
    await desk.broker.wait_for(1)
    assert [sent.topic for sent in desk.broker.sent] == ["table"]
    desk.broker.sent[0].acknowledge()
    await desk.broker.wait_for(2)
    assert desk.broker.sent[1].topic == "other"
    assert desk.acknowledged == []
    desk.broker.sent[1].acknowledge()
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a"]
    assert desk.deliveries.unacknowledged_bytes == 0


async def test_a_phase_is_sent_in_the_order_of_the_outboxes_of_its_origin() -> None:
    """The later outbox is acknowledged first; its next phase still waits for the earlier one."""
    desk = Desk()
    desk.submit_with_reply("a", 0)
    desk.submit_with_reply("b", 1)
    await desk.broker.wait_for(2)
    desk.broker.sent[1].acknowledge()
    await until(lambda: len(desk.confirmed) == 1)
    assert len(desk.broker.sent) == 2
    desk.broker.sent[0].acknowledge()
    await desk.broker.wait_for(3)
    assert desk.broker.sent[2].keys == [b"a", b"b"]
    desk.broker.sent[2].acknowledge()
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a", "b"]


async def test_settling_waits_for_phases_that_are_not_sent_yet() -> None:
    desk = Desk()
    desk.submit_with_reply("a", 0)
    settling = asyncio.create_task(desk.deliveries.wait_until_acknowledged())
    await desk.broker.wait_for(1)
    desk.broker.sent[0].acknowledge()
    await desk.broker.wait_for(2)
    assert not settling.done()
    desk.broker.sent[1].acknowledge()
    await settling
    assert desk.acknowledged == ["a"]


async def test_phases_are_sent_in_their_order_whatever_the_order_of_adding() -> None:
    desk = Desk()
    outbox = Outbox(BATCH_BYTES)
    outbox.add(Phase.REPORTS, "other", 0, b"3", b"v")
    outbox.add(Phase.STATE, "table", 0, b"1", b"v")
    outbox.add(Phase.REPLIES, "table", 0, b"2", b"v")
    desk.deliveries.submit(outbox, ORIGIN, lambda: desk.acknowledged.append("a"))
    for number in range(1, 4):
        await desk.broker.wait_for(number)
        assert [sent.keys for sent in desk.broker.sent][number - 1 :] == [[b"%d" % number]]
        assert desk.acknowledged == []
        desk.broker.sent[-1].acknowledge()
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a"]
    assert desk.deliveries.unacknowledged_bytes == 0


async def test_an_outbox_with_a_late_phase_only_still_waits_for_the_outboxes_before_it() -> None:
    desk = Desk()
    desk.submit_with_reply("a", 0)
    outbox = Outbox(BATCH_BYTES)
    outbox.add(Phase.REPORTS, "other", 0, b"b", b"v")
    desk.deliveries.submit(outbox, ORIGIN, lambda: desk.acknowledged.append("b"))
    for number, key in enumerate([b"state", b"a", b"b"]):
        await desk.broker.wait_for(number + 1)
        assert [sent.keys for sent in desk.broker.sent][number:] == [[key]]
        desk.broker.sent[-1].acknowledge()
    await desk.deliveries.wait_until_acknowledged()
    assert desk.acknowledged == ["a", "b"]


def test_phases_that_are_not_numbered_from_0_are_refused() -> None:
    with pytest.raises(TypeError, match="not numbered"):

        class Gap(WritePhase):
            STATE = 0
            REPORTS = 2


async def test_there_is_no_room_until_the_broker_has_caught_up() -> None:
    desk = Desk()
    for number in range(25):
        desk.submit("a", ("other", 0, b"%d" % number))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await desk.deliveries.wait_for_room()
    await desk.broker.wait_for(1)
    desk.broker.sent[0].acknowledge()
    async with asyncio.timeout(5):
        await desk.deliveries.wait_for_room()


async def test_trap_1_a_failed_delivery_crashes_and_is_never_acknowledged() -> None:
    desk = Desk()
    desk.submit("a", ("table", 0, b"1"))
    await desk.broker.wait_for(1)
    desk.broker.sent[0].answer.set_exception(RuntimeError("out of sequence"))
    await until(lambda: bool(desk.deliveries.crashed))
    assert desk.acknowledged == []


def test_what_does_not_fit_into_a_batch_is_refused_when_it_is_added() -> None:
    outbox = Outbox(1_000)
    with pytest.raises(BatchTooLargeError) as refused:
        outbox.add(Phase.STATE, "table", 0, b"k", b"x" * 1_000)
    assert refused.value.topic == "table"
    with pytest.raises(BatchTooLargeError):
        outbox.add_atomically(Phase.STATE, "table", 0, [OutRecord(b"k", b"x" * 300)] * 3)
    assert not outbox.phases
    assert outbox.size == 0


def test_what_fits_by_our_estimate_fits_by_aiokafkas() -> None:
    """Headers in many bytes per letter, long keys, tombstones: the estimate is an upper bound."""
    records = [
        OutRecord(b"k" * 300, b"v" * 20_000, [("tiêu đề" * 9, b"x" * 300)] * 5),
        OutRecord(b"k", None),
        *[OutRecord(None, b"v", [("h", b"")]) for _ in range(200)],
    ]
    outbox = Outbox()
    outbox.add_atomically(Phase.STATE, "t", 0, records)
    builder = BatchBuilder(outbox.size, 0)
    for key, value, headers in records:
        added = builder.append(timestamp=None, key=key, value=value, headers=headers)
        assert added is not None
