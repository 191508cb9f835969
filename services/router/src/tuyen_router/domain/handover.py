"""R6.5: an agent's conversation goes back to rotation."""

from msgspec.structs import replace

from tuyen_events.commands import Outcome, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, EventId, chosen_id
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.candidates import may_answer
from tuyen_router.domain.decisions import CustomerSaved, Decision, Why, assignment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.outcomes import (
    asked,
    given,
    named,
    refused,
    settled,
    told_again,
    was_handled,
    withdrawn,
)
from tuyen_router.domain.state import Partition, Request, request_id
from tuyen_router.domain.visits import address_of

Threads = tuple[tuple[ConversationId, ConversationKind], ...]


def on_return(
    partition: Partition,
    organization: Organization,
    command: ReturnToRotation,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """The conversation waits, the customer has nobody, and the rule is asked for somebody else.

    A customer who was given to somebody else meanwhile stays with them (R3). While rules do not
    assign, nobody has the conversation. A command that was handled before a crash (`repeated`) asks
    the same again where its answer is still awaited.
    """
    row = partition.rows.get(command.conversation_id)
    outcome = _outcome(organization, None if row is None else row.agent_id, command)
    if was_handled(partition, command, position, repeated):
        told = told_again(partition, command, position, outcome)
        return _again(partition, organization, command, position, told)
    if row is None or outcome is not Outcome.APPLIED:
        return refused(partition, command, position, outcome)
    why = _why(organization, command, Reason.BULK)
    if not organization.assigns_by_itself:
        return given(partition, command, None, why, position)
    keeper = _keeper(partition, organization, command)
    if keeper is not None:
        return _kept(partition, organization, command, keeper)
    conversation = named(command, command.conversation_id, command.kind)
    request = request_id(position.partition, partition.handled.inbound, position.offset)
    joined = _under_way(partition, command)
    if joined is not None and command.only_from in joined.leavers:
        request = joined.id
    waits = replace(_why(organization, command, Reason.QUEUED), request_id=request)
    return [
        assignment(partition, conversation, None, waits),
        *_asked(partition, command, position, request),
        settled(command, Outcome.APPLIED, row.version + 1, None),
    ]


def _outcome(
    organization: Organization, agent: AgentId | None, command: ReturnToRotation
) -> Outcome:
    if not organization.assigns:
        return Outcome.ASSIGNMENT_OFF  # R6.1
    return Outcome.APPLIED if agent == command.only_from else Outcome.UNCHANGED


def _why(organization: Organization, command: ReturnToRotation, reason: Reason) -> Why:
    return Why(
        reason=reason,
        caused_by=command.command_id,
        at=command.at,
        settings_version=organization.settings.version,
        by=command.by,
        note=command.note,
    )


def _keeper(
    partition: Partition, organization: Organization, command: ReturnToRotation
) -> AgentId | None:
    """Whoever has the customer by now, if that is not whose conversation goes back."""
    if not command.kind.sticky:
        return None
    agent = partition.customer(command.customer_id).agent_id
    if agent in (None, command.only_from) or not may_answer(organization, agent, command.page_id):
        return None
    return agent


def _kept(
    partition: Partition, organization: Organization, command: ReturnToRotation, keeper: AgentId
) -> list[Decision]:
    conversation = named(command, command.conversation_id, command.kind)
    why = _why(organization, command, Reason.BULK)
    record = assignment(partition, conversation, keeper, why)
    return [record, settled(command, Outcome.APPLIED, record.version, keeper)]


def _asked(
    partition: Partition, command: ReturnToRotation, position: Position, request: str
) -> list[Decision]:
    """What leads to an answer for the conversation.

    While a customer's other thread goes back to rotation, this one gets the same answer (R3.6); if
    it was another agent's, a request that leaves out both takes the place of that thread's. Any
    other open request is withdrawn: it may end with the assignee staying (R3.3), or with whom the
    conversation was taken from. Its threads that nobody has get the answer to this one.
    """
    if not command.kind.sticky:
        return [_requested(command, position, request)]
    customer = partition.customer(command.customer_id)
    thread = (command.conversation_id, command.kind)
    before = _under_way(partition, command)
    if before is not None and command.only_from in before.leavers:
        joined = replace(before, conversations=_with(before.conversations, thread))
        return [CustomerSaved(command.customer_id, replace(customer.record(), request=joined))]
    withdrawn_id, unassigned = asked(partition, command)
    if before is not None:
        withdrawn_id = None
    made = Request(
        id=request,
        organization=command.organization,
        page_id=command.page_id,
        channel=command.channel,
        conversations=_with(tuple(unassigned.items()), thread),
        purpose=Purpose.HANDOVER,
        seed=EventId(command.command_id),
        cause=position,
        instead_of=withdrawn_id,
        leavers=(*(() if before is None else before.leavers), command.only_from),
        keeps_place=before is not None,
    )
    return [
        CustomerSaved(command.customer_id, replace(customer.record(), request=made)),
        *withdrawn(command, withdrawn_id, position),
        _requested(command, position, request, made),
    ]


def _under_way(partition: Partition, command: ReturnToRotation) -> Request | None:
    """The open request of the customer, if it is of a handover."""
    if not command.kind.sticky:
        return None
    request = partition.customer(command.customer_id).open_request
    return request if request is not None and request.purpose is Purpose.HANDOVER else None


def _with(threads: Threads, thread: tuple[ConversationId, ConversationKind]) -> Threads:
    return threads if thread in threads else (*threads, thread)


def _again(
    partition: Partition,
    organization: Organization,
    command: ReturnToRotation,
    position: Position,
    told: list[Decision],
) -> list[Decision]:
    """What a crash may have lost behind the record by which the conversation waits; `told` is what
    the caller is told again.

    When the customer's own record was lost, the request of this command is not open: then it was
    never sent, and one is made anew, unless the customer was given to somebody meanwhile.
    """
    row = partition.rows.get(command.conversation_id)
    if row is None or not row.waiting or row.command != position.offset:
        return told
    if row.request_id is not None:
        return [_requested(command, position, row.request_id), *told]
    request = partition.customer(command.customer_id).open_request
    if request is not None and request.cause == position:
        return [
            *withdrawn(command, request.instead_of, position),
            _requested(command, position, request.id, request),
            *told,
        ]
    keeper = _keeper(partition, organization, command)
    if keeper is not None:
        return _kept(partition, organization, command, keeper)
    anew = request_id(position.partition, partition.handled.inbound, position.offset)
    return [*_asked(partition, command, position, anew), *told]


def _requested(
    command: ReturnToRotation, position: Position, request: str, made: Request | None = None
) -> ChoiceRequested:
    others = () if made is None else made.leavers[:-1]
    return ChoiceRequested(
        request_id=request,
        organization=command.organization,
        page_id=command.page_id,
        conversation_id=command.conversation_id,
        customer_id=command.customer_id,
        kind=command.kind,
        channel=command.channel,
        purpose=Purpose.HANDOVER,
        seed=EventId(command.command_id),
        cause=position,
        at=command.at,
        department=chosen_id(command.department),
        region=chosen_id(command.region),
        page_url=address_of(command.page_url),
        handed_over_by=command.only_from,
        also_handed_over_by=others,
        keeps_place=made is not None and made.keeps_place,
    )
