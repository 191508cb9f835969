"""Reports: agents, pages, queues, how evenly rules choose, sources of contacts, pipelines and deals
(O3).

One function serves all of them; a description of each says what it contains.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.charts import answer_csv
from tuyen_gateway.api.dependencies import GatewayPorts
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.report_charts import (
    UNASSIGNED,
    Draw,
    ItemT,
    draw_fairness,
    draw_queue,
    draw_sources,
    draw_steps,
    draw_totals,
)
from tuyen_gateway.api.report_items import (
    AgentItem,
    DealItem,
    DealStepItem,
    FairnessItem,
    PageItem,
    PipelineItem,
    QueueItem,
    ReportNames,
    SourceItem,
    build_agents,
    build_deal_steps,
    build_deals,
    build_fairness,
    build_pages,
    build_pipeline,
    build_queue,
    build_sources,
)
from tuyen_gateway.api.report_queries import (
    ReportQuery,
    limit_to_pages,
    limit_to_warehouses,
    require_all_pages,
)
from tuyen_gateway.domain.rollups import Counted, ReportRow, complete, list_rows
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.reports import Interval, ReportSpan
from tuyen_views.pipelines import PIPELINES_VIEW

router = APIRouter(prefix="/reports", tags=["reports"])

Format = Annotated[Literal["json", "csv", "svg"], Query()]


class TimedReport(ResponseBody, Generic[ItemT]):
    since: datetime = Field(serialization_alias="from")
    """The report is from here on, and before `to`."""
    until: datetime = Field(serialization_alias="to")
    by: Interval
    time_zone: str
    """Intervals are hours or days of this zone."""
    items: list[ItemT]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind(Generic[ItemT]):
    """One report. `title` is that of the chart, by language."""

    name: str
    counted: Counted
    summary: str
    detail: str
    read_query: Callable[..., Awaitable[ReportQuery]]
    item: type[ItemT]
    build: Callable[[Sequence[ReportRow], ReportNames], list[ItemT]]
    title: Mapping[str, str]
    draw: Draw[ItemT]
    continues: bool = False
    """Whether what does not change is in the first interval."""


_FOR_MANAGERS = "For managing roles"
_OF_ALL_PAGES = "For managing roles that see all pages"
_OF_WAREHOUSES = (
    "For managing roles and managers of warehouses: the contacts in the warehouses that the caller "
    "manages (W6)"
)

_KINDS_OF_REPORTS: tuple[_Kind[Any], ...] = (
    _Kind(
        name="agents",
        counted=Counted.AGENT,
        summary="Agents' load and responses",
        detail=f"{_OF_ALL_PAGES}: by interval and agent, where something changed. A response "
        "counts when it was given, for whoever gave it. The chart shows the conversations that "
        "each got.",
        read_query=require_all_pages,
        item=AgentItem,
        build=build_agents,
        title={"vi": "Hội thoại được giao cho nhân viên", "en": "Conversations that agents got"},
        draw=draw_totals(lambda item: item.agent or item.agent_id, lambda item: item.assigned),
    ),
    _Kind(
        name="pages",
        counted=Counted.PAGE,
        summary="Conversations and responses by page",
        detail=f"{_FOR_MANAGERS}, of the pages that they may see: by interval and page, where "
        "something happened. The chart shows the conversations that began on each page.",
        read_query=limit_to_pages,
        item=PageItem,
        build=build_pages,
        title={"vi": "Hội thoại mới theo trang", "en": "Conversations that began, by page"},
        draw=draw_totals(lambda item: item.page or item.page_id, lambda item: item.begun),
    ),
    _Kind(
        name="queue",
        counted=Counted.QUEUE,
        summary="Queues and their waiting times",
        detail=f"{_FOR_MANAGERS}, of the pages that they may see: by interval and page, where "
        "something changed. Waits are exact to the second below 50 s, and within 2 % above. "
        "The chart shows how many waited on all pages.",
        read_query=limit_to_pages,
        item=QueueItem,
        build=build_queue,
        title={"vi": "Hội thoại đang chờ nhân viên", "en": "Conversations that wait for an agent"},
        draw=draw_queue,
        continues=True,
    ),
    _Kind(
        name="fairness",
        counted=Counted.RULE,
        summary="How evenly rules choose",
        detail=f"{_OF_ALL_PAGES}: by interval, rule and agent, how often the rule chose. A "
        "conversation that followed its customer to their assignee was not chosen by a rule.",
        read_query=require_all_pages,
        item=FairnessItem,
        build=build_fairness,
        title={"vi": "Số lần quy tắc chọn nhân viên", "en": "How often rules chose agents"},
        draw=draw_fairness,
    ),
    _Kind(
        name="sources",
        counted=Counted.ORIGIN,
        summary="Contacts by their source",
        detail=f"{_OF_WAREHOUSES}, by interval and source, where something changed; what was there "
        "before is in the first interval. The chart shows how many came from each source.",
        read_query=limit_to_warehouses,
        item=SourceItem,
        build=build_sources,
        title={"vi": "Khách hàng mới theo nguồn", "en": "New contacts by source"},
        draw=draw_sources,
        continues=True,
    ),
    _Kind(
        name="pipeline",
        counted=Counted.STEP,
        summary="Contacts at the steps of pipelines",
        detail=f"{_OF_WAREHOUSES}, by interval and step, where something changed; who stood there "
        "before is in the first interval. The chart shows how many are at each step in the end.",
        read_query=limit_to_warehouses,
        item=PipelineItem,
        build=build_pipeline,
        title={"vi": "Khách hàng theo bước", "en": "Contacts by step"},
        draw=draw_steps("contacts"),
        continues=True,
    ),
    _Kind(
        name="deals",
        counted=Counted.DEAL,
        summary="Deals by who has them",
        detail=f"{_OF_WAREHOUSES}, by interval, agent and currency, where something changed; what "
        "was open before is in the first interval. The chart shows how many each agent won.",
        read_query=limit_to_warehouses,
        item=DealItem,
        build=build_deals,
        title={"vi": "Giao dịch chốt thành công", "en": "Deals that were won"},
        draw=draw_totals(
            lambda item: item.agent or item.agent_id, lambda item: item.won, UNASSIGNED
        ),
        continues=True,
    ),
    _Kind(
        name="deal-steps",
        counted=Counted.DEAL_STEP,
        summary="Deals by the steps of their contacts",
        detail=f"{_OF_WAREHOUSES}, by interval, step and currency, where something changed; what "
        "was open before is in the first interval. The chart shows how many are open at each step "
        "in the end.",
        read_query=limit_to_warehouses,
        item=DealStepItem,
        build=build_deal_steps,
        title={"vi": "Giao dịch đang mở theo bước", "en": "Open deals by step"},
        draw=draw_steps("open"),
        continues=True,
    ),
)


async def _answer(
    kind: _Kind[ItemT], query: ReportQuery, gateway: Gateway, wanted: str
) -> Response:
    async with gateway.reports.turn(query.span.organization):
        return await _read_and_write(kind, query, gateway, wanted)


async def _read_and_write(
    kind: _Kind[ItemT], query: ReportQuery, gateway: Gateway, wanted: str
) -> Response:
    span, counted = query.span, kind.counted
    before = await gateway.reports.balances(span, counted) if counted.has_balance else {}
    rollups = await gateway.reports.rollups(span, counted)
    names = await _find_names(gateway, query, counted)

    def write() -> Response:
        begin = span.begin_of_interval(span.since)
        found = complete(rollups, before, begin) if kind.continues else rollups
        items = kind.build(list_rows(before, found), names)
        if wanted == "svg":
            return kind.draw(_name_chart(kind.title[query.language], span), items, query, names)
        return _write_csv(kind, items, span) if wanted == "csv" else _write_json(kind, items, span)

    # A long report would hold up all other requests: what is left to FastAPI is only to send it.
    return await asyncio.to_thread(write)


async def _find_names(gateway: Gateway, query: ReportQuery, counted: Counted) -> ReportNames:
    organization = query.caller.organization
    if counted not in (Counted.STEP, Counted.DEAL_STEP):
        return ReportNames(organization, query.caller.scope)
    ids = await gateway.crm.setup_ids(PIPELINES_VIEW, organization.id)
    found = await gateway.crm.setup_among(PIPELINES_VIEW, organization.id, ids)
    return ReportNames(organization, query.caller.scope, {one.id: one for one in found})


def _name_chart(title: str, span: ReportSpan) -> str:
    zone = ZoneInfo(span.time_zone)
    last = (span.until - timedelta(minutes=1)).astimezone(zone)
    return f"{title}, {span.since.astimezone(zone):%d/%m/%Y}–{last:%d/%m/%Y}"


def _write_json(kind: _Kind[ItemT], items: list[ItemT], span: ReportSpan) -> Response:
    report = TimedReport[kind.item](  # type: ignore[name-defined]  # FastAPI made the same class
        since=span.since, until=span.until, by=span.by, time_zone=span.time_zone, items=items
    )
    return Response(report.model_dump_json(by_alias=True), media_type="application/json")


def _write_csv(kind: _Kind[ItemT], items: list[ItemT], span: ReportSpan) -> Response:
    """With the local time of each interval, which spreadsheets can read."""
    zone, columns = ZoneInfo(span.time_zone), list(kind.item.model_fields)
    rows = (
        [f"{item.at.astimezone(zone):%Y-%m-%d %H:%M}", *item.model_dump(mode="json").values()]
        for item in items
    )
    return answer_csv(kind.name, [["local_time", *columns], *rows])


def _add_route(kind: _Kind[ItemT]) -> None:
    async def report(
        query: Annotated[ReportQuery, Depends(kind.read_query)],
        gateway: GatewayPorts,
        format: Format = "json",
    ) -> Any:
        return await _answer(kind, query, gateway, format)

    router.add_api_route(
        f"/{kind.name}",
        report,
        name=f"report_{kind.name}".replace("-", "_"),
        summary=kind.summary,
        description=kind.detail,
        response_model=TimedReport[kind.item],  # type: ignore[name-defined]  # a type at run time
        responses={200: {"content": {"text/csv": {}, "image/svg+xml": {}}}, **problems(403)},
    )


for _kind in _KINDS_OF_REPORTS:
    _add_route(_kind)
