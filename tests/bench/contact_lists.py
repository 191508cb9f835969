"""What viewers of a million contacts wait for: their list in each order, each search and filter,
and combinations of frequent and rare ones; in the gateway's own code, beside a MongoDB."""

import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from bench.contacts import (
    BUSY,
    DEFAULT,
    IN_A_LIST,
    NORTH,
    RARELY,
    READER,
    SHOP,
    SOUTH,
    TEAM,
    fill,
)
from bench.report import Bar, Row
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import AgentId
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_local import mongodb, server
from tuyen_platform.mongodb import Database, connect
from tuyen_views.contacts import CONTACTS_VIEW

ASKED = 100
PAGE = 50
BAR_MS = 50.0

_UNMEASURED = 5
_LONGEST_S = 0.3
"""A question that takes long is asked less often."""

_ORDERS = (ContactOrder.ID, ContactOrder.NAME, ContactOrder.CREATED_AT)
CACHE_GB = int(os.environ.get("BENCH_CACHE_GB", "4"))
"""MongoDB's cache. The local stack's is an eighth of that, for a small shop."""

_SCOPE = ContactScope(organization=SHOP, agent_id=AgentId("admin"))
_VIEWERS = {
    "an administrator": replace(_SCOPE, managed=frozenset({DEFAULT, NORTH, SOUTH})),
    "a manager of one in ten": replace(_SCOPE, managed=frozenset({SOUTH})),
    "a member with few": replace(_SCOPE, agent_id=RARELY, joined=frozenset({NORTH})),
    "a member with many": replace(_SCOPE, agent_id=BUSY, joined=frozenset({NORTH, SOUTH})),
    "a viewer by share": replace(_SCOPE, agent_id=READER),
    "a leader of a team": replace(_SCOPE, agent_id=AgentId("agent-1"), led=TEAM),
}

_SEARCHES = {
    "everything": ContactFilter(),
    "a family name": ContactFilter(words="nguyễn"),
    "a family name at the end of the alphabet": ContactFilter(words="vũ"),
    "a given name": ContactFilter(words="khánh"),
    "a family name and a middle one": ContactFilter(words="nguyễn thị"),
    "a part of a name": ContactFilter(words="ốc khánh"),
    "one letter": ContactFilter(words="a"),
    "a name of 4,500": ContactFilter(words="mộng cầm"),
    "a name of 4,000": ContactFilter(words="thục quyên"),
    "a name that nobody has": ContactFilter(words="zuyên thị"),
    "a part of a phone number": ContactFilter(words="0903 123"),
    "the first digits of all phone numbers": ContactFilter(words="09"),
    "a part of all emails": ContactFilter(words="shop.example"),
    "the last six digits": ContactFilter(phone="123456"),
    "the last three digits": ContactFilter(phone="456"),
    "the last two digits": ContactFilter(phone="56"),
    "an email": ContactFilter(email="khach.123457@shop.example"),
    "a frequent tag": ContactFilter(tag="khách lẻ"),
    "a tag of one in a hundred": ContactFilter(tag="vip"),
    "a rare tag": ContactFilter(tag="đối tác"),
    "a tag that nobody has": ContactFilter(tag="không"),
    "a frequent step": ContactFilter(step="retail:quoted"),
    "a rare step": ContactFilter(step="retail:won"),
    "a campaign": ContactFilter(campaign_id="tet"),
    "a care status": ContactFilter(care_status=CareStatus.MULTI_ASSIGN_PENDING),
    "a frequent tag and a rare step": ContactFilter(tag="khách lẻ", step="retail:won"),
    "a frequent step and a frequent tag": ContactFilter(tag="khách lẻ", step="retail:quoted"),
    "a frequent tag and a family name": ContactFilter(tag="khách lẻ", words="nguyễn"),
    "a rare tag and a family name": ContactFilter(tag="đối tác", words="nguyễn"),
    "an agent": ContactFilter(held_by=Holder(agent_id=AgentId("agent-7"))),
    "an agent and a family name": ContactFilter(
        held_by=Holder(agent_id=AgentId("agent-7")), words="nguyễn"
    ),
    "nobody": ContactFilter(held_by=Holder(agent_id=None)),
    "nobody, where all are taken": ContactFilter(held_by=Holder(agent_id=None), warehouse_id=NORTH),
}


async def measure_lists() -> list[Row]:
    """The 99th percentile of each question, asked one after the other."""
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            database = connect(views.address, f"bench{secrets.token_hex(3)}")
            await _allow_cache(database)
            await fill(views.address, database.name)
            return [*await _measure_size(database), *await _ask_all(database)]
        finally:
            await views.stop()


async def _allow_cache(database: Database) -> None:
    cache = {"wiredTigerEngineRuntimeConfig": f"cache_size={CACHE_GB}G"}
    await database.client.admin.command({"setParameter": 1, **cache})


async def _measure_size(database: Database) -> list[Row]:
    """What a contact takes in the view, without its history."""
    size = await database.command("collStats", CONTACTS_VIEW.collection)
    parts = {"document": "size", "document on the disk": "storageSize"}
    parts["entries in indexes"] = "totalIndexSize"
    return [
        Row(figure=f"a contact in the view, its {what}", value=size[name] / size["count"], unit="B")
        for what, name in parts.items()
    ]


async def _ask_all(database: Database) -> list[Row]:
    crm = MongoCrm(database)
    rows = []
    for who, scope in _VIEWERS.items():
        for what, wanted in _questions():
            ask = partial(crm.contacts, scope, wanted, PAGE, None)
            value, asked = await _percentile(ask)
            rows.append(
                Row(
                    figure=f"{IN_A_LIST:,} contacts, {who}, {what}, p99",
                    value=value,
                    unit="ms",
                    runs=asked,
                    bar=Bar(most=BAR_MS),
                )
            )
    return rows


def _questions() -> Iterator[tuple[str, ContactFilter]]:
    for order in _ORDERS:
        for what, wanted in _SEARCHES.items():
            yield f"{what}, by {order.value}", msgspec.structs.replace(wanted, order=order)


async def _percentile(ask: Callable[[], Awaitable[object]]) -> tuple[float, int]:
    taken: list[float] = []
    until = time.perf_counter() + _LONGEST_S
    while len(taken) < ASKED + _UNMEASURED and (len(taken) < 2 or time.perf_counter() < until):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1000)
    measured = taken[min(_UNMEASURED, len(taken) // 2) :]
    if len(measured) == 1:
        return measured[0], 1
    return statistics.quantiles(measured, n=100, method="inclusive")[98], len(measured)
