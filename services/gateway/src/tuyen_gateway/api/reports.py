"""Reports: agents, pages, queues, and how evenly rules choose (O3)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, Field

from tuyen_events.directory import DEFAULT_TIME_ZONE
from tuyen_events.ids import PageId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.charts import answer_columns, answer_csv, answer_line
from tuyen_gateway.api.dependencies import GatewayPorts, SetupReader
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.reports import (
    ChoiceRow,
    QueueRow,
    find_percentile,
    list_agent_rows,
    list_page_rows,
    list_queue_rows,
    quarter_of,
)
from tuyen_gateway.ports.reports import Interval, ReportSpan

router = APIRouter(prefix="/reports", tags=["reports"])

_DAYS = timedelta(days=7)
_MEDIAN, _P90 = 0.5, 0.9


class _Report(ResponseBody):
    since: datetime = Field(serialization_alias="from")
    """The report is from here on, and before `to`."""
    until: datetime = Field(serialization_alias="to")
    by: Interval
    time_zone: str
    """Intervals are hours or days of this zone."""


class QueueItem(ResponseBody):
    at: datetime
    """When the interval begins."""
    page_id: str
    entered: int
    """Conversations that began to wait for an agent."""
    left: int
    """Conversations that stopped waiting: most got an agent, others were closed or removed."""
    waiting: int
    """Conversations that waited when the interval ended."""
    wait_median_s: int | None
    """How long those waited who got an agent; null if nobody did."""
    wait_p90_s: int | None


class _FirstResponses(ResponseBody):
    first_responses: int
    """Conversations in which a person on our side spoke for the first time, after the customer."""
    first_response_median_s: int | None
    """How long their customers had waited; null if there were none."""
    first_response_p90_s: int | None


class AgentItem(_FirstResponses):
    at: datetime
    """When the interval begins."""
    agent_id: str | None
    """Null is whoever answers at the channel itself."""
    assigned: int
    """Conversations that the agent got."""
    lost: int
    """Conversations that somebody else got, or nobody has any more."""
    held: int
    """Conversations whose assignee the agent was when the interval ended, done or not."""


class AgentReport(_Report):
    items: list[AgentItem]


class PageItem(_FirstResponses):
    at: datetime
    """When the interval begins."""
    page_id: str
    begun: int
    """Conversations that a customer began."""


class PageReport(_Report):
    items: list[PageItem]


class QueueReport(_Report):
    items: list[QueueItem]


class FairnessItem(ResponseBody):
    at: datetime
    """When the interval begins."""
    rule_id: str
    agent_id: str
    chosen: int
    """How often the rule chose the agent."""
    share: float
    """The part of all its choices in the interval."""


class FairnessReport(_Report):
    items: list[FairnessItem]


Format = Annotated[Literal["json", "csv", "svg"], Query()]

_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {}, "image/svg+xml": {}}},
    **problems(403),
}


async def _span(
    caller: SetupReader,
    gateway: GatewayPorts,
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="Seven days before `to` by default.")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Now by default.")] = None,
    by: Annotated[Interval, Query()] = Interval.DAY,
) -> ReportSpan:
    """Both ends are rounded down to a quarter of an hour; what happens now is in the report."""
    end = gateway.clock.now() + timedelta(minutes=15) if until is None else until
    profile = caller.organization.profile
    return ReportSpan(
        organization=caller.organization.id,
        since=quarter_of(end - _DAYS if since is None else since),
        until=quarter_of(end),
        by=by,
        time_zone=DEFAULT_TIME_ZONE if profile is None else profile.value.time_zone,
    )


Span = Annotated[ReportSpan, Depends(_span)]


@router.get(
    "/agents",
    summary="Agents' load and first responses",
    response_model=AgentReport,
    responses=_RESPONSES,
)
async def report_agents(
    span: Span, gateway: GatewayPorts, format: Format = "json"
) -> AgentReport | Response:
    """For managing roles: by interval and agent, where something changed. A first response counts
    when it was given, for whoever gave it. The chart shows the conversations that each got."""
    before, loads = await gateway.reports.load(span)
    rows = list_agent_rows(before, loads, await gateway.reports.responses(span, by_page=False))
    if format == "svg":
        return answer_columns("Assigned", _sum_up((row.agent_id, row.got) for row in rows))
    items = [
        AgentItem(
            at=row.at,
            agent_id=row.agent_id,
            assigned=row.got,
            lost=row.lost,
            held=row.held,
            **_describe_waits(row.waits),
        )
        for row in rows
    ]
    if format == "csv":
        return answer_csv("agents", AgentItem, items)
    return AgentReport(items=items, **_describe(span))


@router.get(
    "/pages",
    summary="Conversations and first responses by page",
    response_model=PageReport,
    responses=_RESPONSES,
)
async def report_pages(
    span: Span, gateway: GatewayPorts, format: Format = "json"
) -> PageReport | Response:
    """For managing roles: by interval and page, where something happened. The chart shows the
    conversations that began on each page."""
    begun = await gateway.reports.begun(span)
    rows = list_page_rows(begun, await gateway.reports.responses(span, by_page=True))
    if format == "svg":
        return answer_columns("Begun", _sum_up((row.page_id, row.begun) for row in rows))
    items = [
        PageItem(at=row.at, page_id=row.page_id, begun=row.begun, **_describe_waits(row.waits))
        for row in rows
    ]
    if format == "csv":
        return answer_csv("pages", PageItem, items)
    return PageReport(items=items, **_describe(span))


@router.get(
    "/queue",
    summary="Queues and their waiting times",
    response_model=QueueReport,
    responses=_RESPONSES,
)
async def report_queue(
    span: Span, gateway: GatewayPorts, format: Format = "json"
) -> QueueReport | Response:
    """For managing roles: by interval and page, where something changed. Waits are exact to the
    second below 1000 s, and to three digits above. The chart shows how many waited on all pages."""
    before, numbers = await gateway.reports.queue(span)
    rows = list_queue_rows(before, numbers)
    if format == "svg":
        return answer_line("Waiting", _list_waiting(span, before, rows))
    items = [
        QueueItem(
            at=row.numbers.at,
            page_id=row.numbers.page_id,
            entered=row.numbers.entered,
            left=row.numbers.left,
            waiting=row.waiting,
            wait_median_s=find_percentile(row.numbers.waits, _MEDIAN),
            wait_p90_s=find_percentile(row.numbers.waits, _P90),
        )
        for row in rows
    ]
    if format == "csv":
        return answer_csv("queue", QueueItem, items)
    return QueueReport(items=items, **_describe(span))


@router.get(
    "/fairness",
    summary="How evenly rules choose",
    response_model=FairnessReport,
    responses=_RESPONSES,
)
async def report_fairness(
    span: Span, gateway: GatewayPorts, format: Format = "json"
) -> FairnessReport | Response:
    """For managing roles: by interval, rule and agent, how often the rule chose. A conversation
    that followed its customer to their assignee was not chosen by a rule."""
    rows = await gateway.reports.choices(span)
    if format == "svg":
        return answer_columns("Chosen", _sum_chosen(rows))
    totals: Counter[tuple[datetime, str]] = Counter()
    for row in rows:
        totals[row.at, row.rule_id] += row.chosen
    items = [
        FairnessItem(
            at=row.at,
            rule_id=row.rule_id,
            agent_id=row.agent_id,
            chosen=row.chosen,
            share=round(row.chosen / totals[row.at, row.rule_id], 4),
        )
        for row in rows
    ]
    if format == "csv":
        return answer_csv("fairness", FairnessItem, items)
    return FairnessReport(items=items, **_describe(span))


def _describe(span: ReportSpan) -> dict[str, object]:
    return {
        "since": span.since,
        "until": span.until,
        "by": span.by,
        "time_zone": span.time_zone,
    }


def _describe_waits(waits: Mapping[int, int]) -> dict[str, int | None]:
    return {
        "first_responses": sum(waits.values()),
        "first_response_median_s": find_percentile(waits, _MEDIAN),
        "first_response_p90_s": find_percentile(waits, _P90),
    }


def _sum_up(numbers: Iterable[tuple[str | None, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for name, number in numbers:
        total[name or ""] += number
    return +total


def _list_waiting(
    span: ReportSpan, before: Mapping[PageId, int], rows: Sequence[QueueRow]
) -> list[tuple[datetime, int]]:
    """How many waited on all pages, in the order of time."""
    zone, waiting = ZoneInfo(span.time_zone), dict(before)
    points = {_local(span.since, zone): sum(waiting.values())}
    for row in rows:
        waiting[row.numbers.page_id] = row.waiting
        points[_local(row.numbers.at, zone)] = sum(waiting.values())
    return list(points.items())


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _sum_chosen(rows: Sequence[ChoiceRow]) -> dict[str, int]:
    several = len({row.rule_id for row in rows}) > 1
    numbers: Counter[str] = Counter()
    for row in rows:
        numbers[f"{row.rule_id}: {row.agent_id}" if several else row.agent_id] += row.chosen
    return numbers
