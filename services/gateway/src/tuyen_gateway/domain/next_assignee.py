"""Whom a rule chooses next for a new customer: by the router's own functions, from what the gateway
knows (R1, R2)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tuyen_directory.candidates import build_pool, find_required_capability
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import PoolCache
from tuyen_directory.pools import Offer, Pool
from tuyen_events.choosing import Cursor, choose, effective_strategy
from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId, EventId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import ConversationKind, Exclusion, Strategy


class NextReason(StrEnum):
    """Why the next assignee is this agent, or nobody can be named."""

    ROTATION = "rotation"
    LEAST_LOADED = "least_loaded"
    RANDOM = "random"
    """One of the candidates, drawn when the event arrives: nobody is named."""
    NO_CANDIDATE = "no_candidate"
    NO_RULE = "no_rule"
    OFF = "off"
    """Rules assign nothing at present."""


_REASONS = {
    Strategy.LEAST_LOADED: NextReason.LEAST_LOADED,
    Strategy.RANDOM: NextReason.RANDOM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAssignee:
    """Who comes next; `agent_id` is None where nobody does, or nobody can tell."""

    agent_id: AgentId | None
    reason: NextReason


def find_pool(state: OrganizationState, page: PageChanged, kind: ConversationKind) -> Pool:
    """The agents from whom the page's rule chooses for an event that names no department and no
    address."""
    pools = PoolCache().pools_of(state)
    return build_pool(pools, page.id, find_required_capability(page.channel, kind))


def find_next(
    state: OrganizationState, offer: Offer, cursor: Cursor | None, loads: Mapping[AgentId, int]
) -> NextAssignee:
    """The choice that the router would make at this moment for a customer who has no assignee."""
    rule = offer.pool.rule
    if not state.assigns_by_itself:
        return NextAssignee(agent_id=None, reason=NextReason.OFF)
    if rule is None:
        return NextAssignee(agent_id=None, reason=NextReason.NO_RULE)
    if not offer.has_any():
        return NextAssignee(agent_id=None, reason=NextReason.NO_CANDIDATE)
    reason = _REASONS.get(effective_strategy(rule.mode), NextReason.ROTATION)
    if reason is NextReason.RANDOM and len(offer.agents) > 1:
        return NextAssignee(agent_id=None, reason=reason)
    agent, _ = choose(rule.mode, offer, cursor, EventId(""), loads)
    return NextAssignee(agent_id=agent, reason=reason)


def list_excluded(offer: Offer) -> Sequence[Excluded]:
    """All members of the pool who are not on offer, in its order, each with the first reason."""
    full = offer.candidates_at_capacity
    at_capacity = (Excluded(agent_id=agent, why=Exclusion.CAPACITY) for agent in full)
    places = offer.pool.places
    return sorted([*offer.pool.excluded, *at_capacity], key=lambda one: places[one.agent_id])


class ChosenInTurn(NamedTuple):
    """A choice in turn: who was chosen, and who before."""

    agent_id: AgentId
    after: AgentId | None


def find_last_of(turns: Sequence[ChosenInTurn]) -> AgentId | None:
    """Who was chosen last in turns of one moment, whose order is not known: each follows the one
    before, so it is who was chosen more often than followed. None if they return to where they
    began, which is who was chosen before that moment."""
    agents = {turn.agent_id for turn in turns}
    if len(agents) == 1:
        return agents.pop()
    chosen = Counter(turn.agent_id for turn in turns)
    chosen.subtract(turn.after for turn in turns if turn.after is not None)
    return next(iter(+chosen), None)
