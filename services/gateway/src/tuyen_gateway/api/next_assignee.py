"""Whom a page's rule chooses next (R1, R2)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from tuyen_directory.candidates import narrow_to_offer
from tuyen_directory.organization import Organization
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import PageId
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.api.assignments import ExcludedView
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import AfterVersion, GatewayPorts, PathId, SetupReader
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.next_assignee import NextReason, find_next, find_pool, list_excluded
from tuyen_gateway.domain.visibility import sees_page
from tuyen_gateway.errors import NotFoundError
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/pages", tags=["rules"])


class LastChoiceView(ResponseBody):
    agent_id: str
    at: datetime


class NextAssigneeView(ResponseBody):
    agent_id: str | None
    """Null where nobody is next, and where a draw decides."""
    reason: NextReason
    rule_id: str | None
    """The rule that decides for the page; null if none does."""
    candidates: list[str]
    """Who may be chosen at this moment, in the rule's order."""
    excluded: list[ExcludedView]
    """All other members of the rule, in its order, with the first reason that applies."""
    last: LastChoiceView | None
    """Whom the rule chose last in turn; null if it chose nobody yet, and for a rule that draws."""
    as_of: datetime


@router.get(
    "/{page_id}/next-assignee",
    summary="Who gets the next one",
    dependencies=[AfterVersion],
    responses=problems(403, 404),
)
async def get_next_assignee(
    page_id: PathId,
    caller: SetupReader,
    gateway: GatewayPorts,
    kind: Annotated[ConversationKind, Query()] = ConversationKind.MESSAGE,
) -> NextAssigneeView:
    """For managing roles: whom the router would assign the next conversation of the page to, if a
    customer without an assignee began it now, from no department and no link. The functions that
    choose are the router's; presence, loads and the last choice are as far as this gateway has
    read."""
    stored = caller.organization.pages.get(PageId(page_id))
    if stored is None or not sees_page(caller.scope, PageId(page_id)):
        raise NotFoundError(f"There is no page {page_id!r}.")
    state = _state_of(gateway, caller.organization)
    pool = find_pool(state, stored.value, kind)
    rule = pool.rule
    last = None if rule is None else await gateway.choices.last(state.id, rule.id)
    loads = await gateway.choices.loads(state.id, pool.order) if state.counts_loads else None
    offer = narrow_to_offer(pool, loads, ())
    found = find_next(state, offer, None if last is None else last.cursor, loads or {})
    if last is None or found.reason is NextReason.RANDOM:
        shown = None
    else:
        shown = LastChoiceView(agent_id=last.cursor.last, at=last.at)
    return NextAssigneeView(
        agent_id=found.agent_id,
        reason=found.reason,
        rule_id=None if rule is None else rule.id,
        candidates=list(offer.agents),
        excluded=[
            ExcludedView(agent_id=one.agent_id, reason=one.why) for one in list_excluded(offer)
        ],
        last=shown,
        as_of=gateway.clock.now(),
    )


def _state_of(gateway: Gateway, organization: Organization) -> OrganizationState:
    """The organization as the router has it: with the presence of its agents."""
    agents = organization.agents
    presence = {agent: gateway.presence.presence(organization.id, agent) for agent in agents}
    return OrganizationState(organization, presence)
