"""The router as a process of its own, on a real Kafka: what a crash must not do."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from support import market
from support.processes import until
from support.shop import eventually
from support.slow_proxy import PRODUCE, SlowProxy
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    COMMANDS,
    DIRECTORY,
    INBOUND,
    PRESENCE,
    REQUESTS,
)
from tuyen_platform.kafka.topics import ensure_topics

PAGES, AGENTS, CUSTOMERS, EVENTS = 1, 7, 60, 400
COMMENTS = EVENTS * 2 // 10
FIRST_MESSAGES = EVENTS // 10


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


async def _committed(kafka: str, prefix: str) -> int:
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
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    found = []
    try:
        places = [
            TopicPartition(prefix + ASSIGNMENTS.name, p) for p in range(ASSIGNMENTS.partitions)
        ]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        left = {place for place in places if ends[place]}
        while left:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    event = decode_data(record.headers, record.value)
                    assert isinstance(event, AssignmentEvent)
                    found.append(event)
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


def _held(records: list[AssignmentEvent]) -> Mapping[str, int]:
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
        await eventually(lambda: _committed(kafka, prefix), log.read_text)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

    async with _router(kafka, prefix, log):
        held = _held(await _until_assigned(kafka, prefix, CUSTOMERS))

    assert sum(held.values()) == CUSTOMERS
    assert max(held.values()) - min(held.values()) <= 1


async def test_r2_1_r9_1_two_workers_one_killed_again_and_again(
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

    held = _held(records)
    assert sum(held.values()) == expected
    assert max(held.values()) - min(held.values()) <= 1


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
    held = _held(after)
    assert max(held.values()) - min(held.values()) <= 1


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
