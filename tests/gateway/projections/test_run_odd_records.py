"""What MongoDB never takes: the view goes on without it."""

import asyncio

from gateway.feed import START, Feed
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.marks import ConversationRead
from tuyen_events.topics import DEAD_LETTERS, MARKS
from tuyen_gateway.projections.collections import CONVERSATIONS
from tuyen_gateway.projections.run import run_projections
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

DEADLINE_S = 20


async def read(log: InMemoryLog, thread: ConversationId, agent: str, seen: int) -> None:
    data = ConversationRead(
        organization=OrganizationId("shop"),
        conversation_id=thread,
        agent_id=AgentId(agent),
        seen_events=seen,
        at=START,
    )
    envelope = Envelope(id=f"evt_{agent}", source="t", subject="s", time=START, data=data)
    await log.append(MARKS, thread, envelope)


async def test_r9_5_a_document_that_mongodb_never_takes_holds_up_nobody(
    log: InMemoryLog, views: Database
) -> None:
    odd = await Feed(log, "shop").message("a", "alas")
    await read(log, odd, "lan", 2**70)
    quiet = await Feed(log, "quiet").message("b", "hello")
    await read(log, odd, "minh", 1)
    folded = {"_id": {"$regex": "/marks/"}, "offset": 2}
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_projections(log, views, ConsumerStatus()))
        while not await views.positions.find_one(folded):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(0.02)
        running.cancel()
    rows = {row["_id"]: row async for row in views[CONVERSATIONS].find()}
    assert rows.keys() == {odd, quiet}
    assert [mark["agent_id"] for mark in rows[odd]["reads"]] == ["minh"]
    assert sum((await log.end_offsets(DEAD_LETTERS)).values()) == 1
