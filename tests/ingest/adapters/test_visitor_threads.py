"""L4: the threads that visitors see, in memory and in MongoDB: the same from both."""

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from ingest.thread_events import AT, THREAD, assigned, replied, settled, wrote
from tuyen_events.event import Event
from tuyen_events.ids import ConversationId
from tuyen_events.visitor_limits import SHOWN_MESSAGES, VISITOR_THREAD_KEPT_S
from tuyen_ingest.adapters.visitor_threads import (
    ASSIGNEES,
    MESSAGES,
    InMemoryVisitorThreads,
    MongoVisitorThreads,
)
from tuyen_ingest.domain.threads import ThreadChange, VisitorThread, changes_of
from tuyen_ingest.ports import VisitorThreads
from tuyen_platform.clock import ManualClock
from tuyen_platform.mongodb import connect

CLOCK = ManualClock(AT + timedelta(minutes=5))


@pytest.fixture(params=["memory", "mongodb"])
async def threads(request: pytest.FixtureRequest) -> AsyncIterator[VisitorThreads]:
    if request.param == "memory":
        yield InMemoryVisitorThreads()
        return
    database = connect(request.getfixturevalue("mongodb"), request.getfixturevalue("database"))
    yield MongoVisitorThreads(database, CLOCK)
    database.client.close()


def changes(*events: Event) -> Sequence[ThreadChange]:
    return [one for event in events for one in changes_of(event, lambda *_: True)]


async def read(threads: VisitorThreads) -> VisitorThread:
    return await threads.read(THREAD)


async def test_l4_a_thread_is_empty_before_somebody_writes(threads: VisitorThreads) -> None:
    assert await read(threads) == VisitorThread()


async def test_l4_questions_and_answers_in_their_order(threads: VisitorThreads) -> None:
    reply = replied(1, at=3)
    await threads.apply(changes(wrote(2, at=5), wrote(1, at=1), reply, settled(reply)))
    await threads.apply(changes(assigned("lan", 1)))
    thread = await read(threads)
    assert [one.text for one in thread.messages] == ["hỏi 1", "dạ 1", "hỏi 2"]
    assert thread.assignee == "lan"
    assert thread.messages[1].files[0].id == "att_1"
    assert [one.sent_at for one in thread.messages] == [None, settled(reply).at, None]
    assert await threads.read(ConversationId("msg_of_somebody_else")) == VisitorThread()


async def test_l4_the_same_in_any_order_and_however_often(threads: VisitorThreads) -> None:
    reply = replied(1, at=3)
    facts = changes(wrote(1, at=1), reply, settled(reply), assigned("an", 1), assigned("lan", 2))
    wanted = None
    for order in itertools.islice(itertools.permutations(facts), 0, 120, 17):
        for fact in order:
            await threads.apply([fact])
        await threads.apply(order)
        thread = await read(threads)
        wanted = wanted or thread
        assert thread == wanted
    assert wanted is not None
    assert [one.text for one in wanted.messages] == ["hỏi 1", "dạ 1"]
    assert wanted.assignee == "lan"


async def test_l4_what_was_not_sent_is_not_shown(threads: VisitorThreads) -> None:
    await threads.apply(changes(wrote(1), replied(1)))
    assert [one.own for one in (await read(threads)).messages] == [True]


async def test_l4_an_unassigned_thread_has_nobody(threads: VisitorThreads) -> None:
    await threads.apply(changes(wrote(1), assigned("lan", 1), assigned(None, 2)))
    assert (await read(threads)).assignee is None


async def test_r9_6_the_newest_messages_are_read(threads: VisitorThreads) -> None:
    many = SHOWN_MESSAGES + 5
    await threads.apply(changes(*(wrote(number, at=number) for number in range(many))))
    messages = (await read(threads)).messages
    assert [one.text for one in messages] == [f"hỏi {number}" for number in range(5, many)]


async def test_r9_6_what_is_old_is_neither_stored_nor_shown(mongodb: str, database: str) -> None:
    connected = connect(mongodb, database)
    clock = ManualClock(AT)
    threads = MongoVisitorThreads(connected, clock)
    await threads.apply(changes(wrote(1), assigned("lan", 1)))
    clock.advance(timedelta(seconds=VISITOR_THREAD_KEPT_S + 60))
    await threads.apply(changes(wrote(2)))
    assert await read(threads) == VisitorThread()
    assert await connected[MESSAGES].count_documents({}) == 1  # until MongoDB removes it
    for name in (MESSAGES, ASSIGNEES):
        indexes = await connected[name].index_information()
        assert indexes["kept"]["expireAfterSeconds"] == 0
        document = await connected[name].find_one({})
        assert document is not None
        assert document["expires_at"] >= AT + timedelta(seconds=VISITOR_THREAD_KEPT_S)
    connected.client.close()


async def test_r9_5_a_thread_is_read_from_an_index(mongodb: str, database: str) -> None:
    connected = connect(mongodb, database)
    threads = MongoVisitorThreads(connected, CLOCK)
    await threads.apply(changes(wrote(1)))
    query = {"thread": THREAD, "sent": True, "at": {"$gte": AT}}
    plan = await connected[MESSAGES].find(query).sort([("at", -1), ("_id", -1)]).explain()
    assert "by_thread" in str(plan["queryPlanner"]["winningPlan"])
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    connected.client.close()
