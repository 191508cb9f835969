"""What the domain made of its inputs: pools, and decisions by their kind."""

from collections.abc import Iterable
from typing import Any

from tuyen_directory.candidates import build_pool
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import PoolCache
from tuyen_directory.pools import Pool
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.commands import CommandSettled
from tuyen_events.ids import AgentId
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, Purpose
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision, DoneSaved, apply_decision


def pool_of(organization: OrganizationState, *wants: Any, **named: Any) -> Pool:
    """Whom the organization chooses from for an event, as a cache that knows nothing has it."""
    return build_pool(PoolCache().pools_of(organization), *wants, **named)


def fold(state: CustomerState, decisions: Iterable[Decision]) -> list[Decision]:
    """Folds decisions, and hands them back."""
    folded = list(decisions)
    for decision in folded:
        apply_decision(state, decision)
    return folded


def records(decisions: Iterable[Decision]) -> list[tuple[str, AgentId | None, Reason]]:
    """What the assignment records among them say: conversation, agent, reason."""
    return [
        (each.conversation_id, each.agent_id, each.reason)
        for each in decisions
        if isinstance(each, AssignmentEvent)
    ]


def requests(decisions: Iterable[Decision]) -> list[tuple[str, Purpose]]:
    return [
        (each.request_id, each.purpose) for each in decisions if isinstance(each, ChoiceRequested)
    ]


def find_result(decisions: Iterable[Decision]) -> CommandSettled:
    """The one result among them."""
    (result,) = [each for each in decisions if isinstance(each, CommandSettled)]
    return result


def withdrawn(decisions: list[Decision]) -> list[str]:
    return [each.request_id for each in decisions if isinstance(each, ChoiceWithdrawn)]


def marks(decisions: list[Decision]) -> list[tuple[str, int | None]]:
    return [(each.conversation_id, each.seen) for each in decisions if isinstance(each, DoneSaved)]
