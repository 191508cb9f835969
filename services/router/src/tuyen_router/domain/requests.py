"""The requests that stage 1 sends to stage 2 because of inbound events."""

import msgspec

from tuyen_events.inbound import Visit
from tuyen_events.routing import ChoiceRequested, Purpose
from tuyen_router.domain.arrivals import Arrival
from tuyen_router.domain.customer_records import Request
from tuyen_router.domain.decisions import ConversationIdentity
from tuyen_router.domain.request_ids import request_id
from tuyen_router.domain.visits import address_of


def open_request(arrival: Arrival, purpose: Purpose) -> Request:
    """The request with which a customer waits for an assignee."""
    conversation = arrival.conversation
    return Request(
        id=request_id_of(arrival),
        organization=conversation.organization,
        page_id=conversation.page_id,
        channel=arrival.channel,
        conversations=((conversation.id, conversation.kind),),
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
        comments=() if arrival.message is None else ((conversation.id, arrival.message),),
    )


def request_again(arrival: Arrival, request: Request) -> ChoiceRequested:
    """The message to stage 2 for an open request."""
    leavers = request.leavers
    return msgspec.structs.replace(
        request_choice(arrival, request.purpose),
        handed_over_by=leavers[0] if leavers else None,
        also_handed_over_by=leavers[1:],
        keeps_place=request.keeps_place,
    )


def request_choice(arrival: Arrival, purpose: Purpose) -> ChoiceRequested:
    """The message to stage 2 for a new request."""
    conversation = arrival.conversation
    visit = arrival.visit or _NO_VISIT
    return ChoiceRequested(
        request_id=request_id_of(arrival),
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


def request_id_of(arrival: Arrival) -> str:
    """The id of the request that an event causes, the same however often it is handled."""
    return request_id(arrival.position.partition, arrival.position.offset)


def conversations_of(
    request: Request, conversation: ConversationIdentity
) -> list[ConversationIdentity]:
    """All conversations that a request includes, with the other fields of the one that it was made
    for."""
    return [
        msgspec.structs.replace(conversation, id=each, kind=kind)
        for each, kind in request.conversations
    ]
