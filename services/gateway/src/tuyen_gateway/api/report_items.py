"""The rows of each report, and the names in them (O3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tuyen_directory.organization import Organization, find_entity
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.contact_views import find_source_name
from tuyen_gateway.domain.contact_counts import SourceKind
from tuyen_gateway.domain.deal_counts import VALUE_PARTS
from tuyen_gateway.domain.rollups import INFLOW, OUTFLOW, ReportRow, Waits, value_of
from tuyen_gateway.domain.visibility import Scope
from tuyen_views.pipelines import PipelineDocument


@dataclass(frozen=True, slots=True)
class ReportNames:
    """The present names of the things in a report; null for what does not exist any more."""

    organization: Organization
    scope: Scope
    pipelines: Mapping[str, PipelineDocument] = field(default_factory=dict)

    def find(self, entity: str, entity_id: str | None) -> str | None:
        stored = None if entity_id is None else find_entity(self.organization, entity, entity_id)
        name: str | None = None if stored is None else getattr(stored.value, "name", None)
        return name

    def find_source(self, kind: SourceKind, source_id: str | None) -> str | None:
        """Null for what the viewer may not see, too."""
        if kind not in (SourceKind.PAGE, SourceKind.INTEGRATION):
            return None
        return find_source_name(self.organization, self.scope, source_id)

    def find_pipeline(self, pipeline_id: str | None) -> str | None:
        found = self.pipelines.get(pipeline_id or "")
        return None if found is None else found.name

    def find_step(self, pipeline_id: str | None, step_id: str | None) -> str | None:
        found = self.pipelines.get(pipeline_id or "")
        steps = () if found is None else found.steps
        return next((step.name for step in steps if step.id == step_id), None)


class ReportItem(ResponseBody):
    at: datetime
    """When the interval begins."""


class QueueItem(ReportItem):
    page_id: str
    page: str | None
    """Its name."""
    entered: int
    """Conversations that began to wait for an agent."""
    left: int
    """Conversations that stopped waiting: most got an agent, others were closed or removed."""
    waiting: int
    """Conversations that waited when the interval ended."""
    wait_median_s: int | None
    """How long those waited who got an agent; null if nobody did."""
    wait_p90_s: int | None
    wait_p95_s: int | None
    """Null also for an interval of before this was kept; the same goes for the others."""


class _Responses(ReportItem):
    first_responses: int
    """Conversations in which a person on our side spoke for the first time, after the customer."""
    first_response_median_s: int | None
    """How long their customers had waited; null if there were none."""
    first_response_p90_s: int | None
    first_response_p95_s: int | None
    responses: int
    """How often a person on our side answered a customer who waited, the first time included."""
    response_median_s: int | None
    """How long the customers had waited, since their first word after the answer before."""
    response_p90_s: int | None
    response_p95_s: int | None


class AgentItem(_Responses):
    agent_id: str | None
    """Null is whoever answers at the channel itself."""
    agent: str | None
    """Their name."""
    assigned: int
    """Conversations that the agent got."""
    lost: int
    """Conversations that somebody else got, or nobody has any more."""
    held: int
    """Conversations whose assignee the agent was when the interval ended, done or not."""


class PageItem(_Responses):
    page_id: str
    page: str | None
    """Its name."""
    begun: int
    """Conversations that a customer began."""


class FairnessItem(ReportItem):
    rule_id: str
    rule: str | None
    """Its name."""
    agent_id: str
    agent: str | None
    """Their name."""
    chosen: int
    """How often the rule chose the agent."""
    share: float
    """The part of all its choices in the interval."""


class SourceItem(ReportItem):
    kind: SourceKind
    source_id: str | None
    """The id of the page, the import or the integration; null for those added manually."""
    source: str | None
    """The name of the page or the integration; null for any other source, and for a page that the
    viewer may not see."""
    added: int
    """Contacts that came from there. One whose merge was undone is counted once more."""
    removed: int
    """Contacts that were removed, or merged into an older one."""
    contacts: int
    """How many there were when the interval ended."""


class PipelineItem(ReportItem):
    pipeline_id: str
    pipeline: str | None
    """Its name."""
    step_id: str
    step: str | None
    """Its name."""
    entered: int
    """Contacts that came to the step."""
    left: int
    """Contacts that went to another step or out of the pipeline, or were removed or merged."""
    contacts: int
    """How many were at the step when the interval ended."""


class _Deals(ReportItem):
    currency: str | None
    """By its ISO 4217 code; null for deals without a value."""
    added: int
    """Deals that were added."""
    won: int
    """Deals that were won, and are still. Their value is the one that they have now."""
    won_value: str | None
    """A decimal number, as text, like the other values."""
    lost: int
    """Deals that were lost, and are still."""
    lost_value: str | None
    open: int
    """Deals that were open when the interval ended."""
    open_value: str | None


class DealItem(_Deals):
    agent_id: str | None
    """Who has the deals; null for those that nobody has."""
    agent: str | None
    """Their name."""


class DealStepItem(_Deals):
    pipeline_id: str | None
    """Null for deals with contacts that are at no step, like the step. A deal with a contact that
    is at steps of several pipelines is counted at each."""
    pipeline: str | None
    """Its name."""
    step_id: str | None
    step: str | None
    """Its name."""


def build_queue(rows: Sequence[ReportRow], names: ReportNames) -> list[QueueItem]:
    return [
        QueueItem(
            at=row.rollup.at,
            page_id=page_id,
            page=names.find("page", page_id),
            entered=row.rollup.counts[INFLOW],
            left=row.rollup.counts[OUTFLOW],
            waiting=row.balance,
            wait_median_s=waits.median,
            wait_p90_s=waits.p90,
            wait_p95_s=waits.p95,
        )
        for row in rows
        for page_id in _ids(row)
        for waits in [row.rollup.waits.get("wait", Waits())]
    ]


def build_agents(rows: Sequence[ReportRow], names: ReportNames) -> list[AgentItem]:
    return [
        AgentItem(
            at=row.rollup.at,
            agent_id=agent_id,
            agent=names.find("agent", agent_id),
            assigned=row.rollup.counts[INFLOW],
            lost=row.rollup.counts[OUTFLOW],
            held=row.balance,
            **_describe_responses(row),
        )
        for row in rows
        for agent_id in row.rollup.about
    ]


def build_pages(rows: Sequence[ReportRow], names: ReportNames) -> list[PageItem]:
    return [
        PageItem(
            at=row.rollup.at,
            page_id=page_id,
            page=names.find("page", page_id),
            begun=row.rollup.counts["begun"],
            **_describe_responses(row),
        )
        for row in rows
        for page_id in _ids(row)
    ]


def build_fairness(rows: Sequence[ReportRow], names: ReportNames) -> list[FairnessItem]:
    totals: Counter[tuple[datetime, str]] = Counter()
    for row in rows:
        totals[row.rollup.at, _ids(row)[0]] += row.rollup.counts["chosen"]
    items = []
    for row in rows:
        rule_id, agent_id = _ids(row)
        chosen = row.rollup.counts["chosen"]
        items.append(
            FairnessItem(
                at=row.rollup.at,
                rule_id=rule_id,
                rule=names.find("rule", rule_id),
                agent_id=agent_id,
                agent=names.find("agent", agent_id),
                chosen=chosen,
                share=round(chosen / totals[row.rollup.at, rule_id], 4),
            )
        )
    return items


def build_sources(rows: Sequence[ReportRow], names: ReportNames) -> list[SourceItem]:
    items = []
    for row in rows:
        kind, source_id = SourceKind(row.rollup.about[0] or ""), row.rollup.about[1]
        items.append(
            SourceItem(
                at=row.rollup.at,
                kind=kind,
                source_id=source_id,
                source=names.find_source(kind, source_id),
                added=row.rollup.counts.get("added", 0),
                removed=row.rollup.counts.get("removed", 0),
                contacts=row.balance,
            )
        )
    return items


def build_pipeline(rows: Sequence[ReportRow], names: ReportNames) -> list[PipelineItem]:
    items = []
    for row in rows:
        pipeline_id, step_id = _ids(row)
        items.append(
            PipelineItem(
                at=row.rollup.at,
                pipeline_id=pipeline_id,
                pipeline=names.find_pipeline(pipeline_id),
                step_id=step_id,
                step=names.find_step(pipeline_id, step_id),
                entered=row.rollup.counts.get("entered", 0),
                left=row.rollup.counts.get("left", 0),
                contacts=row.balance,
            )
        )
    return items


def build_deals(rows: Sequence[ReportRow], names: ReportNames) -> list[DealItem]:
    return [
        DealItem(
            at=row.rollup.at,
            agent_id=agent_id,
            agent=names.find("agent", agent_id),
            **_describe_deals(row, currency),
        )
        for row in rows
        for agent_id, currency in [row.rollup.about]
    ]


def build_deal_steps(rows: Sequence[ReportRow], names: ReportNames) -> list[DealStepItem]:
    return [
        DealStepItem(
            at=row.rollup.at,
            pipeline_id=pipeline_id,
            pipeline=names.find_pipeline(pipeline_id),
            step_id=step_id,
            step=names.find_step(pipeline_id, step_id),
            **_describe_deals(row, currency),
        )
        for row in rows
        for pipeline_id, step_id, currency in [row.rollup.about]
    ]


def _describe_deals(row: ReportRow, currency: str | None) -> dict[str, Any]:
    counts = row.rollup.counts
    values = {
        f"{name}_value": None if currency is None else _format_value(value)
        for name, value in (
            ("won", counts.get(value_of("won"), 0)),
            ("lost", counts.get(value_of("lost"), 0)),
            ("open", row.value),
        )
    }
    numbers = {name: counts.get(name, 0) for name in ("added", "won", "lost")}
    return {"currency": currency, **numbers, "open": row.balance, **values}


def _format_value(parts: int) -> str:
    """`12.5`, and `18000000`."""
    whole, rest = divmod(abs(parts), VALUE_PARTS)
    digits = f"{whole}.{rest:04}".rstrip("0").rstrip(".")
    return f"-{digits}" if parts < 0 else digits


def _ids(row: ReportRow) -> list[str]:
    return [part or "" for part in row.rollup.about]


def _describe_responses(row: ReportRow) -> dict[str, int | None]:
    first, every = (row.rollup.waits.get(kind, Waits()) for kind in ("first", "response"))
    return {
        "first_responses": first.number,
        "first_response_median_s": first.median,
        "first_response_p90_s": first.p90,
        "first_response_p95_s": first.p95,
        "responses": every.number,
        "response_median_s": every.median,
        "response_p90_s": every.p90,
        "response_p95_s": every.p95,
    }
