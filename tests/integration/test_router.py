"""The router as a process of its own, on a real Kafka: what a crash must not do."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from support import market
from support.organizations import directory_record, rule
from support.processes import until
from support.shop import eventually
from support.slow_proxy import PRODUCE, SlowProxy
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.commands import MarkConversationDone
from tuyen_events.directory import Member
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, customer_id, customer_key
from tuyen_events.routing import LoadsReported
from tuyen_events.topic import CUSTOMER_PARTITIONS, Topic
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    COMMANDS,
    DIRECTORY,
    INBOUND,
    PRESENCE,
    REQUESTS,
)
from tuyen_events.topics import CUSTOMERS as CUSTOMERS_TOPIC
from tuyen_events.vocabulary import Reason
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_router.stages.snapshot_writer import SAVED_FROM

PAGES, AGENTS, CUSTOMERS, EVENTS = 1, 7, 60, 400
COMMENTS = EVENTS * 2 // 10
FIRST_MESSAGES = EVENTS // 10
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


@asynccontextmanager
async def _router(kafka: str, prefix: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tuyen_router",
            env={
                **os.environ,
                "TUYEN_KAFKA": kafka,
                "TUYEN_TOPIC_PREFIX": prefix,
                "TUYEN_PORT": "0",
                "TUYEN_ROUTER_SESSION_TIMEOUT_S": "6",
                "TUYEN_LOCAL": "1",
            },
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _count_committed(kafka: str, prefix: str) -> int:
    """How many inbound records the router's group has committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"{prefix}router")
    except GroupCoordinatorNotAvailableError:
        return 0  # no group has committed anything to this broker yet
    finally:
        await admin.close()
    topic = prefix + INBOUND.name
    return sum(max(0, at.offset) for place, at in offsets.items() if place.topic == topic)


async def _assignments(kafka: str, prefix: str) -> list[AssignmentEvent]:
    """All assignment records, each partition in log order."""
    events = await _events(kafka, prefix, ASSIGNMENTS)
    return [event for event in events if isinstance(event, AssignmentEvent)]


async def _events(kafka: str, prefix: str, topic: Topic) -> list[Event]:
    """All events of a topic, each partition in log order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    found = []
    try:
        places = [TopicPartition(prefix + topic.name, p) for p in range(topic.partitions)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        left = {place for place in places if ends[place]}
        while left:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    found.append(decode_data(record.headers, record.value))
                if records[-1].offset + 1 >= ends[place]:
                    left.discard(place)
    finally:
        await consumer.stop()
    return found


async def _until_assigned(kafka: str, prefix: str, conversations: int) -> list[AssignmentEvent]:
    records: list[AssignmentEvent] = []

    async def enough() -> bool:
        records[:] = await _assignments(kafka, prefix)
        return len({record.conversation_id for record in records}) >= conversations

    await eventually(enough, lambda: f"{len(records)} records")
    return records


def _count_held(records: list[AssignmentEvent]) -> Mapping[str, int]:
    """R2.1, R9.2: one owner each, counted by agent."""
    versions = Counter(record.conversation_id for record in records)
    assert set(versions.values()) == {1}
    assert {record.version for record in records} == {1}
    return Counter(str(record.agent_id) for record in records)


@pytest.fixture
async def prefix(kafka: str, topic_prefix: str) -> str:
    """Topics with one organization of seven agents in them."""
    await ensure_topics(kafka, topic_prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        mine = ((key, event) for at, key, event in entities if at is topic)
        await market.publish(kafka, topic_prefix, topic, mine)
    return topic_prefix


async def test_r9_1_behind_a_slow_broker_a_kill_after_a_commit_loses_nothing(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    """The broker takes 400 ms for every write; the worker dies right after its first commit."""
    await market.publish(kafka, prefix, INBOUND, market.acquaintances(PAGES, CUSTOMERS))
    log = tmp_path / "router.log"
    async with (
        SlowProxy(kafka, 0.4, api_keys=frozenset({PRODUCE})) as slow,
        _router(slow.bootstrap, prefix, log) as worker,
    ):
        await eventually(lambda: _count_committed(kafka, prefix), log.read_text)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

    async with _router(kafka, prefix, log):
        held = _count_held(await _until_assigned(kafka, prefix, CUSTOMERS))

    assert sum(held.values()) == CUSTOMERS
    assert max(held.values()) - min(held.values()) <= 1


async def test_inv4_r2_1_r9_1_two_workers_one_killed_again_and_again(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    expected = CUSTOMERS + COMMENTS + FIRST_MESSAGES
    async with _router(kafka, prefix, tmp_path / "survivor.log") as survivor:
        for part in range(2):
            async with _router(kafka, prefix, tmp_path / f"victim-{part}.log") as victim:
                events = (
                    market.acquaintances(PAGES, CUSTOMERS)
                    if part == 0
                    else market.mix(EVENTS, PAGES, CUSTOMERS)
                )
                await market.publish(kafka, prefix, INBOUND, events)
                await _until_assigned(kafka, prefix, 1 if part == 0 else CUSTOMERS + 5)
                victim.send_signal(signal.SIGKILL)
                await victim.wait()
        records = await _until_assigned(kafka, prefix, expected)
        assert survivor.returncode is None

    held = _count_held(records)
    assert sum(held.values()) == expected
    assert max(held.values()) - min(held.values()) <= 1


async def test_r9_6_a_worker_that_starts_with_a_snapshot_knows_what_was_assigned(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    """So many comments of one customer that the snapshot has them; they are delivered again to
    another worker, which reads of assignments only what comes after it."""
    many, more = SAVED_FROM + 50, 10
    comments = [market.comment(number, 0, 1) for number in range(many + more)]
    log = tmp_path / "router.log"
    await market.publish(kafka, prefix, INBOUND, comments[:many])
    async with _router(kafka, prefix, log) as worker:
        await _until_assigned(kafka, prefix, many)
        await _until_saved(kafka, prefix)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    await market.publish(kafka, prefix, INBOUND, comments)
    async with _router(kafka, prefix, log):
        held = _count_held(await _until_assigned(kafka, prefix, many + more))
    assert sum(held.values()) == many + more
    assert max(held.values()) - min(held.values()) <= 1


async def _until_saved(kafka: str, prefix: str) -> None:
    """Waits until a partition's snapshot says from where on assignments are to be read."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign(
            [TopicPartition(prefix + CUSTOMERS_TOPIC.name, p) for p in range(CUSTOMER_PARTITIONS)]
        )
        async with asyncio.timeout(60):
            async for record in consumer:
                if record.key == b"tail":
                    return


async def test_r9_2_a_graceful_stop_and_a_replay_decide_nothing_again(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    await market.publish(kafka, prefix, INBOUND, market.acquaintances(PAGES, CUSTOMERS))
    log = tmp_path / "router.log"
    async with _router(kafka, prefix, log) as worker:
        before = await _until_assigned(kafka, prefix, CUSTOMERS)
        worker.send_signal(signal.SIGTERM)
        await until(lambda: worker.returncode is not None)
        assert worker.returncode == 0
    await _forget_commits(kafka, prefix)

    async with _router(kafka, prefix, log):
        await market.publish(kafka, prefix, INBOUND, [market.comment(1, 0, 5)])
        after = await _until_assigned(kafka, prefix, CUSTOMERS + 1)

    by_conversation = {record.conversation_id: record for record in after}
    assert {each.conversation_id: each for each in before}.items() <= by_conversation.items()
    assert len(after) == CUSTOMERS + 1
    held = _count_held(after)
    assert max(held.values()) - min(held.values()) <= 1


async def test_r1_7_a_rule_that_begins_to_count_knows_what_was_open_and_a_kill_forgets_nothing(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    """Seven agents have sixty conversations when each may have nine: there is room for three."""
    await market.publish(kafka, prefix, INBOUND, market.acquaintances(PAGES, CUSTOMERS))
    log = tmp_path / "router.log"
    async with _router(kafka, prefix, log) as worker:
        await _until_assigned(kafka, prefix, CUSTOMERS)
        await market.publish(kafka, prefix, DIRECTORY, [_rule_of_nine()])
        await _until_all_loads_were_reported(kafka, prefix, reports_of_each=1)
        comments = [market.comment(number, 0, number) for number in range(5)]
        await market.publish(kafka, prefix, INBOUND, comments)
        await _until_assigned(kafka, prefix, CUSTOMERS + 5)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

    async with _router(kafka, prefix, log):
        await _until_all_loads_were_reported(kafka, prefix, reports_of_each=2)
        records = await _assignments(kafka, prefix)
        held = Counter(each.agent_id for each in records)
        assert held.pop(None) == 2
        assert set(held.values()) == {9}
        await market.publish(kafka, prefix, COMMANDS, [_make_done(records[0])])

        async def drained() -> bool:
            found = await _assignments(kafka, prefix)
            return [each.agent_id for each in found if each.reason is Reason.QUEUE_DRAINED] == [
                records[0].agent_id
            ]

        await eventually(drained, log.read_text)


def _rule_of_nine() -> tuple[str, Envelope]:
    agents = (AgentId(f"agent-{number}") for number in range(AGENTS))
    members = [Member(agent_id=each, capacity=9) for each in agents]
    about: dict[str, Any] = {"organization": market.organization_of(0), "at": NOW}
    return directory_record(rule("everyone", members, version=2, **about))


def _make_done(record: AssignmentEvent) -> tuple[str, Envelope]:
    """A customer's conversation is done. The key has to lead where the customer is."""
    externals = (f"67{customer:014d}" for customer in range(CUSTOMERS))
    (external,) = (
        each
        for each in externals
        if customer_id(record.organization, record.page_id, each) == record.customer_id
    )
    command = MarkConversationDone(
        command_id="done",
        organization=record.organization,
        page_id=record.page_id,
        conversation_id=record.conversation_id,
        customer_id=record.customer_id,
        customer_external_id=external,
        kind=record.kind,
        done=True,
        seen_events=99,
        seen_offset=10**9,
        by=record.agent_id,
        at=NOW,
    )
    envelope = Envelope(id="done", source="test", subject="done", time=NOW, data=command)
    return customer_key(record.organization, record.page_id, external), envelope


async def _until_all_loads_were_reported(kafka: str, prefix: str, *, reports_of_each: int) -> None:
    """Until every partition that has conversations told all of its loads, so and so often."""
    told: Counter[int] = Counter()
    keys = (key for key, _ in market.acquaintances(PAGES, CUSTOMERS))
    holding = {partition_of(key, CUSTOMER_PARTITIONS) for key in keys}

    async def enough() -> bool:
        reports = await _events(kafka, prefix, REQUESTS)
        told.clear()
        told.update(
            each.partition for each in reports if isinstance(each, LoadsReported) and each.complete
        )
        return all(told[partition] >= reports_of_each for partition in holding)

    await eventually(enough, lambda: f"told by {told}")


async def _forget_commits(kafka: str, prefix: str) -> None:
    """All inputs from the start again, as if nothing had ever been committed."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=f"{prefix}router", enable_auto_commit=False
    )
    await consumer.start()
    try:
        places = [
            TopicPartition(prefix + topic.name, partition)
            for topic in (INBOUND, ANSWERS, COMMANDS, REQUESTS)
            for partition in range(topic.partitions)
        ]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    finally:
        await consumer.stop()
