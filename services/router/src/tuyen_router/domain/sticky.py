"""R3: messages and livestream comments follow the customer's assignee."""

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from tuyen_events.ids import ConversationId, EventId
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import Channel, Presence, Reason
from tuyen_router.domain.candidates import may_answer
from tuyen_router.domain.decisions import Conversation, CustomerSaved, Decision, Why, assignment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.state import (
    Customer,
    CustomerRecord,
    Partition,
    Request,
    Seen,
    arrival_of,
    request_id,
    with_seen,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An inbound event that may need an agent, and where it stands in the log."""

    event_id: EventId
    conversation: Conversation
    channel: Channel
    position: Position
    at: datetime


def on_sticky_event(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A message or a livestream comment of a customer.

    An event that was handled at another offset is a repeated webhook and changes nothing (R9.2).
    One at an offset that was handled is a replay after a crash: it asks the same again, if the
    answer is still awaited, and never for anything new, because presence has moved on since.
    """
    customer = partition.customer(arrival.conversation.customer_id)
    match arrival_of(customer.seen, arrival.event_id, arrival.position.offset):
        case Seen.AS_ANOTHER:
            return []
        case Seen.BEFORE:
            return _replayed(customer, arrival)
        case Seen.NEVER:
            pass
    request, ended = customer.request, customer.ended
    decisions: list[Decision] = []
    if organization.assigns_by_itself:
        if customer.open_request is not None:
            request, decisions = _joined(partition, customer.open_request, arrival)
        elif _decided(partition, arrival):
            pass
        elif (purpose := _purpose(organization, customer, arrival)) is not None:
            request, ended = _request(arrival, purpose), False
            decisions = [requested(arrival, purpose)]
        else:
            decisions = _followed(partition, arrival)
    seen = with_seen(customer.seen, arrival.event_id, arrival.position.offset)
    record = CustomerRecord(request, ended, seen, customer.refused)
    return [CustomerSaved(arrival.conversation.customer_id, record), *decisions]


def _purpose(organization: Organization, customer: Customer, arrival: Arrival) -> Purpose | None:
    """Why a new assignee has to be found; None when the present one stays."""
    agent = customer.agent_id
    if agent is None:
        return Purpose.FIRST  # R3.1
    if not may_answer(organization, agent, arrival.conversation.page_id):
        return Purpose.STICKY_LOST  # R3.4
    if organization.settings.auto_reassign and organization.presence_of(agent) is Presence.OFFLINE:
        return Purpose.OFFLINE  # R3.3
    return None  # R3.2


def _followed(partition: Partition, arrival: Arrival) -> list[Decision]:
    return follow(partition, arrival.conversation, arrival.event_id, arrival.at)


def follow(
    partition: Partition,
    conversation: Conversation,
    caused_by: EventId,
    at: datetime,
    request_id: str | None = None,
) -> list[Decision]:
    """R3.2: the conversation is the sticky assignee's, with the reason by which they became it."""
    row = partition.rows.get(conversation.id)
    customer = partition.customer(conversation.customer_id)
    if customer.agent_id is None or (row is not None and row.agent_id == customer.agent_id):
        return []
    why = Why(
        reason=customer.reason or Reason.ROTATION,
        rule_id=customer.rule_id,
        caused_by=caused_by,
        at=at,
        request_id=request_id,
    )
    return [assignment(partition, conversation, customer.agent_id, why)]


def _request(arrival: Arrival, purpose: Purpose) -> Request:
    conversation = arrival.conversation
    return Request(
        id=request_id(arrival.position),
        organization=conversation.organization,
        page_id=conversation.page_id,
        channel=arrival.channel,
        conversations=((conversation.id, conversation.kind),),
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
    )


def _joined(
    partition: Partition, request: Request, arrival: Arrival
) -> tuple[Request, list[Decision]]:
    """R3.6: while an answer is awaited nothing is asked; the conversation gets the same answer."""
    conversation = arrival.conversation
    known = {each for each, _ in request.conversations}
    joined = request
    if conversation.id not in known:
        joined = msgspec.structs.replace(
            request,
            conversations=(*request.conversations, (conversation.id, conversation.kind)),
        )
    if waits(partition, conversation.id) or not any(waits(partition, each) for each in known):
        return joined, []
    why = Why(
        reason=Reason.QUEUED,
        caused_by=arrival.event_id,
        at=arrival.at,
        request_id=request.id,
    )
    return joined, [assignment(partition, conversation, None, why)]


def _decided(partition: Partition, arrival: Arrival) -> bool:
    """Whether there is a record from this event or a later one.

    Then the event was handled before a crash that took only the customer's own record.
    """
    if partition.customer(arrival.conversation.customer_id).has_settled(arrival.position):
        return True
    row = partition.rows.get(arrival.conversation.id)
    return row is not None and row.inbound >= arrival.position.offset


def _replayed(customer: Customer, arrival: Arrival) -> list[Decision]:
    """The customer's record is in the log, and all before it; only the request may be lost."""
    request = customer.open_request
    if request is not None and request.cause == arrival.position:
        return [requested(arrival, request.purpose)]
    return []


def waits(partition: Partition, conversation: ConversationId) -> bool:
    """Whether the conversation is in the queue."""
    row = partition.rows.get(conversation)
    return row is not None and row.waiting


def requested(arrival: Arrival, purpose: Purpose) -> ChoiceRequested:
    """The request itself."""
    conversation = arrival.conversation
    return ChoiceRequested(
        request_id=request_id(arrival.position),
        organization=conversation.organization,
        page_id=conversation.page_id,
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        kind=conversation.kind,
        channel=arrival.channel,
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
        at=arrival.at,
    )


def conversations_of(request: Request, conversation: Conversation) -> list[Conversation]:
    """All conversations that a request asks for, shaped like the one it was asked with."""
    return [replace(conversation, id=each, kind=kind) for each, kind in request.conversations]
