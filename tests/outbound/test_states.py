"""The state in its topic: recovery, and writers that come late."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from outbound.asking import MOMENT, conversation, request
from outbound.crashing import CrashingLog, Steps
from outbound.rig import Process, World, read_records, until
from tuyen_events.outbound_topics import OUTBOUND_STATE
from tuyen_outbound.domain.requests import StoredRequest
from tuyen_outbound.states import RequestStates
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord, RecordMetadata

LATER = MOMENT + timedelta(hours=1)


def ignore() -> None:
    """Nobody watches the progress."""


async def recover(log: InMemoryLog, *partitions: int) -> RequestStates:
    states = RequestStates(log, ignore)
    await states.recover(partitions or (3,))
    return states


async def write(log: InMemoryLog, *states: object, partition: int = 3) -> None:
    """Records as a worker writes them; None is a removal."""
    for state in states:
        value = None if state is None else msgspec.json.encode(state)
        await log.append_bytes(OUTBOUND_STATE, "request/req_1", value, partition=partition)


STORED = StoredRequest(request=request("1"), offset=4)


async def test_r9_1_the_newest_state_counts_wherever_its_record_is() -> None:
    """A worker that had lost the partition wrote the last record."""
    log = InMemoryLog()
    calling = STORED.begin(MOMENT)
    await write(log, STORED, calling, STORED)
    states = await recover(log)
    assert states.requests.first_of(conversation()) == calling
    last = [r for r in await read_records(log, OUTBOUND_STATE) if r.key == b"request/req_1"][-1]
    assert last.value == msgspec.json.encode(calling)
    assert (await recover(log)).requests.first_of(conversation()) == calling


async def test_r9_1_what_is_settled_does_not_come_back_with_a_late_record() -> None:
    log = InMemoryLog()
    closed = STORED.begin(MOMENT).close(LATER)
    await write(log, STORED, closed, STORED.begin(MOMENT))
    states = await recover(log)
    assert states.requests.first_of(conversation()) is None
    assert states.requests.is_known(3, "req_1")
    await write(log, None, STORED.begin(MOMENT))
    states = await recover(log)
    assert states.requests.first_of(conversation()) is None
    last = [r for r in await read_records(log, OUTBOUND_STATE) if r.key == b"request/req_1"][-1]
    assert last.value is None


async def test_r9_1_of_two_records_with_one_step_compaction_keeps_the_first() -> None:
    """The second one is of a worker that had lost the partition: it acted on nothing."""
    log = InMemoryLog()
    closed, calling = STORED.close(LATER), STORED.begin(MOMENT)
    assert closed.step == calling.step
    await write(log, STORED, closed, calling)
    states = await recover(log)
    assert states.requests.is_known(3, "req_1")
    last = [r for r in await read_records(log, OUTBOUND_STATE) if r.key == b"request/req_1"][-1]
    assert last.value == msgspec.json.encode(closed)


async def test_r9_1_a_recovery_claims_the_partition() -> None:
    """Whoever had it before notices it, with and without a write."""
    log = InMemoryLog()
    first = RequestStates(log, ignore)
    assert await first.recover([3, 5]) == {3: None, 5: None}
    second = RequestStates(log, ignore)
    assert await second.recover([3]) == {3: -1}
    writing = asyncio.create_task(first.run())
    await first.require_only_writer({5})
    with pytest.raises(LogUnavailableError):
        await first.require_only_writer({3})
    with pytest.raises(LogUnavailableError):
        await first.accept([], {5: 1})
    await asyncio.gather(writing, return_exceptions=True)


async def test_r9_2_the_offset_of_what_is_in_the_state_is_recovered_with_it() -> None:
    log = InMemoryLog()
    states = await recover(log)
    writing = asyncio.create_task(states.run())
    await states.accept([(3, STORED)], {3: 4})
    await states.save(STORED.begin(MOMENT))
    await states.accept([], {3: 2})
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    again = RequestStates(log, ignore)
    assert await again.recover([3]) == {3: 4}
    assert again.find_accepted(3) == 4
    assert again.requests.first_of(conversation()) == STORED.begin(MOMENT)


async def test_r9_5_a_record_that_cannot_be_read_holds_no_other() -> None:
    log = InMemoryLog()
    await log.append_bytes(OUTBOUND_STATE, "request/req_0", b"{", partition=3)
    await write(log, STORED)
    assert (await recover(log)).requests.first_of(conversation()) == STORED


async def test_r9_6_what_is_forgotten_is_removed_from_the_topic() -> None:
    log = InMemoryLog()
    states = await recover(log)
    writing = asyncio.create_task(states.run())
    await states.accept([(3, STORED)], {3: 4})
    await states.close("req_1", LATER)
    await states.close("req_1", LATER)
    await states.forget(LATER, MOMENT)
    await states.forget(LATER, MOMENT)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    records = [r for r in await read_records(log, OUTBOUND_STATE) if r.key == b"request/req_1"]
    assert [record.value is None for record in records] == [False, False, True]


class _NotingLog(CrashingLog):
    """Notes the keys of each write."""

    def __init__(self, log: InMemoryLog) -> None:
        super().__init__(log, Steps())
        self.writes: list[list[str]] = []

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        self.writes.append([record.key for record in records])
        return await super().append_all(records, within_s=within_s)


async def test_i6_that_a_request_waits_and_that_its_call_begins_is_one_write() -> None:
    """Each write is a round trip to Kafka, for which the customer waits."""
    world = World()
    world.gate = asyncio.Event()
    await world.ask(request("1"), request("2", customer="671"))
    log = _NotingLog(world.log)
    async with Process(world, log=log):

        async def both_are_under_way() -> bool:
            return world.under_way == 2

        await until(both_are_under_way)
        written = [keys for keys in log.writes if "request/req_1" in keys]
        assert [keys.count("request/req_1") for keys in written] == [2]
        assert "cursor" in written[0]
        world.gate.set()
