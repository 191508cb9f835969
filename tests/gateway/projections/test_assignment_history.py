"""The history of assignments outlives the records that were superseded (I10, O4)."""

import asyncio

import pytest

from gateway.feed import Feed
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENT_HISTORY, ASSIGNMENTS
from tuyen_gateway.projections.assignment_history import copy_assignment_history
from tuyen_gateway.projections.collections import CONVERSATIONS, HISTORY
from tuyen_gateway.projections.run import run_projections
from tuyen_gateway.rebuild import rebuild
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.groups import StillRunningError
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Record
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.projection import MongoPositions

DEADLINE_S = 20


async def alone() -> None:
    """No gateway runs."""


async def standing(log: InMemoryLog, topic: Topic) -> list[Record]:
    ends = await log.end_offsets(topic)
    found: list[Record] = []
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            found += [record for records in batch.values() for record in records]
            if len(found) == sum(ends.values()):
                return found
    return found


async def history(views: Database, count: int, of: str = HISTORY) -> list[Document]:
    while await views[of].count_documents({}) < count:  # noqa: ASYNC110 - MongoDB cannot notify
        await asyncio.sleep(0.02)
    return [found async for found in views[of].find().sort("_id", 1)]


async def wait_until_kept(log: InMemoryLog, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        copying = tasks.create_task(copy_assignment_history(log))
        async with log.tail(ASSIGNMENT_HISTORY) as tail:
            async for batch in tail.batches():
                count -= sum(map(len, batch.values()))
                if count <= 0:
                    break
        copying.cancel()


async def fold(log: InMemoryLog, views: Database, count: int, of: str = HISTORY) -> list[Document]:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        folding = tasks.create_task(run_projections(log, views, ConsumerStatus()))
        found = await history(views, count, of)
        folding.cancel()
    return found


async def compact(log: InMemoryLog) -> InMemoryLog:
    """The log a month later: of `assignments` the last record of each conversation is left."""
    later = InMemoryLog()
    left = {record.key: record for record in await standing(log, ASSIGNMENTS)}
    for topic, records in (
        (ASSIGNMENTS, list(left.values())),
        (ASSIGNMENT_HISTORY, await standing(log, ASSIGNMENT_HISTORY)),
    ):
        for r in records:
            key = (r.key or b"").decode()
            await later.append_bytes(topic, key, r.value, r.headers, partition=r.partition)
    return later


async def test_o4_a_rebuild_shows_the_history_whose_records_were_compacted_away(
    log: InMemoryLog, views: Database
) -> None:
    feed = Feed(log)
    for customer in ("a", "b"):
        for agent in (None, "lan", "minh", "hoa"):
            await feed.assign(customer, agent)
    live = await fold(log, views, 8)
    await wait_until_kept(log, 8)
    later = await compact(log)
    assert sum((await later.end_offsets(ASSIGNMENTS)).values()) == 2
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(later, views, alone)
    assert await history(views, 8) == live
    assert await fold(later, views, 8) == live
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(later, views, alone)  # again, as after one that broke off
    assert await history(views, 8) == live


async def test_i10_what_is_copied_twice_after_a_crash_is_shown_once(
    log: InMemoryLog, views: Database
) -> None:
    feed = Feed(log)
    for agent in ("lan", "minh"):
        await feed.assign("a", agent)
    await wait_until_kept(log, 2)
    for record in await standing(log, ASSIGNMENTS):  # the copies stood, the commit did not
        key = (record.key or b"").decode()
        await log.append_bytes(
            ASSIGNMENT_HISTORY, key, record.value, record.headers, partition=record.partition
        )
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(log, views, alone)
    assert [document["version"] for document in await history(views, 2)] == [1, 2]


async def test_o4_a_rebuild_during_which_a_gateway_starts_is_to_be_run_again(
    log: InMemoryLog, views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts when the positions are forgotten: what it folds is dropped, and its own stand."""
    feed = Feed(log)
    for customer in ("a", "b"):
        await feed.message(customer)
    await fold(log, views, 2, CONVERSATIONS)
    started: list[str] = []
    forget = MongoPositions.forget

    async def joined(positions: MongoPositions) -> None:
        await forget(positions)
        if not started:
            started.append("gateway-2")
            await fold(log, views, 2, CONVERSATIONS)

    async def stopped() -> None:
        if started:
            raise StillRunningError(f"{started} is running")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(MongoPositions, "forget", joined)
        with pytest.raises(StillRunningError):
            await rebuild(log, views, stopped)
    started.clear()
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(log, views, stopped)
    assert len(await fold(log, views, 2, CONVERSATIONS)) == 2
