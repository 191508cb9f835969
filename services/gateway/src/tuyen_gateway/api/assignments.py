"""The assignees of a conversation, and why (I10, R9.4)."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter

from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId, RuleId
from tuyen_events.vocabulary import Exclusion, Reason, Strategy
from tuyen_gateway.api.bodies import BilingualText, ResponseBody
from tuyen_gateway.api.conversations import AfterAssignment, find_visible_row
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain import history
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.sentences import NameLookup, build_sentence

router = APIRouter(prefix="/conversations", tags=["conversations"])


class ExcludedView(ResponseBody):
    agent_id: str
    reason: Exclusion


class RotationView(ResponseBody):
    position: int
    """The chosen agent's position in the rule's order, from 1."""
    of: int
    after: str | None
    """Who was chosen before, by this rule; null for its first choice."""


class AssignmentView(ResponseBody):
    version: int
    agent_id: str | None
    previous_agent_id: str | None
    reason: Reason
    mode: Strategy | None
    rule_id: str | None
    rule_version: int | None
    """The `revision` of the rule at the decision."""
    settings_version: int
    """The `revision` of the organization's settings at the decision; 0 if they were never set."""
    by: str | None
    note: str | None
    candidates: list[str] | None
    """Who could be chosen, in the rule's order; null for some moments after the decision, until
    this view has it."""
    excluded: list[ExcludedView] | None
    """All other members of the rule, with the first reason that applied. Null if it is not known,
    and for callers without a managing role."""
    rotation: RotationView | None
    load: int | None
    """How many open conversations the agent had, if the rules count them; null for callers without
    a managing role."""
    caused_by: str
    """The id of the event or command that caused it."""
    at: datetime
    sentence: BilingualText


@router.get(
    "/{conversation_id}/assignments", summary="Who had it, and why", responses=problems(404)
)
async def list_assignments(
    conversation_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    _: AfterAssignment,
) -> Listed[AssignmentView]:
    """Newest first (I10, R9.4), for everybody who sees the conversation.

    This also explains a decision to a manager: who else was considered, who was excluded and why,
    and how many conversations the chosen agent had. An agent gets the same entries without
    `excluded` and `load`, which reveal colleagues' presence, pages and work. `sentence` says it all
    in one line, with today's names.
    """
    position = await inbox_position(gateway, caller.organization)
    row = await find_visible_row(gateway, caller, conversation_id)
    page = await gateway.inbox.history(row, paging.limit, paging.after)
    return Listed(
        items=[_view(entry, caller) for entry in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


def _view(entry: AssignmentEntry, caller: Caller) -> AssignmentView:
    whole = caller.may(Right.EXPLAIN)
    shown = entry if whole else history.for_agents(entry)
    rotation = history.rotation(shown)
    text = build_sentence(shown, names_of(caller.organization))
    return AssignmentView(
        version=shown.version,
        agent_id=shown.agent_id,
        previous_agent_id=shown.previous_agent_id,
        reason=shown.reason,
        mode=shown.mode,
        rule_id=shown.rule_id,
        rule_version=history.rule_version(shown),
        settings_version=shown.settings_version,
        by=shown.by,
        note=shown.note,
        candidates=_list_agents(history.find_considered(shown)),
        excluded=_list_excluded(shown) if whole else None,
        rotation=None
        if rotation is None
        else RotationView(position=rotation.position, of=rotation.of, after=rotation.after),
        load=None if shown.choice is None else shown.choice.load,
        caused_by=shown.caused_by,
        at=shown.at,
        sentence=BilingualText(vi=text.vi, en=text.en),
    )


def _list_agents(agents: Sequence[AgentId] | None) -> list[str] | None:
    return None if agents is None else list(agents)


def _list_excluded(entry: AssignmentEntry) -> list[ExcludedView] | None:
    found = history.find_left_out(entry)
    if found is None:
        return None
    return [ExcludedView(agent_id=one.agent_id, reason=one.why) for one in found]


def names_of(organization: Organization) -> NameLookup:
    """Today's names of the organization's agents and rules."""

    def agent(agent_id: AgentId) -> str:
        stored = organization.agents.get(agent_id)
        return agent_id if stored is None else stored.value.name

    def rule(rule_id: RuleId) -> str:
        stored = organization.rules.get(rule_id)
        return rule_id if stored is None else stored.value.name

    return NameLookup(agent=agent, rule=rule)
