"""Reports: agents, pages, queues, how evenly rules choose, sources of contacts, pipelines (O3).

One function serves all of them; a description of each says what it contains.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from tuyen_events.audit_limits import REPORT_DAYS
from tuyen_events.directory import DEFAULT_TIME_ZONE
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.charts import answer_bars, answer_csv, answer_line
from tuyen_gateway.api.crm.access import load_scope, require_access
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import (
    Caller,
    CurrentCaller,
    GatewayPorts,
    SetupReader,
    check_right,
)
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.report_items import (
    AgentItem,
    FairnessItem,
    PageItem,
    PipelineItem,
    QueueItem,
    ReportItem,
    ReportNames,
    SourceItem,
    build_agents,
    build_fairness,
    build_pages,
    build_pipeline,
    build_queue,
    build_sources,
)
from tuyen_gateway.domain.contact_counts import SourceKind
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.rollups import Counted, ReportRow, complete, list_rows, quarter_of
from tuyen_gateway.errors import ForbiddenError, InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.reports import Interval, ReportSpan
from tuyen_views.pipelines import PIPELINES_VIEW

router = APIRouter(prefix="/reports", tags=["reports"])

_DAYS = timedelta(days=7)
_LONGEST = timedelta(days=REPORT_DAYS)

Format = Annotated[Literal["json", "csv", "svg"], Query()]

ItemT = TypeVar("ItemT", bound=ReportItem)


class TimedReport(ResponseBody, Generic[ItemT]):
    since: datetime = Field(serialization_alias="from")
    """The report is from here on, and before `to`."""
    until: datetime = Field(serialization_alias="to")
    by: Interval
    time_zone: str
    """Intervals are hours or days of this zone."""
    items: list[ItemT]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a report is to contain, and the language of its chart."""

    caller: Caller
    span: ReportSpan
    language: Literal["vi", "en"]


async def _ask(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    since: Annotated[
        MomentIn | None, Query(alias="from", description="Seven days before `to` by default.")
    ] = None,
    until: Annotated[MomentIn | None, Query(alias="to", description="Now by default.")] = None,
    by: Annotated[Interval, Query()] = Interval.DAY,
) -> _Asked:
    """Both ends are rounded down to a quarter of an hour; what happens now is in the report."""
    end = gateway.clock.now() + timedelta(minutes=15) if until is None else until
    begin = end - _DAYS if since is None else since
    if end - begin > _LONGEST:
        raise InvalidError(
            "from", f"A report covers {REPORT_DAYS} days at most: ask for less time."
        )
    organization = caller.organization
    profile = organization.profile
    span = ReportSpan(
        organization=organization.id,
        since=quarter_of(begin),
        until=quarter_of(end),
        by=by,
        time_zone=DEFAULT_TIME_ZONE if profile is None else profile.value.time_zone,
    )
    preferred = gateway.desk.preferences(organization.id, caller.viewer.agent_id).get("language")
    english = isinstance(preferred, str) and preferred.lower().startswith("en")
    return _Asked(caller=caller, span=span, language="en" if english else "vi")


_Question = Annotated[_Asked, Depends(_ask)]


async def _ask_of_conversations(_manager: SetupReader, asked: _Question) -> _Asked:
    """Limits a report about pages and their queues to those that the viewer may see (R7.1)."""
    return replace(asked, span=replace(asked.span, pages=asked.caller.scope.pages))


async def _ask_of_all_pages(_manager: SetupReader, asked: _Question) -> _Asked:
    """Numbers that are not kept by page: whoever sees only some would learn of the others."""
    if asked.caller.scope.pages is not None:
        raise ForbiddenError(
            "This report is about all pages, and you see only some: read those of pages and queues."
        )
    return asked


async def _ask_of_contacts(
    caller: CurrentCaller, asked: _Question, gateway: GatewayPorts
) -> _Asked:
    """Limits a report about contacts to those in the warehouses that the viewer manages (W6)."""
    await require_access(caller)
    scope = await load_scope(gateway, caller)
    if not scope.managed:
        check_right(caller, Right.READ_SETUP)
    return replace(asked, span=replace(asked.span, warehouses=scope.managed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind(Generic[ItemT]):
    """One report. `title` is that of the chart, by language."""

    name: str
    counted: Counted
    summary: str
    detail: str
    ask: Callable[..., Awaitable[_Asked]]
    item: type[ItemT]
    build: Callable[[Sequence[ReportRow], ReportNames], list[ItemT]]
    title: Mapping[str, str]
    draw: Callable[[str, list[ItemT], _Asked, ReportNames], Response]
    continues: bool = False
    """Whether what does not change is in the first interval."""


def _sum_up(
    label: Callable[[ItemT], str | None], number: Callable[[ItemT], int]
) -> Callable[[str, list[ItemT], _Asked, ReportNames], Response]:
    """Draws a bar for the total of each label; null is whoever answers at the channel itself."""

    def draw(title: str, items: list[ItemT], asked: _Asked, _names: ReportNames) -> Response:
        total: Counter[str] = Counter()
        for item in items:
            total[label(item) or _AT_THE_CHANNEL[asked.language]] += number(item)
        return answer_bars(title, +total)

    return draw


def _draw_fairness(
    title: str, items: list[FairnessItem], asked: _Asked, names: ReportNames
) -> Response:
    several = len({item.rule_id for item in items}) > 1

    def label(item: FairnessItem) -> str:
        agent = item.agent or item.agent_id
        return f"{item.rule or item.rule_id}: {agent}" if several else agent

    return _sum_up(label, lambda item: item.chosen)(title, items, asked, names)


def _draw_queue(title: str, items: list[QueueItem], asked: _Asked, _names: ReportNames) -> Response:
    """How many waited on all pages, in the order of time. What waited before, and did not change,
    is in the first interval."""
    zone = ZoneInfo(asked.span.time_zone)
    waiting: dict[str, int] = {}
    points = {asked.span.since.astimezone(zone).replace(tzinfo=None): 0}
    for item in items:
        waiting[item.page_id] = item.waiting
        points[item.at.astimezone(zone).replace(tzinfo=None)] = sum(waiting.values())
    return answer_line(title, list(points.items()))


def _draw_sources(
    title: str, items: list[SourceItem], asked: _Asked, names: ReportNames
) -> Response:
    def label(item: SourceItem) -> str:
        kind = _KINDS[asked.language][item.kind]
        return f"{kind}: {item.source or item.source_id}" if item.source_id else kind

    return _sum_up(label, lambda item: item.added)(title, items, asked, names)


def _draw_pipeline(
    title: str, items: list[PipelineItem], _asked: _Asked, names: ReportNames
) -> Response:
    """How many are at each step in the end, in the order of the steps."""
    last = {(item.pipeline_id, item.step_id): item for item in items}
    order = {
        (pipeline.id, step.id): place
        for pipeline in names.pipelines.values()
        for place, step in enumerate(pipeline.steps)
    }
    several = len({item.pipeline_id for item in items}) > 1
    numbers: Counter[str] = Counter()
    for at in sorted(last, key=lambda at: (at[0], order.get(at, len(order)), at[1])):
        item = last[at]
        step = item.step or item.step_id
        numbers[f"{item.pipeline or item.pipeline_id}: {step}" if several else step] = item.contacts
    return answer_bars(title, numbers, in_order=True)


_AT_THE_CHANNEL = {"vi": "Trả lời tại kênh", "en": "At the channel"}
_KINDS = {
    "vi": {
        SourceKind.PAGE: "Trang",
        SourceKind.IMPORT: "Nhập từ file",
        SourceKind.INTEGRATION: "Tích hợp",
        SourceKind.HAND: "Nhập tay",
    },
    "en": {
        SourceKind.PAGE: "Page",
        SourceKind.IMPORT: "Import",
        SourceKind.INTEGRATION: "Integration",
        SourceKind.HAND: "By hand",
    },
}

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
        ask=_ask_of_all_pages,
        item=AgentItem,
        build=build_agents,
        title={"vi": "Hội thoại được giao cho nhân viên", "en": "Conversations that agents got"},
        draw=_sum_up(lambda item: item.agent or item.agent_id, lambda item: item.assigned),
    ),
    _Kind(
        name="pages",
        counted=Counted.PAGE,
        summary="Conversations and responses by page",
        detail=f"{_FOR_MANAGERS}, of the pages that they may see: by interval and page, where "
        "something happened. The chart shows the conversations that began on each page.",
        ask=_ask_of_conversations,
        item=PageItem,
        build=build_pages,
        title={"vi": "Hội thoại mới theo trang", "en": "Conversations that began, by page"},
        draw=_sum_up(lambda item: item.page or item.page_id, lambda item: item.begun),
    ),
    _Kind(
        name="queue",
        counted=Counted.QUEUE,
        summary="Queues and their waiting times",
        detail=f"{_FOR_MANAGERS}, of the pages that they may see: by interval and page, where "
        "something changed. Waits are exact to the second below 50 s, and within 2 % above. "
        "The chart shows how many waited on all pages.",
        ask=_ask_of_conversations,
        item=QueueItem,
        build=build_queue,
        title={"vi": "Hội thoại đang chờ nhân viên", "en": "Conversations that wait for an agent"},
        draw=_draw_queue,
        continues=True,
    ),
    _Kind(
        name="fairness",
        counted=Counted.RULE,
        summary="How evenly rules choose",
        detail=f"{_OF_ALL_PAGES}: by interval, rule and agent, how often the rule chose. A "
        "conversation that followed its customer to their assignee was not chosen by a rule.",
        ask=_ask_of_all_pages,
        item=FairnessItem,
        build=build_fairness,
        title={"vi": "Số lần quy tắc chọn nhân viên", "en": "How often rules chose agents"},
        draw=_draw_fairness,
    ),
    _Kind(
        name="sources",
        counted=Counted.ORIGIN,
        summary="Contacts by their source",
        detail=f"{_OF_WAREHOUSES}, by interval and source, where something changed; what was there "
        "before is in the first interval. The chart shows how many came from each source.",
        ask=_ask_of_contacts,
        item=SourceItem,
        build=build_sources,
        title={"vi": "Khách hàng mới theo nguồn", "en": "New contacts by source"},
        draw=_draw_sources,
        continues=True,
    ),
    _Kind(
        name="pipeline",
        counted=Counted.STEP,
        summary="Contacts at the steps of pipelines",
        detail=f"{_OF_WAREHOUSES}, by interval and step, where something changed; who stood there "
        "before is in the first interval. The chart shows how many are at each step in the end.",
        ask=_ask_of_contacts,
        item=PipelineItem,
        build=build_pipeline,
        title={"vi": "Khách hàng theo bước", "en": "Contacts by step"},
        draw=_draw_pipeline,
        continues=True,
    ),
)


async def _answer(
    kind: _Kind[ItemT], asked: _Asked, gateway: Gateway, wanted: str
) -> TimedReport[ItemT] | Response:
    span, counted = asked.span, kind.counted
    before = await gateway.reports.balances(span, counted) if counted.has_balance else {}
    rollups = await gateway.reports.rollups(span, counted)
    if kind.continues:
        rollups = complete(rollups, before, span.begin_of_interval(span.since))
    names = await _find_names(gateway, asked, counted)
    # A long report would hold up all other requests.
    items = await asyncio.to_thread(lambda: kind.build(list_rows(before, rollups), names))
    if wanted == "svg":
        return kind.draw(_name_chart(kind.title[asked.language], span), items, asked, names)
    if wanted == "csv":
        return _write_csv(kind, items, span)
    return TimedReport[kind.item](  # type: ignore[name-defined]  # FastAPI made the same class
        since=span.since, until=span.until, by=span.by, time_zone=span.time_zone, items=items
    )


async def _find_names(gateway: Gateway, asked: _Asked, counted: Counted) -> ReportNames:
    organization = asked.caller.organization
    if counted is not Counted.STEP:
        return ReportNames(organization, asked.caller.scope)
    ids = await gateway.crm.setup_ids(PIPELINES_VIEW, organization.id)
    found = await gateway.crm.setup_among(PIPELINES_VIEW, organization.id, ids)
    return ReportNames(organization, asked.caller.scope, {one.id: one for one in found})


def _name_chart(title: str, span: ReportSpan) -> str:
    zone = ZoneInfo(span.time_zone)
    last = (span.until - timedelta(minutes=1)).astimezone(zone)
    return f"{title}, {span.since.astimezone(zone):%d/%m/%Y}–{last:%d/%m/%Y}"


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
        asked: Annotated[_Asked, Depends(kind.ask)], gateway: GatewayPorts, format: Format = "json"
    ) -> Any:
        return await _answer(kind, asked, gateway, format)

    router.add_api_route(
        f"/{kind.name}",
        report,
        name=f"report_{kind.name}",
        summary=kind.summary,
        description=kind.detail,
        response_model=TimedReport[kind.item],  # type: ignore[name-defined]  # a type at run time
        responses={200: {"content": {"text/csv": {}, "image/svg+xml": {}}}, **problems(403)},
    )


for _kind in _KINDS_OF_REPORTS:
    _add_route(_kind)
