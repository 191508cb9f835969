"""Every question of I4 is answered from an index, in the list's order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.counters import (
    assignees_of,
    count_unread_at_start,
    counters_of,
    index_for,
    pages_of,
)
from tuyen_gateway.adapters.queries import build_matching_query
from tuyen_gateway.adapters.scans import MongoScans, build_inactive_query
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import CONVERSATIONS, COUNTERS, ensure_indexes
from tuyen_gateway.projections.counters import WHOEVER, write_rows
from tuyen_platform.mongodb import Database

ORGANIZATION = OrganizationId("org")
START = datetime(2026, 11, 21, 8, tzinfo=UTC)
ROWS = 3000
PAGES = 7
LIMIT = 50


def _moment(number: int) -> datetime:
    """Within a day and four hours."""
    return START + timedelta(seconds=number * 7919 % 100_003)


def _row(number: int) -> InboxRow:
    name = f"khach {number}"
    return InboxRow(
        id=ConversationId(f"msg_{number:05}"),
        organization=ORGANIZATION if number % 10 else OrganizationId("other"),
        page_id=PageId(f"page-{number % PAGES}"),
        channel=list(Channel)[number % 3],
        kind=list(ConversationKind)[number // 3 % 3],
        external_id=f"psid-{number}",
        customer=RowCustomer(
            id=CustomerId(f"cus_{number}"), external_id=f"psid-{number}", name=name, picture=None
        ),
        name_folded=name,
        inbound_events=1,
        live_events=1,
        updated_at=_moment(number),
        last_inbound_at=_moment(number),
        active_at=START + timedelta(seconds=number),
        assignee=None if number % 4 == 0 else AgentId(f"agent-{number % 4}"),
        read_by=(AgentId("agent-1"),) if number % 2 else (),
        tags=("vip",) if number % 50 == 1 else (),
        tag_keys=("vip",) if number % 50 == 1 else (),
    )


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if "stage" in plan:
            yield plan["stage"]
        for value in plan.values():
            yield from _stages(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _stages(value)


def _scope(assignees: Assignees = Assignees.ALL, pages: frozenset[PageId] | None = None) -> Scope:
    return Scope(
        organization=ORGANIZATION,
        agent_id=AgentId("agent-1"),
        pages=pages,
        assignees=assignees,
    )


QUESTIONS = {
    "all": (_scope(), ConversationFilter()),
    "channel": (_scope(), ConversationFilter(channel=Channel.ZALO)),
    "kind": (_scope(), ConversationFilter(kind=ConversationKind.COMMENT)),
    "page": (_scope(), ConversationFilter(page_id=PageId("page-3"))),
    "assignee": (_scope(), ConversationFilter(held_by=Holder(agent_id=AgentId("agent-2")))),
    "none": (_scope(), ConversationFilter(held_by=Holder(agent_id=None))),
    "tag": (_scope(), ConversationFilter(tag="vip")),
    "own": (_scope(Assignees.OWN), ConversationFilter()),
    "own_and_unassigned": (_scope(Assignees.OWN_AND_UNASSIGNED), ConversationFilter()),
    "pages": (_scope(pages=frozenset({PageId("page-1"), PageId("page-2")})), ConversationFilter()),
    "unread": (_scope(), ConversationFilter(unread=True)),
    "done": (_scope(), ConversationFilter(done=False)),
    "name": (_scope(), ConversationFilter(name="khách 12")),
    "external_id": (_scope(), ConversationFilter(external_id="psid-12")),
    "several": (
        _scope(Assignees.OWN_AND_UNASSIGNED, frozenset({PageId("page-1"), PageId("page-2")})),
        ConversationFilter(kind=ConversationKind.MESSAGE, unread=True, name="1"),
    ),
}


@pytest.fixture
async def filled(views: Database) -> Database:
    await ensure_indexes(views)
    await ensure_indexes(views)
    assert await write_rows(views, {}, map(_row, range(ROWS)))
    return views


async def test_i4_no_question_scans_the_collection(filled: Database) -> None:
    for name, (scope, wanted) in QUESTIONS.items():
        query = {"$and": build_matching_query(scope, wanted)}
        found = filled[CONVERSATIONS].find(query).sort([("updated_at", -1), ("_id", -1)])
        plan = (await found.limit(LIMIT).explain())["queryPlanner"]["winningPlan"]
        stages = set(_stages(plan))
        assert "COLLSCAN" not in stages, name
        assert stages & {"IXSCAN"}, name


@pytest.mark.parametrize(
    "name",
    ["all", "channel", "kind", "page", "assignee", "none", "own", "own_and_unassigned", "pages"],
)
async def test_i4_the_first_page_reads_little_more_than_it_gives(
    filled: Database, name: str
) -> None:
    query = {"$and": build_matching_query(*QUESTIONS[name])}
    found = filled[CONVERSATIONS].find(query).sort([("updated_at", -1), ("_id", -1)])
    stats = (await found.limit(LIMIT).explain())["executionStats"]
    assert stats["nReturned"] == LIMIT
    assert stats["totalDocsExamined"] <= 3 * LIMIT, stats["totalDocsExamined"]


@pytest.mark.parametrize(
    ("assignees", "documents"),
    [(Assignees.ALL, 1), (Assignees.OWN, PAGES), (Assignees.OWN_AND_UNASSIGNED, PAGES + 1)],
)
async def test_i3_counting_reads_a_document_a_month_and_what_one_has_one_a_page(
    filled: Database, assignees: Assignees, documents: int
) -> None:
    scope, wanted = _scope(assignees), ConversationFilter()
    question = counters_of(scope, pages_of(scope, wanted), assignees_of(scope, wanted))
    explained = await filled[COUNTERS].find(question[0]["$match"]).explain()
    assert "COLLSCAN" not in set(_stages(explained["queryPlanner"]["winningPlan"]))
    stats = explained["executionStats"]
    assert stats["nReturned"] == stats["totalDocsExamined"] == documents


@pytest.mark.parametrize("assignees", list(Assignees))
async def test_i5_what_came_before_a_viewer_is_counted_from_an_index(
    filled: Database, assignees: Assignees
) -> None:
    """Of the day on which the viewer came; of an agent's own conversations, of all days."""
    since = START + timedelta(hours=17)
    scope = replace(_scope(assignees), since=since)
    wanted = ConversationFilter()
    for assignee, marked in product(assignees_of(scope, wanted), (True, False)):
        question = count_unread_at_start(scope, wanted, assignee, since, marked=marked)
        match = question[0]["$match"]
        found = filled[CONVERSATIONS].find(match, {"_id": 0, "channel": 1, "kind": 1})
        found = found.hint(index_for(assignee))
        stats = (await found.explain())["executionStats"]
        indexed = {"organization", "last_inbound_at", "assignee"}
        reach = {key: value for key, value in match.items() if key in indexed}
        if assignee == WHOEVER and not marked:
            assert stats["totalDocsExamined"] == 0
        else:
            assert stats["totalDocsExamined"] <= await filled[CONVERSATIONS].count_documents(reach)


async def test_i12_looking_for_what_is_inactive_reads_no_more_than_it_gives(
    filled: Database,
) -> None:
    query = build_inactive_query(ORGANIZATION, START + timedelta(seconds=ROWS), None)
    found = filled[CONVERSATIONS].find(query).sort([("active_at", 1), ("_id", 1)])
    stats = (await found.limit(LIMIT).explain())["executionStats"]
    assert stats["nReturned"] == stats["totalDocsExamined"] == LIMIT
    scans = MongoScans(filled)
    given: list[str] = []
    last = None
    while part := await scans.inactive(ORGANIZATION, START + timedelta(seconds=ROWS), 700, last):
        given.extend(row.id for row in part)
        last = part[-1]
    assert len(given) == len({*given}) == ROWS * 9 // 10


async def test_r6_5_a_scan_by_ids_gives_each_once_in_order(filled: Database) -> None:
    scans, wanted = MongoScans(filled), ConversationFilter(held_by=Holder(agent_id=None))
    given: list[ConversationId] = []
    while part := await scans.ids(_scope(), wanted, 100, given[-1] if given else None):
        given.extend(part)
    assert given == sorted({*given})
    assert len(given) == await scans.count(_scope(), wanted) > 100
