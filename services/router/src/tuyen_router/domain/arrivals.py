"""Inbound events as stage 1 decides on them, and how a customer's record remembers them."""

from datetime import datetime

import msgspec

from tuyen_events.ids import ConversationId, EventId, MessageId
from tuyen_events.inbound import Visit
from tuyen_events.routing import Position
from tuyen_events.vocabulary import Channel
from tuyen_router.domain.customer_records import CustomerRecord, Request, RequestedDepartment
from tuyen_router.domain.customer_state import CustomerRouting, CustomerState
from tuyen_router.domain.decisions import ConversationIdentity, CustomerSaved, DoneSaved
from tuyen_router.domain.seen import remember_seen, was_removed


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An inbound event that may need an agent, with its position in the log."""

    event_id: EventId
    conversation: ConversationIdentity
    channel: Channel
    position: Position
    at: datetime
    visit: Visit | None = None
    message: MessageId | None = None
    """The message or comment that it is."""
    time: int = 0
    """The event's own time, as the ring of recent events stores it."""


def remember_event(
    customer: CustomerRouting,
    arrival: Arrival,
    request: Request | None,
    requested: RequestedDepartment | None = None,
) -> CustomerSaved:
    """The customer's record with the event added to the ring, and with a request."""
    return _remember(customer, arrival, request, arrival.conversation.id, requested)


def remember_uncertain(customer: CustomerRouting, arrival: Arrival) -> CustomerSaved:
    """The customer with an event in the ring that may be a duplicate, or of something that was
    removed. It was handled, but does not count as a new event of its conversation: it does not
    reopen what is marked as done."""
    return _remember(customer, arrival, customer.open_request, _NO_CONVERSATION)


_NO_CONVERSATION = ConversationId("")


def _remember(
    customer: CustomerRouting,
    arrival: Arrival,
    request: Request | None,
    conversation: ConversationId,
    requested: RequestedDepartment | None = None,
) -> CustomerSaved:
    offset = arrival.position.offset
    seen = remember_seen(customer.seen, arrival.event_id, conversation, offset, arrival.time)
    requested = requested or customer.requested
    record = CustomerRecord(request, seen, customer.refused, requested, removed=customer.removed)
    return CustomerSaved(arrival.conversation.customer_id, record)


def reopen_if_new(state: CustomerState, arrival: Arrival) -> tuple[DoneSaved, ...]:
    """I12: an event that was not yet seen when the conversation was marked as done opens it
    again."""
    conversation = arrival.conversation.id
    seen = state.done.get(conversation)
    if seen is None or arrival.position.offset <= seen or is_gone(state, arrival):
        return ()
    return (DoneSaved(conversation, None),)


def is_gone(state: CustomerState, arrival: Arrival) -> bool:
    """R4.6: whether the message was removed before it arrived, or is redelivered after that."""
    customer = state.customers.get(arrival.conversation.customer_id)
    return customer is not None and was_removed(customer.removed, arrival.message)
