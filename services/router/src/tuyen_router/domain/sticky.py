"""R3: messages and livestream comments follow the customer's assignee.

Decides R3.1, R3.2, R3.3, R3.4, R3.6 and R3.7.
"""

from datetime import datetime
from typing import assert_never

import msgspec

from tuyen_directory.candidates import is_outside, may_answer
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import AgentId, EventId
from tuyen_events.routing import Purpose
from tuyen_events.vocabulary import Presence, Reason
from tuyen_router.domain.arrivals import (
    Arrival,
    remember_event,
    remember_uncertain,
    reopen_if_new,
)
from tuyen_router.domain.customer_records import Request, RequestedDepartment
from tuyen_router.domain.customer_state import CustomerRouting, CustomerState
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    Decision,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.removals import with_comment
from tuyen_router.domain.requests import open_request, request_again, request_choice, request_id_of
from tuyen_router.domain.seen import Seen, recognize, was_removed


def on_sticky_event(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    """A message or a livestream comment of a customer.

    A duplicate, which was handled at another offset, changes nothing (R9.2). An event that may be a
    duplicate, because it is older than the remembered events, neither replaces an assignee who is
    offline (R3.3) nor reopens a conversation that is done. It is decided like a new event only if
    its conversation has no record yet. A redelivered event, which was handled at this offset, sends
    the same request again if the answer is still awaited. It never makes a new request, because
    presence may have changed since. A customer who waits keeps waiting while rules do not assign,
    and their further threads join the open request.
    """
    customer = state.customer(arrival.conversation.customer_id)
    seen = recognize(customer.seen, arrival.event_id, arrival.position.offset, arrival.time)
    match seen:
        case Seen.BEFORE:
            return [*reopen_if_new(state, arrival), *_replay(customer, arrival)]
        case Seen.AS_ANOTHER:
            return []
        case _ if was_removed(customer.removed, arrival.message):
            return [remember_uncertain(customer, arrival)]  # R4.6
        case Seen.UNCERTAIN if arrival.conversation.id in state.conversations:
            return [remember_uncertain(customer, arrival)]
        case Seen.NEVER | Seen.UNCERTAIN:
            pass
        case _:
            assert_never(seen)
    request = customer.open_request
    decisions: list[Decision] = []
    requested = customer.requested
    if request is not None:
        requested = _department_requested(arrival) or requested
        request, decisions = _join_request(state, organization, request, arrival)
        if requested != customer.requested:
            request = _redirect(organization, customer, request, arrival)
            decisions.append(request_again(arrival, request))
    elif organization.assigns_by_itself:
        requested = _department_requested(arrival) or requested
        if _was_decided(state, customer, arrival):
            pass
        elif (purpose := _purpose(organization, customer, arrival)) is not None:
            request = open_request(arrival, purpose)
            decisions = [request_choice(arrival, purpose)]
        else:
            decisions = _follow_assignee(state, organization, arrival)
    saved = remember_event(customer, arrival, request, requested)
    return [saved, *reopen_if_new(state, arrival), *decisions]


def _purpose(
    organization: OrganizationState, customer: CustomerRouting, arrival: Arrival
) -> Purpose | None:
    """Why a new assignee has to be found; None when the present one stays."""
    agent = customer.agent_id
    if agent is None:
        return Purpose.FIRST  # R3.1
    if not may_answer(organization, agent, arrival.conversation.page_id):
        return Purpose.STICKY_LOST  # R3.4
    if _requests_another_department(organization, customer, arrival):
        return Purpose.STICKY_LOST  # R3.7
    if _is_to_be_replaced(organization, agent):
        return Purpose.OFFLINE  # R3.3
    return None  # R3.2


def _is_to_be_replaced(organization: OrganizationState, agent: AgentId) -> bool:
    """R3.3: whether the customer of an assignee who is offline gets another one now."""
    is_offline = organization.presence_of(agent) is Presence.OFFLINE
    return organization.settings.auto_reassign and is_offline


def assignee_stays_without_candidate(purpose: Purpose) -> bool:
    """R3.3: whether a request for which nobody is a candidate leaves the customer with the present
    assignee, although that agent is offline. Such a request never waits in the queue."""
    return purpose is Purpose.OFFLINE


def _department_requested(arrival: Arrival) -> RequestedDepartment | None:
    """The department and region that a website's visitor chose; None when the event names no
    department."""
    visit = arrival.visit
    if visit is None or visit.department is None:
        return None
    return visit.department, visit.region


def _requests_another_department(
    organization: OrganizationState, customer: CustomerRouting, arrival: Arrival
) -> bool:
    """R3.7: whether the visitor names a department or region that differs from the last one, and
    their assignee is not in it.

    Naming the same one again moves nobody, so a manager's choice of somebody outside it stays
    (R3.5).
    """
    requested = _department_requested(arrival)
    if customer.agent_id is None or requested in (None, customer.requested):
        return False
    return requested is not None and is_outside(organization, customer.agent_id, *requested)


def _redirect(
    organization: OrganizationState, customer: CustomerRouting, request: Request, arrival: Arrival
) -> Request:
    """R3.7: a waiting visitor who names another department waits there, in the place that they had.

    Stage 2 finds by the customer which request this one replaces; if that one was answered
    meanwhile, its answer has no effect.
    """
    purpose = request.purpose
    if _requests_another_department(organization, customer, arrival):
        purpose = Purpose.STICKY_LOST
    return msgspec.structs.replace(
        request,
        id=request_id_of(arrival),
        purpose=purpose,
        seed=arrival.event_id,
        cause=arrival.position,
        instead_of=None,
        keeps_place=True,
    )


def _follow_assignee(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    version = organization.settings.version
    return follow_assignee(
        state, arrival.conversation, arrival.event_id, arrival.at, settings_version=version
    )


def follow_assignee(
    state: CustomerState,
    conversation: ConversationIdentity,
    caused_by: EventId,
    at: datetime,
    *,
    settings_version: int,
    request_id: str | None = None,
) -> list[Decision]:
    """R3.2: the conversation goes to the sticky assignee, with the reason by which that agent
    became the assignee."""
    current = state.conversations.get(conversation.id)
    customer = state.customer(conversation.customer_id)
    if customer.agent_id is None or (current is not None and current.agent_id == customer.agent_id):
        return []
    why = Provenance(
        reason=customer.reason or Reason.ROTATION,
        rule_id=customer.rule_id,
        caused_by=caused_by,
        at=at,
        settings_version=settings_version,
        request_id=request_id,
    )
    return [make_assignment(state, conversation, customer.agent_id, why)]


def _join_request(
    state: CustomerState, organization: OrganizationState, request: Request, arrival: Arrival
) -> tuple[Request, list[Decision]]:
    """R3.6: while an answer is awaited, no second request is sent; the conversation gets the same
    answer."""
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
    if state.waits(conversation.id) or not any(map(state.waits, known)):
        return joined, []
    why = Provenance(
        reason=Reason.QUEUED,
        caused_by=arrival.event_id,
        at=arrival.at,
        settings_version=organization.settings.version,
        request_id=request.id,
    )
    return joined, [make_assignment(state, conversation, None, why)]


def _was_decided(state: CustomerState, customer: CustomerRouting, arrival: Arrival) -> bool:
    """Whether this event or a later one has led to a record.

    Then the event was handled before a crash that lost only the customer's own record.
    """
    if customer.has_settled((arrival.position.offset, -1)):
        return True
    current = state.conversations.get(arrival.conversation.id)
    return current is not None and current.inbound >= arrival.position.offset


def _replay(customer: CustomerRouting, arrival: Arrival) -> list[Decision]:
    """The customer's record is in the log, and so is everything before it; only the request may be
    lost."""
    request = customer.open_request
    if request is not None and request.cause == arrival.position:
        return [request_again(arrival, request)]
    return []
