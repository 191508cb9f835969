"""Reports of a month in which a million conversations began: of 100 agents by days, and of 50 pages
by hours and days, from the numbers in MongoDB to the answer's JSON.

The numbers are those that the projection would store; they are computed here at once, because to
fold a million conversations takes long and is measured elsewhere (`projections`).
"""

import os
import random
import secrets
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter

from bench.report import Bar, Row, median_of
from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.adapters.in_turn import Reads
from tuyen_gateway.adapters.reports import MongoReports
from tuyen_gateway.api.report_items import (
    AgentItem,
    PageItem,
    ReportNames,
    build_agents,
    build_pages,
)
from tuyen_gateway.domain.rollups import (
    INFLOW,
    OUTFLOW,
    Counted,
    Slot,
    list_rows,
    quarter_of,
    round_wait,
)
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports.reports import Interval, ReportSpan
from tuyen_gateway.projections.reports import NUMBERS, ensure_report_indexes, list_additions
from tuyen_local import mongodb, server
from tuyen_platform.mongodb import Database, connect

CONVERSATIONS = int(os.environ.get("BENCH_CONVERSATIONS", "1000000"))
AGENTS, PAGES, DAYS = 100, 50, 30
RESPONSES = 3
OPEN_HOURS = 14
RUNS = 5
BAR_S = 1.0

_SHOP = OrganizationId("shop")
_BEGIN = datetime(2026, 11, 1, 1, tzinfo=UTC)
"""Eight in the morning in Vietnam."""
_AT_ONCE = 5_000


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            database = connect(views.address, f"bench{secrets.token_hex(3)}")
            await _fill(database)
            return await _measure_reports(MongoReports(database, Reads()))
        finally:
            await views.stop()


async def _measure_reports(reports: MongoReports) -> list[Row]:
    admin = AgentId("admin")
    scope = Scope(organization=_SHOP, agent_id=admin, pages=None, assignees=Assignees.ALL)
    names = ReportNames(Organization(id=_SHOP), scope)
    rows = []
    for counted, what, by in (
        (Counted.AGENT, "agents", Interval.DAY),
        (Counted.PAGE, "pages", Interval.HOUR),
        (Counted.PAGE, "pages", Interval.DAY),
    ):
        span = ReportSpan(
            organization=_SHOP,
            since=quarter_of(_BEGIN - timedelta(hours=8)),
            until=quarter_of(_BEGIN + timedelta(days=DAYS)),
            by=by,
            time_zone="Asia/Ho_Chi_Minh",
        )
        took = [await _time_report(reports, span, counted, names) for _ in range(RUNS)]
        figure = f"report of {what} by {by.value}, {CONVERSATIONS:,} conversations"
        rows.append(median_of(figure, "s", took, bar=Bar(most=BAR_S)))
    return rows


async def _time_report(
    reports: MongoReports, span: ReportSpan, counted: Counted, names: ReportNames
) -> float:
    begun = time.monotonic()
    before = await reports.balances(span, counted) if counted.has_balance else {}
    rows = list_rows(before, await reports.rollups(span, counted))
    if counted is Counted.AGENT:
        TypeAdapter(list[AgentItem]).dump_json(build_agents(rows, names))
    else:
        TypeAdapter(list[PageItem]).dump_json(build_pages(rows, names))
    return time.monotonic() - begun


async def _fill(database: Database) -> None:
    await ensure_report_indexes(database)
    numbers: dict[Slot, Counter[str]] = defaultdict(Counter)
    for slot, name in _list_counts(random.Random(7)):  # noqa: S311 - the same month each time
        numbers[slot][name] += 1
    additions = iter(list_additions(numbers))
    while some := list(islice(additions, _AT_ONCE)):
        await database[NUMBERS].bulk_write(some, ordered=False)


def _list_counts(chance: random.Random) -> Iterable[tuple[Slot, str]]:
    """What each conversation adds: it goes to an agent, is answered three times and, but for a few,
    goes to another one at last."""
    for _ in range(CONVERSATIONS):
        at = _BEGIN + timedelta(
            days=chance.randrange(DAYS), seconds=chance.randrange(OPEN_HOURS * 3600)
        )
        agent, page = f"agent-{chance.randrange(AGENTS)}", f"page-{chance.randrange(PAGES)}"
        yield _slot(Counted.AGENT, at, agent), INFLOW
        yield _slot(Counted.PAGE, at, page), "begun"
        for number in range(RESPONSES):
            wait = timedelta(seconds=chance.expovariate(1 / 300))
            at += wait
            for kind in ("first", "response") if number == 0 else ("response",):
                name = f"{kind}.{round_wait(wait)}"
                yield _slot(Counted.AGENT, at, agent), name
                yield _slot(Counted.PAGE, at, page), name
        if chance.random() < 0.9:
            yield _slot(Counted.AGENT, at, agent), OUTFLOW


def _slot(counted: Counted, at: datetime, about: str) -> Slot:
    return Slot(organization=_SHOP, counted=counted, quarter=quarter_of(at), about=(about,))
