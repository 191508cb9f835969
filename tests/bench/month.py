"""How long a router worker that was killed takes to come back after a month at ten events a second.

Seven of ten events are messages of customers who are known, and write their record again; two are
root comments. The log that a router leaves is written directly:

- `router-customers` with `CUSTOMERS` customers, each written `REWRITES` times in turn. A month
  would be `MONTH_REWRITES` of them; the topic's segments are as much smaller as the history is, so
  that Kafka's cleaner has as many to go through.
- All that is kept of a month's root comments: `COMMENTS` at rest, and so many young ones that none
  of them may rest yet, each with a row of its own.
- `assignments`, of which a start reads what the snapshot lacks: only what a router lets come
  together before it writes it there, the most that it can be. What lies before is not read,
  whatever it is, and a part of it is there.

The worker is killed and another one started at once. The figure is the time from the kill until
that one is ready, with ten seconds in which Kafka waits for the one that was killed.
"""

import asyncio
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from bench.log import ends, reading
from bench.processes import cpu_seconds, free_port, peak_memory, ready, running, service_env
from bench.report import Bar, median_of
from bench.report import Row as Figure
from support import market
from tuyen_events import ids
from tuyen_events.topic import CUSTOMER_PARTITIONS, Topic
from tuyen_events.topics import ASSIGNMENTS, CUSTOMERS, DIRECTORY, PRESENCE
from tuyen_events.vocabulary import Reason
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_router.domain.archive import ArchivedConversation
from tuyen_router.domain.archiving import MIN_UNARCHIVED
from tuyen_router.domain.customer_records import ConversationState
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.snapshot import ChangedEntries
from tuyen_router.stages.snapshot_writer import SAVED_FROM
from tuyen_router.stages.tables import build_changed_entries, comment_entry

PAGES = 100
AGENTS = 50
CUSTOMERS_KNOWN = 100_000
EVENTS = 10 * 30 * 86_400
COMMENTS = EVENTS * 2 // 10
REWRITES = 4
MONTH_REWRITES = EVENTS * 7 // 10 // CUSTOMERS_KNOWN
_SEGMENT_BYTES = 1024 * 1024
"""The least that Kafka takes; sixteen times less than the topic's own."""
_CLEANED_S = 180.0
_DAY = 20_778
_BUCKETS = 4_096
_KEY_BYTES = 8
"""The bytes that identify a conversation at rest."""


async def measure(kafka: str) -> list[Figure]:
    prefix = f"bench{secrets.token_hex(3)}."
    await _prepare(kafka, prefix)
    left = await _wait_for_cleaning(kafka, prefix)
    with tempfile.TemporaryDirectory() as name:
        logs = Path(name) / "killed.log", Path(name) / "taken.log"
        ports = free_port(), free_port()
        env = [service_env(kafka, prefix, port) for port in ports]
        async with running("tuyen_router", env[0], log=logs[0]) as one:
            await ready(ports[0], one)
            one.send_signal(signal.SIGKILL)
            await one.wait()
        begun = time.monotonic()
        async with running("tuyen_router", env[1], log=logs[1]) as two:
            await ready(ports[1], two)
            whole = time.monotonic() - begun
            peak, busy = peak_memory(two.pid), cpu_seconds(two.pid)
    what = "a month at 10 events/s"
    return [
        median_of(f"router killed to ready, {what}", "s", [whole], Bar(most=30)),
        median_of(f"router's start, {what}, CPU", "s", [busy]),
        median_of(f"router's memory, {what}", "GB", [peak / 10**9]),
        median_of(f"records read at a start, {what}", "records", [left]),
    ]


async def _prepare(kafka: str, prefix: str) -> None:
    await ensure_topics(kafka, prefix, 1)
    await _scale_segments(kafka, prefix + CUSTOMERS.name)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        mine = ((key, event) for at, key, event in entities if at is topic)
        await market.publish(kafka, prefix, topic, mine)
    await market.write(kafka, prefix, market.history())
    known = list(market.make_known(PAGES, AGENTS, CUSTOMERS_KNOWN))
    customers = [each for each in known if each[0] is CUSTOMERS]
    for _ in range(REWRITES - 1):
        await market.write(kafka, prefix, customers)
    await market.write(kafka, prefix, known)
    await market.write(kafka, prefix, _comments())
    unsaved = [each for each in known if each[0] is ASSIGNMENTS]
    await market.write(kafka, prefix, unsaved[: SAVED_FROM * CUSTOMER_PARTITIONS])


async def _scale_segments(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        scaled = CUSTOMERS.config() | {
            "segment.bytes": str(_SEGMENT_BYTES),
            "min.compaction.lag.ms": "0",
        }
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, scaled)
        await admin.alter_configs([resource])
    finally:
        await admin.close()


def _comments() -> Iterator[tuple[Topic, market.Placed]]:
    """The month's root comments, as stage 1 leaves them."""
    organization = market.organization_of(0)
    for place in range(CUSTOMER_PARTITIONS):
        partition = CustomerState(place)
        for number in range(MIN_UNARCHIVED):
            comment = ids.ConversationId(f"cmt_{place}_young_{number}")
            agent = ids.AgentId(f"agent-{number % AGENTS}")
            row = ConversationState(
                organization, 1, agent, Reason.ROTATION, None, number, -1, _DAY + 30
            )
            partition.conversations[comment] = row
            yield CUSTOMERS, market.Placed(place, *comment_entry(partition, comment), [])
        changed = _make_rested(partition)
        for key, value, _ in build_changed_entries(partition, changed):
            yield CUSTOMERS, market.Placed(place, key or b"", value, [])


def _make_rested(partition: CustomerState) -> ChangedEntries:
    """Comments at rest, made of one: they differ in the bytes that tell them apart, by chance."""
    owner = (market.organization_of(0), ids.AgentId("agent-0"))
    rested = ArchivedConversation(owner, 1, Reason.ROTATION, _DAY, 1, is_done=False)
    number = partition.archive.put(ids.ConversationId("cmt"), rested)
    same = partition.archive.buckets[number][_KEY_BYTES:]
    for bucket in range(_BUCKETS):
        count = COMMENTS // CUSTOMER_PARTITIONS // _BUCKETS
        keys = os.urandom(_KEY_BYTES * count)
        partition.archive.buckets[bucket] = b"".join(
            keys[at : at + _KEY_BYTES] + same for at in range(0, len(keys), _KEY_BYTES)
        )
    return ChangedEntries(
        buckets=set(range(_BUCKETS)), assignees=range(len(partition.archive.assignees))
    )


async def _wait_for_cleaning(kafka: str, prefix: str) -> int:
    """Waits until Kafka's cleaner has nothing more to do, and returns how many records it left.

    It does not tell; it is done when two looks some seconds apart find the same.
    """
    before, left = -1, await _count_left(kafka, prefix)
    async with asyncio.timeout(_CLEANED_S):
        while left != before:
            await asyncio.sleep(5)
            before, left = left, await _count_left(kafka, prefix)
    return left


async def _count_left(kafka: str, prefix: str) -> int:
    """How many records a reader of the whole topic gets."""
    limits = await ends(kafka, prefix, CUSTOMERS)
    async with reading(kafka) as consumer:
        return await _count(consumer, prefix + CUSTOMERS.name, limits)


async def _count(consumer: AIOKafkaConsumer, topic: str, limits: dict[int, int]) -> int:
    places = [TopicPartition(topic, partition) for partition in limits]
    consumer.assign(places)
    await consumer.seek_to_beginning()
    count, behind = 0, {place for place in places if limits[place.partition]}
    while behind:
        for place, records in (await consumer.getmany(timeout_ms=500)).items():
            count += len(records)
            if records[-1].offset + 1 >= limits[place.partition]:
                behind.discard(place)
    return count
