"""R6.5: a conversation of an agent is returned to rotation.

Decides R6.5.
"""

from msgspec.structs import replace

from tuyen_directory.candidates import may_answer
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.commands import Outcome, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, EventId, cut_chosen_id
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.command_results import (
    find_open_request,
    give_to,
    identify_conversation,
    refuse,
    repeat_result,
    report_result,
    was_handled,
    withdraw,
)
from tuyen_router.domain.customer_records import Request
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import CustomerSaved, Decision, Provenance, make_assignment
from tuyen_router.domain.request_ids import request_id
from tuyen_router.domain.visits import address_of

ThreadKeys = tuple[tuple[ConversationId, ConversationKind], ...]


def on_return(
    state: CustomerState,
    organization: OrganizationState,
    command: ReturnToRotation,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """The conversation waits, the customer loses their assignee, and the rule chooses somebody
    else.

    A customer who has got another assignee meanwhile stays with that one (R3). While rules do not
    assign, the conversation becomes unassigned. A command that was already handled before a crash
    (`repeated`) sends the same request again if its answer is still awaited.
    """
    current = state.conversations.get(command.conversation_id)
    outcome = _decide_outcome(organization, None if current is None else current.agent_id, command)
    if was_handled(state, command, position, repeated):
        results = repeat_result(state, command, position, outcome)
        return _repeat(state, organization, command, position, results)
    if current is None or outcome is not Outcome.APPLIED:
        return refuse(state, command, position, outcome)
    why = _provenance_of(organization, command, Reason.BULK)
    if not organization.assigns_by_itself:
        return give_to(state, command, None, why, position)
    keeper = _find_keeper(state, organization, command)
    if keeper is not None:
        return _keep(state, organization, command, keeper)
    conversation = identify_conversation(command, command.conversation_id, command.kind)
    request = request_id(position.partition, state.handled.inbound, position.offset)
    joined = _find_request_under_way(state, command)
    if joined is not None and command.only_from in joined.leavers:
        request = joined.id
    waits = replace(_provenance_of(organization, command, Reason.QUEUED), request_id=request)
    return [
        make_assignment(state, conversation, None, waits),
        *_ask(state, command, position, request),
        report_result(command, Outcome.APPLIED, current.version + 1, None),
    ]


def _decide_outcome(
    organization: OrganizationState, agent: AgentId | None, command: ReturnToRotation
) -> Outcome:
    if not organization.assigns:
        return Outcome.ASSIGNMENT_OFF  # R6.1
    return Outcome.APPLIED if agent == command.only_from else Outcome.UNCHANGED


def _provenance_of(
    organization: OrganizationState, command: ReturnToRotation, reason: Reason
) -> Provenance:
    return Provenance(
        reason=reason,
        caused_by=command.command_id,
        at=command.at,
        settings_version=organization.settings.version,
        by=command.by,
        note=command.note,
    )


def _find_keeper(
    state: CustomerState, organization: OrganizationState, command: ReturnToRotation
) -> AgentId | None:
    """The customer's present assignee, unless that is the agent whose conversation is returned."""
    if not command.kind.sticky:
        return None
    agent = state.customer(command.customer_id).agent_id
    if agent in (None, command.only_from) or not may_answer(organization, agent, command.page_id):
        return None
    return agent


def _keep(
    state: CustomerState,
    organization: OrganizationState,
    command: ReturnToRotation,
    keeper: AgentId,
) -> list[Decision]:
    conversation = identify_conversation(command, command.conversation_id, command.kind)
    why = _provenance_of(organization, command, Reason.BULK)
    record = make_assignment(state, conversation, keeper, why)
    return [record, report_result(command, Outcome.APPLIED, record.version, keeper)]


def _ask(
    state: CustomerState, command: ReturnToRotation, position: Position, request: str
) -> list[Decision]:
    """The decisions that lead to an answer for the conversation.

    While another thread of the customer is being returned to rotation, this one gets the same
    answer (R3.6). If that thread was returned by another agent, a new request that excludes both
    agents replaces its request. Any other open request is withdrawn, because it may end with the
    assignee staying (R3.3), or with the agent whom the conversation was taken from; its unassigned
    threads get the answer to the new request.
    """
    if not command.kind.sticky:
        return [_request_choice(command, position, request)]
    customer = state.customer(command.customer_id)
    thread = (command.conversation_id, command.kind)
    before = _find_request_under_way(state, command)
    if before is not None and command.only_from in before.leavers:
        joined = replace(before, conversations=_with(before.conversations, thread))
        return [CustomerSaved(command.customer_id, replace(customer.record(), request=joined))]
    withdrawn_id, unassigned = find_open_request(state, command)
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
        *withdraw(command, withdrawn_id, position),
        _request_choice(command, position, request, made),
    ]


def _find_request_under_way(state: CustomerState, command: ReturnToRotation) -> Request | None:
    """The customer's open request, if a handover made it."""
    if not command.kind.sticky:
        return None
    request = state.customer(command.customer_id).open_request
    return request if request is not None and request.purpose is Purpose.HANDOVER else None


def _with(threads: ThreadKeys, thread: tuple[ConversationId, ConversationKind]) -> ThreadKeys:
    return threads if thread in threads else (*threads, thread)


def _repeat(
    state: CustomerState,
    organization: OrganizationState,
    command: ReturnToRotation,
    position: Position,
    results: list[Decision],
) -> list[Decision]:
    """Sends again what a crash may have lost after the record that put the conversation into the
    queue; `results` are the decisions that repeat the command's result.

    If the customer's own record was lost, this command's request is not open. Then it was never
    sent, and a new one is made, unless the customer has got an assignee meanwhile.
    """
    current = state.conversations.get(command.conversation_id)
    if current is None or not current.waiting or current.command != position.offset:
        return results
    if current.request_id is not None:
        return [_request_choice(command, position, current.request_id), *results]
    request = state.customer(command.customer_id).open_request
    if request is not None and request.cause == position:
        return [
            *withdraw(command, request.instead_of, position),
            _request_choice(command, position, request.id, request),
            *results,
        ]
    keeper = _find_keeper(state, organization, command)
    if keeper is not None:
        return _keep(state, organization, command, keeper)
    new_request = request_id(position.partition, state.handled.inbound, position.offset)
    return [*_ask(state, command, position, new_request), *results]


def _request_choice(
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
        department=cut_chosen_id(command.department),
        region=cut_chosen_id(command.region),
        page_url=address_of(command.page_url),
        handed_over_by=command.only_from,
        also_handed_over_by=others,
        keeps_place=made is not None and made.keeps_place,
    )
