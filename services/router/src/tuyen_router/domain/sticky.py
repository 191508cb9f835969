"""R3: messages and livestream comments follow the customer's assignee."""

from datetime import datetime

import msgspec

from tuyen_events.ids import ConversationId, EventId, MessageId
from tuyen_events.inbound import Visit
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import Channel, Presence, Reason
from tuyen_router.domain.candidates import is_outside, may_answer
from tuyen_router.domain.decisions import (
    Conversation,
    CustomerSaved,
    Decision,
    DoneSaved,
    Why,
    assignment,
)
from tuyen_router.domain.live import with_comment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.seen import Seen, arrival_of, was_removed, with_seen
from tuyen_router.domain.state import (
    Customer,
    CustomerRecord,
    Named,
    Partition,
    Request,
    request_id,
)
from tuyen_router.domain.visits import address_of


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An inbound event that may need an agent, and where it stands in the log."""

    event_id: EventId
    conversation: Conversation
    channel: Channel
    position: Position
    at: datetime
    visit: Visit | None = None
    message: MessageId | None = None
    """The message or comment that it is."""
    time: int = 0
    """The event's own time, as the ring of recent events has it."""


def on_sticky_event(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A message or a livestream comment of a customer.

    An event that was handled at another offset is a repeated webhook and changes nothing (R9.2).
    One that may be, since it is older than what is remembered, is not what the customer says next
    (R3.3), nor news to who called the conversation done: it counts where there is no record of its
    conversation yet.
    Who waits goes on waiting while rules do not assign, with all that they say meanwhile.
    One at an offset that was handled is a replay after a crash: it asks the same again, if the
    answer is still awaited, and never for anything new, because presence has moved on since.
    """
    customer = partition.customer(arrival.conversation.customer_id)
    seen = arrival_of(customer.seen, arrival.event_id, arrival.position.offset, arrival.time)
    match seen:
        case Seen.BEFORE:
            return [*reopened(partition, arrival), *_replayed(customer, arrival)]
        case Seen.AS_ANOTHER:
            return []
        case _ if was_removed(customer.removed, arrival.message):
            return [heard_again(customer, arrival)]  # R4.6
        case Seen.PERHAPS if arrival.conversation.id in partition.rows:
            return [heard_again(customer, arrival)]
        case Seen.NEVER | Seen.PERHAPS:
            pass
    request = customer.open_request
    decisions: list[Decision] = []
    named = customer.named
    if request is not None:
        named = _named(arrival) or named
        request, decisions = _joined(partition, organization, request, arrival)
        if named != customer.named:
            request = _redirected(organization, customer, request, arrival)
            decisions.append(_requested(arrival, request))
    elif organization.assigns_by_itself:
        named = _named(arrival) or named
        if _decided(partition, customer, arrival):
            pass
        elif (purpose := _purpose(organization, customer, arrival)) is not None:
            request = _request(arrival, purpose)
            decisions = [requested(arrival, purpose)]
        else:
            decisions = _followed(partition, organization, arrival)
    saved = noted(customer, arrival, request, named)
    return [saved, *reopened(partition, arrival), *decisions]


def noted(
    customer: Customer, arrival: Arrival, request: Request | None, named: Named | None = None
) -> CustomerSaved:
    """The customer with the event in the ring of those that were handled, and with a request."""
    return _noted(customer, arrival, request, arrival.conversation.id, named)


def heard_again(customer: Customer, arrival: Arrival) -> CustomerSaved:
    """The customer with an event in the ring that may be a repeated one, or of something that was
    taken back: it was handled, and is no conversation's news, so that whoever calls its
    conversation done is not told of it."""
    return _noted(customer, arrival, customer.open_request, _NO_CONVERSATION)


_NO_CONVERSATION = ConversationId("")


def _noted(
    customer: Customer,
    arrival: Arrival,
    request: Request | None,
    conversation: ConversationId,
    named: Named | None = None,
) -> CustomerSaved:
    offset = arrival.position.offset
    seen = with_seen(customer.seen, arrival.event_id, conversation, offset, arrival.time)
    named = named or customer.named
    record = CustomerRecord(request, seen, customer.refused, named, removed=customer.removed)
    return CustomerSaved(arrival.conversation.customer_id, record)


def reopened(partition: Partition, arrival: Arrival) -> tuple[DoneSaved, ...]:
    """I12: an event that nobody had seen when the conversation was called done opens it again."""
    conversation = arrival.conversation.id
    seen = partition.done.get(conversation)
    if seen is None or arrival.position.offset <= seen or is_gone(partition, arrival):
        return ()
    return (DoneSaved(conversation, None),)


def is_gone(partition: Partition, arrival: Arrival) -> bool:
    """R4.6: whether it was taken back before it came, or comes again after that."""
    customer = partition.customers.get(arrival.conversation.customer_id)
    return customer is not None and was_removed(customer.removed, arrival.message)


def _purpose(organization: Organization, customer: Customer, arrival: Arrival) -> Purpose | None:
    """Why a new assignee has to be found; None when the present one stays."""
    agent = customer.agent_id
    if agent is None:
        return Purpose.FIRST  # R3.1
    if not may_answer(organization, agent, arrival.conversation.page_id):
        return Purpose.STICKY_LOST  # R3.4
    if _left_for_another(organization, customer, arrival):
        return Purpose.STICKY_LOST  # R3.7
    if organization.settings.auto_reassign and organization.presence_of(agent) is Presence.OFFLINE:
        return Purpose.OFFLINE  # R3.3
    return None  # R3.2


def _named(arrival: Arrival) -> Named | None:
    """What a website's visitor asks for; None of an event that names no department."""
    visit = arrival.visit
    if visit is None or visit.department is None:
        return None
    return visit.department, visit.region


def _left_for_another(organization: Organization, customer: Customer, arrival: Arrival) -> bool:
    """R3.7: whether the visitor names what they did not name before, and the assignee is not there.

    Naming the same again moves nobody, so a manager's choice of somebody outside it stands (R3.5).
    """
    named = _named(arrival)
    if customer.agent_id is None or named in (None, customer.named):
        return False
    return named is not None and is_outside(organization, customer.agent_id, *named)


def _redirected(
    organization: Organization, customer: Customer, request: Request, arrival: Arrival
) -> Request:
    """R3.7: who waits and names another department waits there, in the place that they had.

    Stage 2 knows by the customer which request this one is asked instead of; if that was answered
    meanwhile, its answer comes to nothing.
    """
    purpose = request.purpose
    if _left_for_another(organization, customer, arrival):
        purpose = Purpose.STICKY_LOST
    return msgspec.structs.replace(
        request,
        id=_request_id(arrival),
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
        instead_of=None,
        keeps_place=True,
    )


def _followed(partition: Partition, organization: Organization, arrival: Arrival) -> list[Decision]:
    version = organization.settings.version
    return follow(
        partition, arrival.conversation, arrival.event_id, arrival.at, settings_version=version
    )


def follow(
    partition: Partition,
    conversation: Conversation,
    caused_by: EventId,
    at: datetime,
    *,
    settings_version: int,
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
        settings_version=settings_version,
        request_id=request_id,
    )
    return [assignment(partition, conversation, customer.agent_id, why)]


def _request(arrival: Arrival, purpose: Purpose) -> Request:
    conversation = arrival.conversation
    return Request(
        id=_request_id(arrival),
        organization=conversation.organization,
        page_id=conversation.page_id,
        channel=arrival.channel,
        conversations=((conversation.id, conversation.kind),),
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
        comments=() if arrival.message is None else ((conversation.id, arrival.message),),
    )


def _joined(
    partition: Partition, organization: Organization, request: Request, arrival: Arrival
) -> tuple[Request, list[Decision]]:
    """R3.6: while an answer is awaited nothing is asked; the conversation gets the same answer."""
    conversation = arrival.conversation
    known = {each for each, _ in request.conversations}
    joined = request
    if arrival.message is not None:
        joined = with_comment(request, conversation, arrival.message)
    if conversation.id not in known:
        joined = msgspec.structs.replace(
            joined,
            conversations=(*request.conversations, (conversation.id, conversation.kind)),
        )
    if partition.waits(conversation.id) or not any(map(partition.waits, known)):
        return joined, []
    why = Why(
        reason=Reason.QUEUED,
        caused_by=arrival.event_id,
        at=arrival.at,
        settings_version=organization.settings.version,
        request_id=request.id,
    )
    return joined, [assignment(partition, conversation, None, why)]


def _decided(partition: Partition, customer: Customer, arrival: Arrival) -> bool:
    """Whether there is a record from this event or a later one.

    Then the event was handled before a crash that took only the customer's own record.
    """
    if customer.has_settled((arrival.position.offset, -1)):
        return True
    row = partition.rows.get(arrival.conversation.id)
    return row is not None and row.inbound >= arrival.position.offset


def _replayed(customer: Customer, arrival: Arrival) -> list[Decision]:
    """The customer's record is in the log, and all before it; only the request may be lost."""
    request = customer.open_request
    if request is not None and request.cause == arrival.position:
        return [_requested(arrival, request)]
    return []


def _requested(arrival: Arrival, request: Request) -> ChoiceRequested:
    """What is asked for a request that is open."""
    leavers = request.leavers
    return msgspec.structs.replace(
        requested(arrival, request.purpose),
        handed_over_by=leavers[0] if leavers else None,
        also_handed_over_by=leavers[1:],
        keeps_place=request.keeps_place,
    )


def requested(arrival: Arrival, purpose: Purpose) -> ChoiceRequested:
    """The request itself."""
    conversation = arrival.conversation
    visit = arrival.visit or _NO_VISIT
    return ChoiceRequested(
        request_id=_request_id(arrival),
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
        department=visit.department,
        region=visit.region,
        page_url=address_of(visit.page_url),
    )


_NO_VISIT = Visit()


def _request_id(arrival: Arrival) -> str:
    return request_id(arrival.position.partition, arrival.position.offset)


def conversations_of(request: Request, conversation: Conversation) -> list[Conversation]:
    """All conversations that a request asks for, shaped like the one it was asked with."""
    return [
        msgspec.structs.replace(conversation, id=each, kind=kind)
        for each, kind in request.conversations
    ]
