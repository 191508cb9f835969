"""Who had a conversation, and why (I10, R9.4)."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter

from tuyen_events.ids import AgentId, RuleId
from tuyen_events.vocabulary import Exclusion, Mode, Reason
from tuyen_gateway.api.bodies import Answer
from tuyen_gateway.api.conversations import AfterVersion, seen_row
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain import history
from tuyen_gateway.domain.directory import Organization
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.sentences import Names, sentence

router = APIRouter(prefix="/conversations", tags=["conversations"])


class ExcludedView(Answer):
    agent_id: str
    reason: Exclusion


class RotationView(Answer):
    position: int
    """Of the chosen agent in the rule's order, from 1."""
    of: int
    after: str | None
    """Who was chosen before, under this rule; null for its first choice."""


class SentenceView(Answer):
    vi: str
    en: str


class AssignmentView(Answer):
    version: int
    agent_id: str | None
    previous_agent_id: str | None
    reason: Reason
    mode: Mode | None
    rule_id: str | None
    rule_version: int | None
    """The `revision` of the rule at the decision."""
    settings_version: int
    """The `revision` of the organization's settings at the decision; 0 when they were never set."""
    by: str | None
    note: str | None
    candidates: list[str] | None
    """Who could be chosen, in the rule's order; null for some moments after the decision, until it
    is known here."""
    excluded: list[ExcludedView] | None
    """Everybody else of the rule, with the first reason that held. Null where it is not known, and
    for callers without a managing role."""
    rotation: RotationView | None
    load: int | None
    """How many open conversations the agent had, where the rules count them; null for callers
    without a managing role."""
    caused_by: str
    """The id of the event or command that it came from."""
    at: datetime
    sentence: SentenceView


@router.get(
    "/{conversation_id}/assignments", summary="Who had it, and why", responses=problems(404)
)
async def list_assignments(
    conversation_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    _: AfterVersion,
) -> Listed[AssignmentView]:
    """Newest first (I10, R9.4), for whoever sees the conversation.

    This is also what explains a decision to a manager: who else was considered, who was not and
    why, and how busy the chosen agent was. An agent gets the same entries without `excluded` and
    `load`, which tell of colleagues' presence, pages and work. `sentence` says it all in one line,
    with the names of today.
    """
    position = await inbox_position(gateway, caller.organization.id)
    row = await seen_row(gateway, caller, conversation_id)
    page = await gateway.inbox.history(row, paging.limit, paging.after)
    return Listed(
        items=[_view(entry, caller) for entry in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


def _view(entry: AssignmentEntry, caller: Caller) -> AssignmentView:
    whole = caller.may(Right.EXPLAIN)
    told = entry if whole else history.for_agents(entry)
    rotation = history.rotation(told)
    said = sentence(told, names_of(caller.organization))
    return AssignmentView(
        version=told.version,
        agent_id=told.agent_id,
        previous_agent_id=told.previous_agent_id,
        reason=told.reason,
        mode=told.mode,
        rule_id=told.rule_id,
        rule_version=history.rule_version(told),
        settings_version=told.settings_version,
        by=told.by,
        note=told.note,
        candidates=_listed(history.considered(told)),
        excluded=_excluded(told) if whole else None,
        rotation=None
        if rotation is None
        else RotationView(position=rotation.position, of=rotation.of, after=rotation.after),
        load=None if told.choice is None else told.choice.load,
        caused_by=told.caused_by,
        at=told.at,
        sentence=SentenceView(vi=said.vi, en=said.en),
    )


def _listed(agents: Sequence[AgentId] | None) -> list[str] | None:
    return None if agents is None else list(agents)


def _excluded(entry: AssignmentEntry) -> list[ExcludedView] | None:
    found = history.left_out(entry)
    if found is None:
        return None
    return [ExcludedView(agent_id=one.agent_id, reason=one.why) for one in found]


def names_of(organization: Organization) -> Names:
    """What the organization's people and rules are called today."""

    def agent(agent_id: AgentId) -> str:
        stored = organization.agents.get(agent_id)
        return agent_id if stored is None else stored.value.name

    def rule(rule_id: RuleId) -> str:
        stored = organization.rules.get(rule_id)
        return rule_id if stored is None else stored.value.name

    return Names(agent=agent, rule=rule)
