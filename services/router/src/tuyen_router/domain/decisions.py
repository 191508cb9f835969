"""What stage 1 decides, as values. Nothing here writes them; the stage does.

Assignment records are made in one place, so that each of them raises the version, names its cause
and says how far the inputs had been read.

Decides R9.4 and INV1.
"""

from datetime import datetime
from typing import assert_never

import msgspec

from tuyen_events.assignments import (
    AssignmentChanged,
    AssignmentEvent,
    AssignmentMade,
    AssignmentQueued,
    AssignmentRemoved,
    Choice,
)
from tuyen_events.commands import CommandSettled
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, ThreadReported
from tuyen_events.vocabulary import ConversationKind, Reason, Strategy
from tuyen_router.domain.customer_records import CustomerRecord
from tuyen_router.domain.customer_state import (
    CustomerState,
    apply_assignment,
    apply_customer,
    apply_done,
    last_settled,
)


class CustomerSaved(msgspec.Struct, frozen=True, gc=False):
    """The customer's record in `router-customers` becomes `record`."""

    customer_id: CustomerId
    record: CustomerRecord


class DoneSaved(msgspec.Struct, frozen=True, gc=False):
    """The conversation is done, or open again (I12).

    `seen` is the last inbound offset whose event was known to whoever marked it as done; None
    reopens it.
    """

    conversation_id: ConversationId
    seen: int | None


Decision = (
    AssignmentEvent
    | ChoiceRequested
    | ChoiceWithdrawn
    | CommandSettled
    | CustomerSaved
    | DoneSaved
    | ThreadReported
)


class ConversationIdentity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which conversation a decision is about."""

    id: ConversationId
    kind: ConversationKind
    organization: OrganizationId
    page_id: PageId
    customer_id: CustomerId


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The origin of a record (R9.4)."""

    reason: Reason
    caused_by: str
    at: datetime
    settings_version: int
    rule_id: RuleId | None = None
    mode: Strategy | None = None
    by: AgentId | None = None
    note: str | None = None
    choice: Choice | None = None
    request_id: str | None = None


def make_assignment(
    state: CustomerState, conversation: ConversationIdentity, agent: AgentId | None, why: Provenance
) -> AssignmentEvent:
    """Makes the record by which `agent`, or nobody, has the conversation from now on.

    A record that settles no request names the last request that was settled: compaction may remove
    the record that settled it, and a recovery must not find that request open again.
    """
    current = state.conversations.get(conversation.id)
    previous = None if current is None else current.agent_id
    settled = last_settled(state, conversation.id, conversation.kind, conversation.customer_id)
    return _event_class(agent, previous, why.reason)(
        organization=conversation.organization,
        page_id=conversation.page_id,
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        kind=conversation.kind,
        version=1 if current is None else current.version + 1,
        agent_id=agent,
        previous_agent_id=previous,
        reason=why.reason,
        rule_id=why.rule_id,
        mode=why.mode,
        by=why.by,
        caused_by=why.caused_by,
        at=why.at,
        note=why.note,
        choice=why.choice,
        settings_version=why.settings_version,
        request_id=why.request_id or settled,
        sources=state.handled,
    )


def _event_class(
    agent: AgentId | None, previous: AgentId | None, reason: Reason
) -> type[AssignmentEvent]:
    if reason is Reason.QUEUED:
        return AssignmentQueued
    if agent is None:
        return AssignmentRemoved
    return AssignmentMade if previous is None else AssignmentChanged


def apply_decision(state: CustomerState, decision: Decision) -> None:
    """Applies a decision to the state that it was made from."""
    match decision:
        case CustomerSaved():
            apply_customer(state, decision.customer_id, decision.record)
        case AssignmentEvent():
            apply_assignment(state, decision)
        case DoneSaved():
            apply_done(state, decision.conversation_id, decision.seen)
            state.done_mark_changes += 1
        case ChoiceRequested() | ChoiceWithdrawn() | CommandSettled() | ThreadReported():
            pass
        case _:
            assert_never(decision)
