"""What a viewer of a large inbox waits for: the first page of its list, of what is unread and of
what each filter leaves, its counts; in the gateway's own code, beside a MongoDB that holds a
million conversations of one organization, nine of ten done and as many read by the viewer.

One customer in twenty has a name only in their contact, of which there are a million as well.
"""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from bench.people import name_of
from bench.report import Bar, Row
from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.crm.contacts import CustomerOfContact
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    contact_id,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.read_marks import ReadMark
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import ensure_indexes
from tuyen_gateway.projections.counters import write_rows
from tuyen_local import mongodb, server
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

CONVERSATIONS_OF_ONE = 1_000_000
PAGES = 20
AGENTS = 50
ASKED = 200
_UNMEASURED = 10
"""The first questions read what MongoDB has not in its cache yet."""
PAGE = 50
BAR_MS = 20.0

_AT_ONCE = 5_000
_SHOP = OrganizationId("shop")
_VIEWER = AgentId("agent-0")
_START = datetime(2025, 1, 1, tzinfo=UTC)
_INTERVAL = timedelta(seconds=50)
"""A million of these are 579 days."""

_Question = Callable[[], Awaitable[object]]

_FACEBOOK = list(ConversationKind)

_FILTERS = {
    "page": ConversationFilter(page_id=PageId("page-3")),
    "kind": ConversationFilter(kind=ConversationKind.COMMENT),
    "assignee": ConversationFilter(held_by=Holder(agent_id=AgentId("agent-7"))),
    "not done": ConversationFilter(done=False),
    "customer": ConversationFilter(external_id="psid-123456"),
}

_NAMES = {
    "one letter of most names": "a",
    "two letters of many names": "vi",
    "a family name": "nguyễn",
    "a given name": "lan",
    "a name of 4,500": "mộng cầm",
    "a name of 4,000": "thục quyên",
    "a whole name": "trần quốc khánh vy",
    "one letter of 200 names": "w",
    "two letters of 200 names": "wo",
    "a name of 200": "wong",
    "one letter that nobody has": "ж",
    "two letters that nobody has": "zz",
    "a name that nobody has": "nguyễn thị zuyên",
}
_BESIDE_A_NAME = {
    "of a page": ConversationFilter(page_id=PageId("page-3")),
    "of an agent": ConversationFilter(held_by=Holder(agent_id=AgentId("agent-7"))),
    "not done": ConversationFilter(done=False),
    "unread": ConversationFilter(unread=True),
}

_UNNAMED_EACH = 20


async def measure(_: str) -> list[Row]:
    """The 99th percentile of each question, asked one after the other."""
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            database = connect(views.address, f"bench{secrets.token_hex(3)}")
            await _fill(database)
            return await _ask(database)
        finally:
            await views.stop()


async def _fill(database: Database) -> None:
    for start in range(0, CONVERSATIONS_OF_ONE, _AT_ONCE):
        names = [name_of(number) for number in range(start, start + _AT_ONCE)]
        await write_rows(database, {}, _rows(start, names))
        contacts = [CONTACTS_VIEW.encode(each) for each in _contacts(start, names)]
        await database[CONTACTS_VIEW.collection].insert_many(contacts, ordered=False)
    await ensure_indexes(database)
    await database[CONTACTS_VIEW.collection].create_indexes(list(CONTACTS_VIEW.indexes))


def _contacts(start: int, names: Sequence[str]) -> Iterator[ContactDocument]:
    for number, name in enumerate(names, start):
        customer = CustomerId(f"cus_{number:024}")
        folded = fold_accents(name)
        yield ContactDocument(
            id=contact_id(customer),
            organization=_SHOP,
            name=name,
            name_folded=folded,
            customers=(
                CustomerOfContact(
                    id=customer,
                    page_id=PageId(f"page-{number % PAGES}"),
                    channel=Channel.FACEBOOK,
                    external_id=f"psid-{number}",
                    name=name,
                    picture=None,
                ),
            ),
            warehouse_id="default",
            created_at=_START,
            version=1,
            sequence=1,
        )


def _rows(start: int, names: Sequence[str]) -> Iterator[InboxRow]:
    for number, name in enumerate(names, start):
        at = _START + _INTERVAL * (number * 7919 % CONVERSATIONS_OF_ONE)
        read = number % 10 != 0
        external = f"psid-{number}"
        named = number % _UNNAMED_EACH != 1
        yield InboxRow(
            id=ConversationId(f"msg_{number:024}"),
            organization=_SHOP,
            page_id=PageId(f"page-{number % PAGES}"),
            channel=Channel.FACEBOOK,
            kind=_FACEBOOK[number % 3],
            external_id=external,
            customer=RowCustomer(
                id=CustomerId(f"cus_{number:024}"),
                external_id=external,
                name=name if named else None,
                picture=None,
            ),
            name_folded=fold_accents(name) if named else None,
            inbound_events=3,
            live_events=3,
            counted={"7": number},
            updated_at=at,
            active_at=at,
            first_inbound_at=at,
            last_inbound_at=at,
            assignee=AgentId(f"agent-{number % AGENTS}"),
            version=1,
            done=number % 10 != 1,
            reads=(ReadMark(agent_id=_VIEWER, seen_events=3),) if read else (),
            read_by=(_VIEWER,) if read else (),
        )


async def _ask(database: Database) -> list[Row]:
    views = MongoViews(database, InMemoryLog(SystemClock()), ConsumerStatus())
    everyone = Scope(organization=_SHOP, agent_id=_VIEWER, pages=None, assignees=Assignees.ALL)
    own = replace(everyone, assignees=Assignees.OWN)
    midway = _START + _INTERVAL * (CONVERSATIONS_OF_ONE // 2)
    later = replace(everyone, agent_id=AgentId("who-came-later"), since=midway)
    last = replace(later, since=_START + _INTERVAL * CONVERSATIONS_OF_ONE)
    unread = ConversationFilter(unread=True)
    questions: dict[str, _Question] = {
        "list": lambda: views.conversations(everyone, ConversationFilter(), PAGE, None),
        **{
            f"list by {name}": partial(views.conversations, everyone, wanted, PAGE, None)
            for name, wanted in _FILTERS.items()
        },
        **_by_name(views, everyone),
        "unread list": lambda: views.conversations(everyone, unread, PAGE, None),
        "counts": lambda: views.counts(everyone, ConversationFilter()),
        "counts of an agent who sees their own": lambda: views.counts(own, ConversationFilter()),
        "counts of one page": lambda: views.counts(
            everyone, ConversationFilter(page_id=PageId("page-3"))
        ),
        "counts of who came midway": lambda: views.counts(later, ConversationFilter()),
        "unread list of who came midway": lambda: views.conversations(later, unread, PAGE, None),
        "counts of who came last": lambda: views.counts(last, ConversationFilter()),
        "unread list of who came last": lambda: views.conversations(last, unread, PAGE, None),
    }
    return [
        Row(
            figure=f"inbox of {CONVERSATIONS_OF_ONE:,}, {name}, p99",
            value=await _percentile(ask),
            unit="ms",
            runs=ASKED,
            bar=Bar(most=BAR_MS),
        )
        for name, ask in questions.items()
    ]


def _by_name(views: MongoViews, scope: Scope) -> Mapping[str, _Question]:
    """The first page of each name, the second one of a frequent name, and names beside other
    filters."""
    found: dict[str, _Question] = {
        f"list by {what}": partial(
            views.conversations, scope, ConversationFilter(name=name), PAGE, None
        )
        for what, name in _NAMES.items()
    }
    given = ConversationFilter(name="lan")
    found["list by a given name, two pages"] = partial(_ask_for_second_page, views, scope, given)
    for what, beside in _BESIDE_A_NAME.items():
        wanted = msgspec.structs.replace(beside, name="lan")
        found[f"list by a given name, {what}"] = partial(
            views.conversations, scope, wanted, PAGE, None
        )
    return found


async def _ask_for_second_page(
    views: MongoViews, scope: Scope, wanted: ConversationFilter
) -> object:
    """Both pages: their time together is measured."""
    first = await views.conversations(scope, wanted, PAGE, None)
    return await views.conversations(scope, wanted, PAGE, first.following)


async def _percentile(ask: _Question) -> float:
    for _ in range(_UNMEASURED):
        await ask()
    taken = []
    for _ in range(ASKED):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0)
    return statistics.quantiles(taken, n=100, method="inclusive")[98]
