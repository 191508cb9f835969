"""The same law over a real log: gateways that come and go, and a rebuild."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import bson
import pytest

from support.inbox_histories import History
from support.inbox_inbound import ORGANIZATION
from support.views import plain_counters, without_revision
from tuyen_events.topics import ASSIGNMENT_HISTORY
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.projections.collections import COLLECTIONS, COUNTERS, FOLDED
from tuyen_gateway.projections.run import GROUP, run_projections
from tuyen_gateway.rebuild import rebuild
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.groups import StillRunningError, require_stopped
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import Database, Document


def _in_order(document: Document) -> Document:
    """Names of fields that are added one by one, as partitions are, have no order of their own."""
    return {
        name: dict(sorted(value.items())) if isinstance(value, dict) else value
        for name, value in document.items()
    }


async def _dump(database: Database) -> dict[str, list[bytes]]:
    return {
        name: [
            bson.encode(
                _in_order(without_revision(found) if name != COUNTERS else plain_counters(found))
            )
            async for found in database[name].find().sort("_id", 1)
        ]
        for name in COLLECTIONS
    }


@asynccontextmanager
async def _gateway(log: KafkaLog, views: Database) -> AsyncIterator[MongoViews]:
    status = ConsumerStatus()
    task = asyncio.create_task(run_projections(log, views, status))
    try:
        yield MongoViews(views, log, status)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _caught_up(inbox: MongoViews) -> None:
    """Waits as long as a group needs for a rebalance."""
    async with asyncio.timeout(60):
        while True:
            with suppress(UnavailableError):
                await inbox.wait_until_caught_up()
                return


@pytest.fixture
async def kafka_log(kafka: str, topic_prefix: str) -> AsyncIterator[KafkaLog]:
    await ensure_topics(kafka, topic_prefix, 1, (*FOLDED, ASSIGNMENT_HISTORY))
    async with KafkaLog(kafka, topic_prefix) as log:
        yield log


async def _write(log: KafkaLog, history: History, part: Callable[[int], bool]) -> None:
    topics = {topic.name: topic for topic in FOLDED}
    for (topic, partition), records in sorted(history.records.items()):
        for record in records:
            if part(record.offset):
                await log.append_bytes(
                    topics[topic],
                    (record.key or b"").decode(),
                    record.value,
                    record.headers,
                    partition=partition,
                )


async def test_inv6_replay_equals_live_over_restarts_and_after_a_rebuild(
    kafka: str, topic_prefix: str, kafka_log: KafkaLog, views: Database
) -> None:
    stopped = partial(require_stopped, kafka, topic_prefix + GROUP, "a gateway")
    await stopped()
    history = History(7).grow(200)
    async with _gateway(kafka_log, views) as inbox:
        await _write(kafka_log, history, lambda offset: offset < 2)
        await _caught_up(inbox)
        with pytest.raises(StillRunningError):
            await rebuild(kafka_log, views, partial(stopped, within_s=0.5))
    await stopped()
    async with _gateway(kafka_log, views), _gateway(kafka_log, views) as inbox:
        await _write(kafka_log, history, lambda offset: offset >= 2)
        await _caught_up(inbox)
        head = await inbox.head(ORGANIZATION)
    live = await _dump(views)
    assert all(live.values())
    await rebuild(kafka_log, views, stopped)
    assert not any((await _dump(views)).values())
    async with _gateway(kafka_log, views) as inbox:
        await _caught_up(inbox)
        assert await inbox.head(ORGANIZATION) > head
    assert await _dump(views) == live
