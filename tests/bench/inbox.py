"""What a viewer of a large inbox waits for: the first page of its list, of what is unread and of
what each filter leaves, its counts; in the gateway's own code, beside a MongoDB that holds a
million conversations of one organization, nine of ten done and as many read by the viewer."""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.report import Bar, Row
from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.reading import Read
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import ensure_indexes
from tuyen_gateway.projections.counters import write_rows
from tuyen_local import mongodb, server
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database, connect

CONVERSATIONS_OF_ONE = 1_000_000
PAGES = 20
AGENTS = 50
ASKED = 200
ASKED_BY_NAME = 20
"""A part of a name is looked for in all names of the organization, which takes long."""
_UNMEASURED = 10
"""The first questions read what MongoDB has not in its cache yet."""
PAGE = 50
BAR_MS = 20.0

_AT_ONCE = 5_000
_SHOP = OrganizationId("shop")
_VIEWER = AgentId("agent-0")
_START = datetime(2025, 1, 1, tzinfo=UTC)
_APART = timedelta(seconds=50)
"""A million of these are 579 days."""

_FACEBOOK = list(ConversationKind)

_FILTERS = {
    "page": ConversationFilter(page_id=PageId("page-3")),
    "kind": ConversationFilter(kind=ConversationKind.COMMENT),
    "assignee": ConversationFilter(held_by=Holder(agent_id=AgentId("agent-7"))),
    "not done": ConversationFilter(done=False),
    "customer": ConversationFilter(external_id="psid-123456"),
    "name": ConversationFilter(name="khách 12345"),
}


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
        await write_rows(database, {}, _rows(start, start + _AT_ONCE))
    await ensure_indexes(database)


def _rows(start: int, end: int) -> Iterator[InboxRow]:
    for number in range(start, end):
        at = _START + _APART * (number * 7919 % CONVERSATIONS_OF_ONE)
        read = number % 10 != 0
        external = f"psid-{number}"
        name = f"khach {number}"
        yield InboxRow(
            id=ConversationId(f"msg_{number:024}"),
            organization=_SHOP,
            page_id=PageId(f"page-{number % PAGES}"),
            channel=Channel.FACEBOOK,
            kind=_FACEBOOK[number % 3],
            external_id=external,
            customer=RowCustomer(
                id=CustomerId(f"cus_{number:024}"), external_id=external, name=name, picture=None
            ),
            name_folded=name,
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
            reads=(Read(agent_id=_VIEWER, seen_events=3),) if read else (),
            read_by=(_VIEWER,) if read else (),
        )


async def _ask(database: Database) -> list[Row]:
    views = MongoViews(database, InMemoryLog(SystemClock()), ConsumerStatus())
    everyone = Scope(organization=_SHOP, agent_id=_VIEWER, pages=None, assignees=Assignees.ALL)
    own = replace(everyone, assignees=Assignees.OWN)
    midway = _START + _APART * (CONVERSATIONS_OF_ONE // 2)
    later = replace(everyone, agent_id=AgentId("who-came-later"), since=midway)
    last = replace(later, since=_START + _APART * CONVERSATIONS_OF_ONE)
    unread = ConversationFilter(unread=True)
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "list": lambda: views.conversations(everyone, ConversationFilter(), PAGE, None),
        **{
            f"list by {name}": partial(views.conversations, everyone, wanted, PAGE, None)
            for name, wanted in _FILTERS.items()
        },
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
    rows = []
    for name, ask in questions.items():
        asked = ASKED_BY_NAME if name == "list by name" else ASKED
        rows.append(
            Row(
                figure=f"inbox of {CONVERSATIONS_OF_ONE:,}, {name}, p99",
                value=await _percentile(ask, asked),
                unit="ms",
                runs=asked,
                bar=Bar(most=BAR_MS),
            )
        )
    return rows


async def _percentile(ask: Callable[[], Awaitable[object]], asked: int) -> float:
    for _ in range(min(_UNMEASURED, asked)):
        await ask()
    taken = []
    for _ in range(asked):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0)
    return statistics.quantiles(taken, n=100, method="inclusive")[98]
