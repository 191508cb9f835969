"""Counters say what counting the rows would, however they came about, for every viewer."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from msgspec.structs import replace
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from support.inbox_histories import History
from support.inbox_inbound import ORGANIZATION, PAGE, START, make_random
from support.views import fold_by_three, numbers_of
from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.ids import AgentId, ConversationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.queries import build_covered_query, build_matching_query
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import ReadMark
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports.views import InboxCounts
from tuyen_gateway.projections.collections import CONVERSATIONS, COUNTERS, VIEW, read_by_id
from tuyen_gateway.projections.counters import write_rows
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database, Document, connect
from tuyen_platform.projection import MongoPositions

pytestmark = pytest.mark.usefixtures("indexes")

VIEWERS = [AgentId("an"), AgentId("binh.1"), AgentId("new-here")]
FILTERS = [
    ConversationFilter(),
    ConversationFilter(unread=True),
    ConversationFilter(channel=Channel.FACEBOOK, done=False),
    ConversationFilter(kind=ConversationKind.COMMENT),
    ConversationFilter(page_id=PAGE, done=True),
    ConversationFilter(held_by=Holder(agent_id=None), unread=True),
    ConversationFilter(held_by=Holder(agent_id=VIEWERS[1])),
    ConversationFilter(held_by=Holder(agent_id=AgentId("*"))),
    ConversationFilter(page_id=PageId("*")),
]
PAGES = [None, frozenset({PAGE, PageId("another")}), frozenset[PageId]()]

_UNDONE_WITHIN_S = 45
_LOOK_AGAIN_S = 0.5


def _scopes(moments: Sequence[datetime]) -> Iterator[Scope]:
    for viewer, pages, assignees in product(VIEWERS, PAGES, Assignees):
        for since in (None, *moments):
            yield Scope(
                organization=ORGANIZATION,
                agent_id=viewer,
                pages=pages,
                assignees=assignees,
                since=since,
            )


def _unread(row: Document, scope: Scope) -> bool:
    if row["live_events"] == 0 or scope.agent_id in row["read_by"]:
        return False
    marked = any(read["agent_id"] == scope.agent_id for read in row["reads"])
    later = scope.since is None or (row["last_inbound_at"] or scope.since) > scope.since
    return later or marked


def _count_expected(
    rows: Sequence[Document], scope: Scope, wanted: ConversationFilter
) -> InboxCounts:
    unread = [row for row in rows if _unread(row, scope)]
    return InboxCounts(
        total=len(unread if wanted.unread else rows),
        unread=len(unread),
        unread_by_channel={each: sum(r["channel"] == each for r in unread) for each in Channel},
        unread_by_kind={each: sum(r["kind"] == each for r in unread) for each in ConversationKind},
    )


def _views(database: Database) -> MongoViews:
    return MongoViews(database, InMemoryLog(SystemClock()), ConsumerStatus())


def _grown(random: Random, number: int) -> InboxRow:
    """A conversation of the hundred days before `START`."""
    marked = [each for each in VIEWERS if random.random() < 0.4]
    kind = random.choice(list(ConversationKind))
    return InboxRow(
        id=ConversationId(f"row_{number}"),
        organization=ORGANIZATION,
        page_id=random.choice([PAGE, PageId("other")]),
        channel=random.choice(list(Channel)),
        kind=kind,
        inbound_events=3,
        live_events=random.choice([0, 3, 3, 3]),
        updated_at=START,
        last_inbound_at=START - timedelta(hours=random.randrange(2400)),
        assignee=random.choice([None, *VIEWERS]),
        done=random.random() < 0.5,
        reads=tuple(ReadMark(agent_id=each, seen_events=3) for each in marked),
        read_by=tuple(each for each in marked if random.random() < 0.5),
    )


async def test_i5_counters_know_what_came_before_a_viewer_whenever_that_was(
    views: Database,
) -> None:
    """Rows of four months, each changed several times; viewers of each part of a month."""
    random = make_random(5)
    for _ in range(4):
        changed = [_grown(random, random.randrange(400)) for _ in range(200)]
        after = {row.id: row for row in changed}
        before = await read_by_id(views[CONVERSATIONS], InboxRow, after.keys())
        assert await write_rows(views, before, after.values())
    moments = [START - timedelta(hours=hours) for hours in range(-24, 2500, 197)]
    asked = _views(views)
    for since, assignees, page in product(moments, Assignees, [None, PAGE]):
        scope = Scope(
            organization=ORGANIZATION,
            agent_id=VIEWERS[0],
            pages=None if page is None else frozenset({page}),
            assignees=assignees,
            since=since,
        )
        rows = await views[CONVERSATIONS].find({"$and": build_covered_query(scope)}).to_list(None)
        counts = await asked.counts(scope, ConversationFilter())
        assert counts == _count_expected(rows, scope, ConversationFilter()), scope


@pytest.mark.parametrize("seed", range(60, 62))
async def test_i3_counters_say_what_counting_the_rows_would(views: Database, seed: int) -> None:
    """Also for viewers who came on the day of some of the rows, before, and after all of them."""
    await fold_by_three(views, History(seed).grow(250), 0)
    rows = await views[CONVERSATIONS].find({"organization": ORGANIZATION}).to_list(None)
    came = sorted(row["last_inbound_at"] for row in rows if row["last_inbound_at"])
    asked = _views(views)
    seen = 0
    for scope, wanted in product(
        _scopes([START - timedelta(days=9), came[len(came) // 2], came[-1]]), FILTERS
    ):
        anyhow = ConversationFilter(
            channel=wanted.channel,
            kind=wanted.kind,
            page_id=wanted.page_id,
            held_by=wanted.held_by,
            done=wanted.done,
        )
        matching = (
            await views[CONVERSATIONS]
            .find({"$and": build_matching_query(scope, anyhow)})
            .to_list(None)
        )
        counts = await asked.counts(scope, wanted)
        assert counts == _count_expected(matching, scope, wanted), (scope, wanted)
        seen += counts.unread
    assert seen > 0


async def _fold_history(views: Database) -> None:
    """A history to whose end the views have come."""
    history = History(70).grow(250)
    await fold_by_three(views, history, 0)
    await MongoPositions(views, VIEW).save(
        {place: records[-1].offset + 1 for place, records in history.records.items()}
    )


async def test_i4_the_list_of_what_is_unread_ends_with_the_last_of_it(views: Database) -> None:
    await _fold_history(views)
    asked = _views(views)
    rows = (
        await views[CONVERSATIONS]
        .find({"organization": ORGANIZATION}, sort=[("updated_at", -1), ("_id", -1)])
        .to_list(None)
    )
    came = sorted(row["last_inbound_at"] for row in rows if row["last_inbound_at"])
    for scope in _scopes([came[len(came) // 2]]):
        covered = await views[CONVERSATIONS].distinct("_id", {"$and": build_covered_query(scope)})
        found: list[str] = []
        following = None
        while True:
            page = await asked.conversations(scope, ConversationFilter(unread=True), 3, following)
            found += [row.id for row in page.items]
            following = page.following
            if following is None:
                break
        mine = [row for row in rows if row["_id"] in covered]
        assert found == [row["_id"] for row in mine if _unread(row, scope)], scope


@pytest.mark.parametrize("changing", [False, True])
async def test_r9_5_a_scan_through_what_is_unread_counts_what_it_has_passed_once(
    views: Database, monkeypatch: pytest.MonkeyPatch, changing: bool
) -> None:
    """It ends with the last also when rows above and below are read, or unread, meanwhile."""
    viewer = VIEWERS[0]

    def row(number: int, *, read: bool) -> InboxRow:
        grown = _grown(make_random(number), number)
        marks = (ReadMark(agent_id=viewer, seen_events=3),) if read else ()
        at = START - timedelta(minutes=number)
        return replace(
            grown,
            live_events=3,
            updated_at=at,
            reads=marks,
            read_by=(viewer,) if read else (),
        )

    async def write(*rows: InboxRow) -> None:
        before = await read_by_id(views[CONVERSATIONS], InboxRow, {each.id for each in rows})
        assert await write_rows(views, before, rows)

    await write(*(row(number, read=number % 3 == 0) for number in range(60)))
    counted = []
    count = AsyncIOMotorCollection.count_documents

    async def counting(where: Any, *asked: Any, **how: Any) -> Any:
        counted.append(asked)
        return await count(where, *asked, **how)

    monkeypatch.setattr(AsyncIOMotorCollection, "count_documents", counting)
    scope = Scope(organization=ORGANIZATION, agent_id=viewer, pages=None, assignees=Assignees.ALL)
    asked, found, following = _views(views), list[str](), None
    while True:
        page = await asked.conversations(scope, ConversationFilter(unread=True), 4, following)
        found += [each.id for each in page.items]
        following = page.following
        if following is None:
            break
        if changing and len(found) == 8:
            await write(*(row(number, read=True) for number in (1, 2, 4, 20)))
            await write(*(row(number, read=False) for number in (30, 33)))
    changed = {20, 30, 33} if changing else set()
    unread = {number for number in range(60) if number % 3} ^ changed
    assert found == [f"row_{number}" for number in sorted(unread)]
    assert len(counted) <= 2


async def test_i4_a_cursor_of_a_version_that_did_not_keep_what_is_left_goes_on(
    views: Database,
) -> None:
    await _fold_history(views)
    viewer = VIEWERS[0]
    scope = Scope(organization=ORGANIZATION, agent_id=viewer, pages=None, assignees=Assignees.ALL)
    asked, wanted = _views(views), ConversationFilter(unread=True)
    first = await asked.conversations(scope, wanted, 1, None)
    kept = json.loads(first.following or "")
    rest = await asked.conversations(scope, wanted, 200, first.following)
    older = await asked.conversations(scope, wanted, 200, json.dumps(kept[:3]))
    assert rest.items
    assert older == rest


async def test_r9_6_what_counts_nothing_any_more_is_not_kept(views: Database) -> None:
    history = History(71).grow(120)
    await fold_by_three(views, history, 0)
    documents = await views[COUNTERS].find().to_list(None)
    assert documents
    for document in documents:
        numbers = list(numbers_of(document).values())
        assert document["size"] == sum(numbers) > 0
        assert min(numbers) >= 0


async def test_inv2_what_a_killed_gateway_left_open_stops_counting_only_until_mongodb_undoes_it(
    mongodb: str, views: Database
) -> None:
    """The run's MongoDB has the limit that `make run` gives it. With MongoDB's own this would take
    a minute and more."""

    async def write(row: InboxRow) -> bool:
        before = await read_by_id(views[CONVERSATIONS], InboxRow, {row.id})
        return await write_rows(views, before, [row])

    async def count() -> dict[str, dict[str, int]]:
        return {one["_id"]: numbers_of(one) async for one in views[COUNTERS].find()}

    row = _grown(make_random(3), 1)
    assert await write(row)
    counted = await count()
    killed = connect(mongodb, views.name)
    try:
        session = await killed.client.start_session()
        session.start_transaction()
        await killed[COUNTERS].update_many({}, {"$inc": {"size": 1}}, session=session)
        assert not await write(replace(row, done=not row.done))
        async with asyncio.timeout(_UNDONE_WITHIN_S):
            while True:
                if await write(replace(row, done=not row.done)):
                    break
                await asyncio.sleep(_LOOK_AGAIN_S)
        assert await write(row)  # nothing remains of what was open, nor of what was counted since
        assert await count() == counted
    finally:
        killed.client.close()


class _Commands(CommandListener):
    """The names of what a client asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.asked.append(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@pytest.mark.parametrize("size", [2, 60])
async def test_writing_many_rows_takes_as_few_round_trips_as_writing_few(
    mongodb: str, views: Database, size: int
) -> None:
    """Also where documents of counters come and go: each of these rows is alone on its page."""
    commands = _Commands()
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        mongodb, tz_aware=True, event_listeners=[commands]
    )
    database = client[views.name]
    rows = [_grown(make_random(9), number) for number in range(size)]
    first = [replace(row, page_id=PageId(row.id), assignee=VIEWERS[0]) for row in rows]
    assert await write_rows(database, {}, first)
    before = await read_by_id(database[CONVERSATIONS], InboxRow, [row.id for row in rows])
    commands.asked.clear()
    assert await write_rows(database, before, [replace(r, assignee=VIEWERS[1]) for r in first])
    assert commands.asked == ["update", "update", "delete", "update", "commitTransaction"]
    client.close()
