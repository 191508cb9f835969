"""Conversations are found by a part of their customer's name, whichever way they are read (I4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.crm.contacts import CustomerOfContact
from tuyen_events.ids import (
    AgentId,
    ContactId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    contact_id,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters import names
from tuyen_gateway.adapters.queries import build_list_query
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import (
    BY_ACTIVITY,
    BY_CUSTOMER_NAME,
    CONVERSATIONS,
    UNNAMED,
)
from tuyen_gateway.projections.counters import write_rows
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

SHOP, LAN = OrganizationId("shop"), AgentId("lan")
START = datetime(2026, 11, 21, 8, tzinfo=UTC)
ROWS = 400
EVERYBODY = Scope(organization=SHOP, agent_id=LAN, pages=None, assignees=Assignees.ALL)
FAMILY = ("Nguyễn", "Trần", "Lê", "Nguyễn")
GIVEN = ("Vĩnh", "Lan", "Đường", "Hồng Nhung", "Quỳnh Chi", "Lan | Áo dài", "Ánh", "Vinh")
SEARCHED = ("nguyen", "V", "vi", "vĩnh", "n l", "tran hong nhung", "lan | ao dai", "|", "77", "x")
UNNAMED_EACH = 7

NAMED_IN_CRM = CustomerId("cus_7")
"""A customer whose own events contain no name."""


def _row(number: int) -> InboxRow:
    at = START + timedelta(seconds=number * 137 % ROWS)
    kind = list(ConversationKind)[number // 3 % 3]
    name = f"{FAMILY[number % 4]} {GIVEN[number // 4 % 8]} {kind} {number}"
    unnamed = number % UNNAMED_EACH == 0
    # One of those has the name that the channel said when it was asked.
    folded = None if unnamed and number else fold_accents(name)
    return InboxRow(
        id=ConversationId(f"msg_{number:05}"),
        organization=SHOP if number % 9 else OrganizationId("rival"),
        page_id=PageId(f"page-{number % 3}"),
        channel=list(Channel)[number % 3],
        kind=kind,
        external_id=f"psid-{number}",
        customer=RowCustomer(
            id=CustomerId(f"cus_{number}"),
            external_id=f"psid-{number}",
            name=None if unnamed else name,
            picture=None,
        ),
        name_folded=folded,
        live_events=1,
        updated_at=at,
        assignee=LAN if number % 4 == 1 else None,
        read_by=(LAN,) if number % 2 else (),
    )


def _contact(customer: CustomerId, name: str) -> ContactDocument:
    known = CustomerOfContact(
        id=customer,
        page_id=PageId("page-1"),
        channel=Channel.FACEBOOK,
        external_id=customer,
        name=None,
        picture=None,
    )
    return ContactDocument(
        id=ContactId(contact_id(customer)),
        organization=SHOP,
        name=name,
        name_folded=fold_accents(name),
        customers=(known,),
        warehouse_id="w",
        created_at=START,
        version=1,
    )


@pytest.fixture
async def filled(views: Database, indexes: None) -> Database:
    assert await write_rows(views, {}, map(_row, range(ROWS)))
    contacts = [_contact(NAMED_IN_CRM, "Nguyễn Vĩnh"), _contact(CustomerId("cus_8"), "Vĩnh")]
    await views[CONTACTS_VIEW.collection].insert_many(
        [CONTACTS_VIEW.encode(contact) for contact in contacts]
    )
    return views


def _has_name(row: InboxRow, text: str) -> bool:
    folded = row.name_folded or ""
    if row.customer is not None and row.customer.id == NAMED_IN_CRM:
        folded = "nguyen vinh"
    return fold_accents(text) in folded


def _expect(scope: Scope, wanted: ConversationFilter) -> Sequence[ConversationId]:
    """What the list shows, by the definition."""
    rows = [
        row
        for row in map(_row, range(ROWS))
        if row.organization == scope.organization
        and (scope.assignees is Assignees.ALL or row.assignee == scope.agent_id)
        and (scope.pages is None or row.page_id in scope.pages)
        and wanted.page_id in (None, row.page_id)
        and wanted.kind in (None, row.kind)
        and (wanted.held_by is None or wanted.held_by.agent_id == row.assignee)
        and not (wanted.unread and LAN in row.read_by)
        and _has_name(row, wanted.name or "")
    ]
    return [row.id for row in sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)]


async def _list_all(
    database: Database, scope: Scope, wanted: ConversationFilter
) -> Sequence[ConversationId]:
    """Page by page."""
    views = MongoViews(database, InMemoryLog(SystemClock()), ConsumerStatus())
    found: list[ConversationId] = []
    after = None
    while True:
        page = await views.conversations(scope, wanted, 20, after)
        found.extend(row.id for row in page.items)
        after = page.following
        if after is None:
            assert (await views.counts(scope, wanted)).total == len(found)
            return found


@pytest.mark.parametrize("frequent", [0, names.FREQUENT], ids=["frequent", "rare"])
@pytest.mark.parametrize("name", SEARCHED)
async def test_i4_r7_2_a_name_is_found_with_any_other_filter_and_only_where_it_may_be_seen(
    filled: Database, monkeypatch: pytest.MonkeyPatch, name: str, frequent: int
) -> None:
    monkeypatch.setattr(names, "FREQUENT", frequent)
    scopes = (
        EVERYBODY,
        replace(EVERYBODY, assignees=Assignees.OWN),
        replace(EVERYBODY, pages=frozenset({PageId("page-1"), PageId("page-2")})),
    )
    wanted = (
        ConversationFilter(name=name),
        ConversationFilter(name=name, unread=True, kind=ConversationKind.COMMENT),
        ConversationFilter(name=name, page_id=PageId("page-1")),
        ConversationFilter(name=name, held_by=Holder(agent_id=None)),
    )
    for scope in scopes:
        for each in wanted:
            assert await _list_all(filled, scope, each) == _expect(scope, each), (scope, each)


@pytest.mark.parametrize("name", ["q", "hi", "nhung", "77", "tran hong nhung 1", "| ao", "zzz"])
async def test_i4_a_rare_name_costs_no_more_rows_than_have_it(filled: Database, name: str) -> None:
    query = build_list_query(EVERYBODY, ConversationFilter(name=name))
    (read,) = query.reads
    assert read.hint == BY_CUSTOMER_NAME
    plan = await _explain(filled, query.reads[0].query, BY_CUSTOMER_NAME)
    having = [row for row in map(_row, range(ROWS)) if fold_accents(name)[-16:] in _folded(row)]
    assert plan["totalDocsExamined"] <= len(having)
    assert plan["totalKeysExamined"] <= 2 * len(having) + 1


@pytest.mark.parametrize("name", ["a", "ng", "nguyen", "comment"])
async def test_i4_a_frequent_name_costs_no_rows_but_those_of_the_page(
    filled: Database, name: str
) -> None:
    """Also if no other kind of conversation has it, for example because only visitors of a site are
    called so."""
    query = build_list_query(EVERYBODY, ConversationFilter(name=name), frequent=True)
    (read,) = query.reads
    assert read.hint == BY_ACTIVITY
    plan = await _explain(filled, read.query, BY_ACTIVITY)
    assert plan["nReturned"] == plan["totalDocsExamined"] == 20
    assert plan["totalKeysExamined"] < ROWS // 4


async def test_i4_customers_named_elsewhere_are_looked_up_among_those_without_a_name(
    filled: Database,
) -> None:
    customers = [CustomerId(f"cus_{number}") for number in range(1, 100)]
    query = build_list_query(EVERYBODY, ConversationFilter(name="lan"), customers)
    assert [read.hint for read in query.reads] == [BY_CUSTOMER_NAME, UNNAMED]
    plan = await _explain(filled, query.reads[1].query, UNNAMED)
    assert plan["totalDocsExamined"] <= 100 // UNNAMED_EACH


async def test_i4_whether_a_name_is_frequent_is_counted_in_the_index_and_no_further(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "FREQUENT", 10)
    await filled.command("profile", 2)
    query = await names.CustomerNames(filled).build_list_query(
        EVERYBODY, ConversationFilter(name="nguyen")
    )
    await filled.command("profile", 0)
    assert query.reads[0].hint == BY_ACTIVITY
    own = {"ns": f"{filled.name}.{CONVERSATIONS}"}
    (done,) = await filled["system.profile"].find(own).to_list(None)
    assert done["docsExamined"] == 0
    assert done["keysExamined"] <= 12


async def test_c2_whose_contact_was_merged_has_the_name_of_the_contact_that_stayed(
    filled: Database,
) -> None:
    """Also if that one was merged into a third."""
    first, second, third = (_contact(CustomerId(f"cus_{number}"), "Lan") for number in (14, 21, 28))
    chain = [
        msgspec.structs.replace(first, name=None, merged_into=second.id),
        msgspec.structs.replace(second, name=None, merged_into=third.id),
        msgspec.structs.replace(third, name="Chị Lan", merged=(second.id, first.id)),
    ]
    await filled[CONTACTS_VIEW.collection].insert_many(map(CONTACTS_VIEW.encode, chain))
    shown = await names.CustomerNames(filled).add_names([_row(14), _row(28), _row(35)])
    assert [row.customer and row.customer.name for row in shown] == ["Chị Lan", "Chị Lan", None]


async def test_c2_whose_contact_was_removed_has_no_name(filled: Database) -> None:
    """Of a removed contact, the view has its id and its sequence for a day."""
    removed = {"_id": _contact(CustomerId("cus_14"), "Lan").id, "sequence": 3}
    await filled[CONTACTS_VIEW.collection].insert_one(removed)
    (shown,) = await names.CustomerNames(filled).add_names([_row(14)])
    assert shown.customer is not None
    assert (shown.customer.name, shown.contact_id) == (None, None)


async def test_i4_before_anything_was_folded_nothing_is_found(views: Database) -> None:
    assert await _list_all(views, EVERYBODY, ConversationFilter(name="lan")) == []


def _folded(row: InboxRow) -> str:
    return row.name_folded or ""


async def _explain(database: Database, query: Sequence[object], index: str) -> dict[str, int]:
    found = database[CONVERSATIONS].find({"$and": list(query)}).hint(index)
    explained = await found.sort([("updated_at", -1), ("_id", -1)]).limit(20).explain()
    stats: dict[str, int] = explained["executionStats"]
    return stats
