"""Reports of a year in which a million conversations began, of 50 agents and 10 pages: from the
numbers in MongoDB to the answer's JSON, by the clock and by what it costs the gateway.

The numbers are those that the projection would store; they are computed here a day at a time,
because to fold a million conversations takes long and is measured elsewhere (`projections`).
"""

import os
import random
import secrets
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from bench.report import Bar, Row, median_of
from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.reports import MongoReports
from tuyen_gateway.api.report_items import (
    AgentItem,
    PageItem,
    QueueItem,
    ReportNames,
    build_agents,
    build_pages,
    build_queue,
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
from tuyen_gateway.projections.report_numbers import (
    OrganizationZone,
    learn_days,
    store_numbers,
)
from tuyen_gateway.projections.reports import ensure_report_indexes
from tuyen_local import mongodb, server
from tuyen_platform.mongodb import Database, connect

CONVERSATIONS = int(os.environ.get("BENCH_CONVERSATIONS", "1000000"))
AGENTS, PAGES, DAYS = 50, 10, 365
RESPONSES = 3
OPEN_HOURS = 14
RUNS = 5
BAR_S, BAR_CPU_S = 1.0, 0.5

_SHOP = OrganizationId("shop")
_BEGIN = datetime(2025, 12, 1, 1, tzinfo=UTC)
"""Eight in the morning in Vietnam."""
_YEAR = timedelta(days=DAYS)

_NAMES = ReportNames(
    Organization(id=_SHOP),
    Scope(organization=_SHOP, agent_id=AgentId("admin"), pages=None, assignees=Assignees.ALL),
)


class _Report(NamedTuple):
    counted: Counted
    by: Interval
    covers: timedelta


_REPORTS = {
    "agents by day": _Report(Counted.AGENT, Interval.DAY, _YEAR),
    "agents by day, four weeks": _Report(Counted.AGENT, Interval.DAY, timedelta(days=28)),
    "agents by hour, four weeks": _Report(Counted.AGENT, Interval.HOUR, timedelta(days=28)),
    "pages by day": _Report(Counted.PAGE, Interval.DAY, _YEAR),
    "pages by hour, five months": _Report(Counted.PAGE, Interval.HOUR, timedelta(days=150)),
    "queues by day": _Report(Counted.QUEUE, Interval.DAY, _YEAR),
}
"""Those by hour have about as many rows as a report may have."""


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            database = connect(views.address, f"bench{secrets.token_hex(3)}")
            await _fill(database)
            return await _measure_reports(MongoReports(database, ReadLimiter()))
        finally:
            await views.stop()


async def _measure_reports(reports: MongoReports) -> list[Row]:
    rows = []
    for name, report in _REPORTS.items():
        end = _BEGIN + _YEAR - timedelta(hours=8)
        span = ReportSpan(
            organization=_SHOP,
            since=quarter_of(end - report.covers),
            until=quarter_of(end),
            by=report.by,
            time_zone="Asia/Ho_Chi_Minh",
        )
        took, cost = [], []
        for _ in range(RUNS):
            begun, spent = time.monotonic(), time.process_time()
            await _answer(reports, span, report.counted)
            took.append(time.monotonic() - begun)
            cost.append(time.process_time() - spent)
        figure = f"report of {name}, of {CONVERSATIONS:,} conversations in a year"
        rows.append(median_of(figure, "s", took, bar=Bar(most=BAR_S)))
        rows.append(median_of(f"{figure}: cost", "CPU s", cost, bar=Bar(most=BAR_CPU_S)))
    return rows


async def _answer(reports: MongoReports, span: ReportSpan, counted: Counted) -> bytes:
    before = await reports.balances(span, counted) if counted.has_balance else {}
    rows = list_rows(before, await reports.rollups(span, counted))
    match counted:
        case Counted.AGENT:
            return TypeAdapter(list[AgentItem]).dump_json(build_agents(rows, _NAMES))
        case Counted.PAGE:
            return TypeAdapter(list[PageItem]).dump_json(build_pages(rows, _NAMES))
        case _:
            return TypeAdapter(list[QueueItem]).dump_json(build_queue(rows, _NAMES))


async def _fill(database: Database) -> None:
    await ensure_report_indexes(database)
    await learn_days(database, {_SHOP: OrganizationZone()})
    chance = random.Random(7)  # noqa: S311 - the same year each time
    for day in range(DAYS):
        begin = _BEGIN + timedelta(days=day)
        conversations = CONVERSATIONS * (day + 1) // DAYS - CONVERSATIONS * day // DAYS
        numbers: dict[Slot, Counter[str]] = defaultdict(Counter)
        for slot, name in _list_counts(chance, begin, conversations):
            numbers[slot][name] += 1
        async with await database.client.start_session() as session:
            await store_numbers(database, numbers, session)


def _list_counts(
    chance: random.Random, begin: datetime, conversations: int
) -> Iterable[tuple[Slot, str]]:
    """What each conversation of a day adds: it waits for an agent, is answered three times and, but
    for a few, goes to another one at last."""
    for _ in range(conversations):
        at = begin + timedelta(seconds=chance.randrange(OPEN_HOURS * 3600))
        agent, page = f"agent-{chance.randrange(AGENTS)}", f"page-{chance.randrange(PAGES)}"
        yield _slot(Counted.PAGE, at, page), "begun"
        yield _slot(Counted.QUEUE, at, page), INFLOW
        queued = timedelta(seconds=chance.expovariate(1 / 60))
        at += queued
        yield _slot(Counted.QUEUE, at, page), OUTFLOW
        yield _slot(Counted.QUEUE, at, page), f"wait.{round_wait(queued)}"
        yield _slot(Counted.AGENT, at, agent), INFLOW
        for number in range(RESPONSES):
            wait = timedelta(seconds=chance.expovariate(1 / 300))
            at += wait
            for kind in ("first", "response") if number == 0 else ("response",):
                name = f"{kind}.{round_wait(wait)}"
                yield _slot(Counted.AGENT, at, agent), name
                yield _slot(Counted.PAGE, at, page), name
        if chance.random() < 0.9:
            yield _slot(Counted.AGENT, at, agent), OUTFLOW


@lru_cache(maxsize=100_000)
def _find_slot(counted: Counted, quarter: datetime, about: str) -> Slot:
    return Slot(organization=_SHOP, counted=counted, quarter=quarter, about=(about,))


def _slot(counted: Counted, at: datetime, about: str) -> Slot:
    return _find_slot(counted, quarter_of(at), about)
