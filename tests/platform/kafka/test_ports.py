"""What `tuyen_platform.kafka.ports` promises, held by Kafka and by the twin in memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from tuyen_events.codec import decode
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.marks import ConversationRead
from tuyen_events.topic import Cleanup, Topic
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    Offsets,
    ProducerRecord,
    Record,
    RecordMetadata,
    RecordTooLargeError,
    Subscription,
    Tail,
)
from tuyen_platform.kafka.topics import ensure_topics

DEADLINE_S = 30


def topic(name: str, partitions: int, cleanup: Cleanup = Cleanup.DELETE) -> Topic:
    return Topic(
        name=name,
        key="order",
        partitions=partitions,
        cleanup=cleanup,
        retention=None,
        public=False,
        carries="records of this test",
    )


ORDERS = topic("orders", 4)
PARCELS = topic("parcels", 4)
SHOPS = topic("shops", 1, Cleanup.COMPACT)


@pytest.fixture
async def log(server: tuple[str, str] | None) -> AsyncIterator[Log]:
    if server is None:
        yield InMemoryLog()
        return
    await ensure_topics(*server, 1, (ORDERS, PARCELS, SHOPS))
    async with KafkaLog(*server) as opened:
        yield opened


async def take(reader: Tail | Subscription, count: int) -> list[Record]:
    """The next records, at least `count`."""
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE_S), aclosing(batches(reader)) as stream:
        while len(found) < count:
            batch = await anext(stream)
            found += [record for records in batch.values() for record in records]
    return found


async def batches(reader: Tail | Subscription) -> AsyncGenerator[FetchedRecords, None]:
    async for batch in reader.batches():
        yield batch


async def fill(
    log: Log, topic: Topic, count: int, partition: int | None = 0
) -> list[RecordMetadata]:
    return [
        await log.append_bytes(topic, f"k{number}", b"%d" % number, partition=partition)
        for number in range(count)
    ]


def values(records: list[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def test_appends_are_in_the_order_of_the_calls_from_offset_0(log: Log) -> None:
    assert await fill(log, ORDERS, 5) == [RecordMetadata(0, offset) for offset in range(5)]
    async with log.tail(ORDERS) as tail:
        assert values(await take(tail, 5)) == [b"0", b"1", b"2", b"3", b"4"]


async def test_concurrent_appends_are_in_the_order_of_the_calls(log: Log) -> None:
    count = 3000  # more than one batch of the producer
    body = bytes(200)
    async with asyncio.TaskGroup() as tasks:
        appends = [
            tasks.create_task(log.append_bytes(ORDERS, f"{number}", body, partition=1))
            for number in range(count)
        ]
    assert [append.result().offset for append in appends] == list(range(count))


async def test_records_appended_all_at_once_are_in_the_given_order(log: Log) -> None:
    await log.append_bytes(ORDERS, "k", b"before")
    count = 2000  # more than one batch of the producer
    given = [ProducerRecord(ORDERS, "k", b"%d" % n + bytes(200)) for n in range(count)]
    appended = await log.append_all([*given, ProducerRecord(SHOPS, "s", None, [("h", b"v")])])
    at = partition_of("k", ORDERS.partitions)
    assert appended == [*(RecordMetadata(at, n + 1) for n in range(count)), RecordMetadata(0, 0)]
    async with log.tail(SHOPS) as tail:
        (removal,) = await take(tail, 1)
    assert (removal.key, removal.value, list(removal.headers)) == (b"s", None, [("h", b"v")])
    assert await log.append_all([]) == []


@pytest.mark.parametrize("key", ["hoa-sen/trang/6700000000000001", "ĩ", ""])
async def test_a_key_chooses_its_partition_by_murmur2(log: Log, key: str) -> None:
    appended = await log.append_bytes(ORDERS, key, b"x")
    assert appended.partition == partition_of(key, ORDERS.partitions)


async def test_a_named_partition_wins_over_the_keys_own(log: Log) -> None:
    other = (partition_of("key", ORDERS.partitions) + 1) % ORDERS.partitions
    assert (await log.append_bytes(ORDERS, "key", b"x", partition=other)).partition == other
    (placed,) = await log.append_all([ProducerRecord(ORDERS, "key", b"x", (), other)])
    assert placed == RecordMetadata(other, 1)


async def test_a_record_is_read_as_it_was_appended(log: Log) -> None:
    headers = [
        ("ce_id", b"evt_1"),
        ("note", "Tiếng Việt".encode()),
        ("empty", b""),
        ("ce_id", b"2"),
    ]
    before = datetime.now(UTC)
    appended = await log.append_bytes(ORDERS, "khách", b'{"a":1}', headers)
    async with log.tail(ORDERS) as tail:
        (record,) = await take(tail, 1)
    assert (record.topic, record.partition, record.offset) == (
        "orders",
        appended.partition,
        appended.offset,
    )
    assert (record.key, record.value) == ("khách".encode(), b'{"a":1}')
    assert list(record.headers) == headers
    assert abs(record.timestamp / 1000 - before.timestamp()) < 60


async def test_an_event_is_read_as_it_was_appended(log: Log) -> None:
    moment = datetime(2026, 9, 21, 12, tzinfo=UTC)
    read = ConversationRead(
        organization=OrganizationId("hoa-sen"),
        conversation_id=ConversationId("msg_1"),
        agent_id=AgentId("lan"),
        seen_events=3,
        at=moment,
    )
    envelope = Envelope(id="evt_1", source="test", subject="msg_1", time=moment, data=read)
    await log.append(ORDERS, "key", envelope)
    async with log.tail(ORDERS) as tail:
        (record,) = await take(tail, 1)
    assert record.value is not None
    assert decode(record.headers, record.value) == envelope


async def test_a_removal_is_a_record_without_a_value(log: Log) -> None:
    await log.append_bytes(SHOPS, "hoa-sen", b"{}")
    await log.append_bytes(SHOPS, "hoa-sen", None, [("ce_type", b"shop.removed.v1")])
    async with log.tail(SHOPS) as tail:
        removal = (await take(tail, 2))[1]
    assert removal.value is None
    assert list(removal.headers) == [("ce_type", b"shop.removed.v1")]


async def test_a_record_that_is_too_large_is_refused_and_the_next_one_is_taken(log: Log) -> None:
    body = bytes(ORDERS.max_record_bytes)
    await fill(log, ORDERS, 1)
    with pytest.raises(RecordTooLargeError, match="orders"):
        await log.append_bytes(ORDERS, "key", body, partition=0)
    with pytest.raises(RecordTooLargeError, match="orders"):
        await log.append_all(
            [ProducerRecord(ORDERS, "a", b"x", []), ProducerRecord(ORDERS, "b", body, [])]
        )
    assert await log.append_bytes(ORDERS, "key", b"x", partition=0) == RecordMetadata(0, 1)
    assert sum((await log.end_offsets(ORDERS)).values()) == 2


async def test_end_offsets_are_those_that_the_next_records_get(log: Log) -> None:
    assert await log.end_offsets(ORDERS) == {0: 0, 1: 0, 2: 0, 3: 0}
    await fill(log, ORDERS, 3, partition=2)
    assert await log.end_offsets(ORDERS) == {0: 0, 1: 0, 2: 3, 3: 0}


async def test_a_tail_reads_all_partitions_of_all_its_topics(log: Log) -> None:
    for partition in range(4):
        await fill(log, ORDERS, 2, partition)
        await fill(log, PARCELS, 1, partition)
    async with log.tail(ORDERS, PARCELS) as tail:
        found = {(r.topic, r.partition, r.offset) for r in await take(tail, 12)}
    assert found == {
        *(("orders", partition, offset) for partition in range(4) for offset in range(2)),
        *(("parcels", partition, 0) for partition in range(4)),
    }


async def test_a_tail_from_the_end_reads_only_what_comes_after_it_was_opened(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with log.tail(ORDERS, from_start=False) as tail:
        assert tail.is_caught_up
        await log.append_bytes(ORDERS, "key", b"new", partition=0)
        assert values(await take(tail, 1)) == [b"new"]


async def test_every_tail_reads_everything(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with log.tail(ORDERS) as one, log.tail(ORDERS) as other:
        assert values(await take(one, 3)) == values(await take(other, 3))


async def test_a_tail_of_empty_topics_is_caught_up_at_once(log: Log) -> None:
    async with log.tail(ORDERS, SHOPS) as tail:
        assert tail.is_caught_up


async def test_a_tail_is_caught_up_only_after_its_records_were_handled(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with (
        asyncio.timeout(DEADLINE_S),
        log.tail(ORDERS) as tail,
        aclosing(batches(tail)) as stream,
    ):
        handled = 0
        while handled < 3:
            assert not tail.is_caught_up
            handled += sum(len(records) for records in (await anext(stream)).values())
        assert not tail.is_caught_up
        await anext(stream)
        assert tail.is_caught_up


async def test_caught_up_means_the_end_offsets_at_the_start_and_stays_true(log: Log) -> None:
    await fill(log, ORDERS, 2)
    async with (
        asyncio.timeout(DEADLINE_S),
        log.tail(ORDERS) as tail,
        aclosing(batches(tail)) as stream,
    ):
        while not tail.is_caught_up:
            await anext(stream)
        await fill(log, ORDERS, 2)
        assert tail.is_caught_up
        while not await anext(stream):
            assert tail.is_caught_up


async def test_a_group_reads_from_the_start_and_a_commit_moves_it_on(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with log.subscribe(ORDERS, group="packers") as member:
        assert values(await take(member, 3)) == [b"0", b"1", b"2"]
        await member.commit()
    await log.append_bytes(ORDERS, "key", b"new", partition=0)
    async with log.subscribe(ORDERS, group="packers") as member:
        assert values(await take(member, 1)) == [b"new"]


async def test_uncommitted_records_are_redelivered(log: Log) -> None:
    await fill(log, ORDERS, 2)
    async with log.subscribe(ORDERS, group="packers") as member:
        await take(member, 2)
        await member.commit()
        await fill(log, ORDERS, 2, partition=3)
        await take(member, 2)
    async with log.subscribe(ORDERS, group="packers") as member:
        assert {(r.partition, r.offset) for r in await take(member, 2)} == {(3, 0), (3, 1)}


async def test_committing_twice_or_nothing_is_harmless(log: Log) -> None:
    async with log.subscribe(ORDERS, group="packers") as member:
        await member.commit()
        await fill(log, ORDERS, 1)
        await take(member, 1)
        await member.commit()
        await member.commit()
    async with log.subscribe(ORDERS, group="packers") as member:
        await log.append_bytes(ORDERS, "key", b"new", partition=1)
        assert values(await take(member, 1)) == [b"new"]


async def test_groups_do_not_share_their_progress(log: Log) -> None:
    await fill(log, ORDERS, 2)
    for group in ("packers", "painters"):
        async with log.subscribe(ORDERS, group=group) as member:
            assert len(await take(member, 2)) == 2
            await member.commit()


async def test_a_lone_member_has_every_partition_of_its_topics(log: Log) -> None:
    await fill(log, ORDERS, 1)
    async with log.subscribe(ORDERS, PARCELS, group="packers") as member:
        await take(member, 1)
        assert member.partitions() == {
            (name, partition) for name in ("orders", "parcels") for partition in range(4)
        }


async def test_a_waiting_reader_gets_an_empty_batch_so_that_it_can_prove_its_life(
    log: Log,
) -> None:
    async with (
        asyncio.timeout(DEADLINE_S),
        log.subscribe(ORDERS, group="packers") as member,
        aclosing(batches(member)) as stream,
    ):
        assert await anext(stream) == {}


async def test_a_group_starts_at_the_given_offsets_whatever_was_committed(log: Log) -> None:
    await fill(log, ORDERS, 3)
    await fill(log, ORDERS, 2, partition=1)
    async with log.subscribe(ORDERS, group="packers") as member:
        await take(member, 5)
        await member.commit()
    asked: list[Offsets] = []

    async def starts(committed: Offsets) -> Offsets:
        asked.append(committed)
        return {**committed, ("orders", 0): 1}

    async with log.subscribe(ORDERS, group="packers", starts=starts) as member:
        assert values(await take(member, 2)) == [b"1", b"2"]
        assert asked == [{("orders", 0): 3, ("orders", 1): 2, ("orders", 2): 0, ("orders", 3): 0}]
        assert await member.positions() == asked[0]


async def test_positions_are_those_of_the_next_records(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with log.subscribe(ORDERS, group="packers") as member:
        await take(member, 3)
        assert (await member.positions())["orders", 0] == 3


@pytest.mark.kafka
async def test_partitions_assigned_again_start_where_each_member_names(
    kafka: str, topic_prefix: str
) -> None:
    await ensure_topics(kafka, topic_prefix, 1, (ORDERS,))

    async def from_the_start(committed: Offsets) -> Offsets:
        dealt.append(len(committed))
        return dict.fromkeys(committed, 0)

    dealt: list[int] = []
    async with KafkaLog(kafka, topic_prefix) as log:
        for partition in range(4):
            await fill(log, ORDERS, 1, partition)
        async with log.subscribe(ORDERS, group="packers", starts=from_the_start) as one:
            assert len(await take(one, 4)) == 4
            await one.commit()
            async with (
                log.subscribe(ORDERS, group="packers", starts=from_the_start) as other,
                asyncio.TaskGroup() as tasks,
            ):
                again = [tasks.create_task(take(member, 2)) for member in (one, other)]
    places = {(r.partition, r.offset) for task in again for r in task.result()}
    assert places == {(partition, 0) for partition in range(4)}
    assert dealt == [4, 2, 2]


async def test_a_tail_can_begin_at_an_offset_of_one_partition(log: Log) -> None:
    await fill(log, ORDERS, 5)
    await fill(log, ORDERS, 2, partition=1)
    starts = {(ORDERS.name, 0): 3, (ORDERS.name, 1): 2}
    async with log.tail(ORDERS, starts=starts) as tail:
        found = await take(tail, 2)
        assert [(record.partition, record.offset) for record in found] == [(0, 3), (0, 4)]


async def test_the_offset_at_a_time_is_that_of_the_first_record_from_then_on(log: Log) -> None:
    await fill(log, ORDERS, 3)
    async with log.tail(ORDERS) as tail:
        last = (await take(tail, 3))[-1]
    ends = await log.end_offsets(ORDERS)
    long_ago = datetime.fromtimestamp(0, UTC)
    assert await log.offsets_at(ORDERS, long_ago) == dict.fromkeys(ends, 0)
    later = datetime.fromtimestamp(last.timestamp / 1000 + 60, UTC)
    assert await log.offsets_at(ORDERS, later) == ends
    then = await log.offsets_at(ORDERS, datetime.fromtimestamp(last.timestamp / 1000, UTC))
    assert then[0] <= last.offset
