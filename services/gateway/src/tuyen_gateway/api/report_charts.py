"""What each report shows as a chart (O3)."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Response

from tuyen_gateway.api.charts import answer_bars, answer_line
from tuyen_gateway.api.report_items import (
    FairnessItem,
    QueueItem,
    ReportItem,
    ReportNames,
    SourceItem,
)
from tuyen_gateway.api.report_queries import ReportQuery
from tuyen_gateway.domain.contact_counts import SourceKind

ItemT = TypeVar("ItemT", bound=ReportItem)

AT_THE_CHANNEL = {"vi": "Trả lời tại kênh", "en": "At the channel"}
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
UNASSIGNED = {"vi": "Chưa giao cho ai", "en": "Nobody"}
_AT_NO_STEP = {"vi": "Không ở bước nào", "en": "At no step"}

Draw = Callable[[str, list[ItemT], ReportQuery, ReportNames], Response]
"""Draws the items below a title."""


def draw_totals(
    label: Callable[[ItemT], str | None],
    number: Callable[[ItemT], int],
    nobody: Mapping[str, str] = AT_THE_CHANNEL,
) -> Draw[ItemT]:
    """A bar for the total of each label; `nobody` is what null is called, by language."""

    def draw(title: str, items: list[ItemT], query: ReportQuery, _names: ReportNames) -> Response:
        total: Counter[str] = Counter()
        for item in items:
            total[label(item) or nobody[query.language]] += number(item)
        return answer_bars(title, +total)

    return draw


def draw_fairness(
    title: str, items: list[FairnessItem], query: ReportQuery, names: ReportNames
) -> Response:
    several = len({item.rule_id for item in items}) > 1

    def label(item: FairnessItem) -> str:
        agent = item.agent or item.agent_id
        return f"{item.rule or item.rule_id}: {agent}" if several else agent

    return draw_totals(label, lambda item: item.chosen)(title, items, query, names)


def draw_queue(
    title: str, items: list[QueueItem], query: ReportQuery, _names: ReportNames
) -> Response:
    """How many waited on all pages, in the order of time. What waited before, and did not change,
    is in the first interval."""
    zone = ZoneInfo(query.span.time_zone)
    waiting: dict[str, int] = {}
    points = {query.span.since.astimezone(zone).replace(tzinfo=None): 0}
    for item in items:
        waiting[item.page_id] = item.waiting
        points[item.at.astimezone(zone).replace(tzinfo=None)] = sum(waiting.values())
    return answer_line(title, list(points.items()))


def draw_sources(
    title: str, items: list[SourceItem], query: ReportQuery, names: ReportNames
) -> Response:
    def label(item: SourceItem) -> str:
        kind = _KINDS[query.language][item.kind]
        return f"{kind}: {item.source or item.source_id}" if item.source_id else kind

    return draw_totals(label, lambda item: item.added)(title, items, query, names)


def draw_steps(shown: str) -> Draw[Any]:
    """What is at each step in the end, in the order of the steps; `shown` is the field that says
    how much that is."""

    def draw(title: str, items: list[Any], query: ReportQuery, names: ReportNames) -> Response:
        order = {
            (pipeline.id, step.id): nth
            for pipeline in names.pipelines.values()
            for nth, step in enumerate(pipeline.steps)
        }

        def rank(at: tuple[str | None, str | None, str | None]) -> tuple[str, int, str]:
            pipeline_id, step_id = at[0] or "", at[1] or ""
            return pipeline_id, order.get((pipeline_id, step_id), len(order)), step_id

        last = {
            (item.pipeline_id, item.step_id, getattr(item, "currency", None)): item
            for item in items
        }
        several = len({item.pipeline_id for item in items}) > 1
        numbers: Counter[str] = Counter()
        for at in sorted(last, key=rank):
            item = last[at]
            step = item.step or item.step_id or _AT_NO_STEP[query.language]
            pipeline = item.pipeline or item.pipeline_id
            numbers[f"{pipeline}: {step}" if several and pipeline else step] += getattr(item, shown)
        return answer_bars(title, numbers, in_order=True)

    return draw
