"""I12: a conversation that is done counts towards no load and leaves the queue; its stickiness
stays.

Decides I12.
"""

from msgspec.structs import replace

from tuyen_directory.organization_state import OrganizationState
from tuyen_events.commands import MarkConversationDone, Outcome
from tuyen_events.routing import Position
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.command_results import (
    find_open_request,
    identify_conversation,
    repeat_withdrawal,
    report_result,
    withdraw,
)
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import (
    CustomerSaved,
    Decision,
    DoneSaved,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.request_ids import order_of
from tuyen_router.domain.seen import came_after


def on_done(
    state: CustomerState,
    organization: OrganizationState,
    command: MarkConversationDone,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """Marks the conversation as done, or opens it again.

    The last command counts. If an event arrived after those that the caller had seen, the
    conversation is opened again instead. A command that was already handled before a crash
    (`repeated`) sets the same mark again, since the mark may be lost, and does not change the queue
    again.
    """
    if not command.done:
        return [*_reopen(state, command), _report(state, command)]
    seen = state.customer(command.customer_id).seen
    was_overtaken = command.seen_offset >= 0 and came_after(
        seen, command.conversation_id, command.seen_offset
    )
    if state.done.get(command.conversation_id) == REMOVED_AT_CHANNEL:
        was_overtaken, marked = False, []
    else:
        marked = _reopen(state, command) if was_overtaken else _mark(state, command)
    current = state.conversations.get(command.conversation_id)
    if repeated and current is not None and current.command == position.offset:
        return [
            *_leave_request(state, command, (current.inbound, position.offset)),
            *marked,
            *repeat_withdrawal(state, command, position),
            _report(state, command),
        ]
    if repeated or was_overtaken or not state.waits(command.conversation_id):
        return [*marked, _report(state, command)]
    return [*marked, *_take_out_of_queue(state, organization, command, position)]


def _take_out_of_queue(
    state: CustomerState,
    organization: OrganizationState,
    command: MarkConversationDone,
    position: Position,
) -> list[Decision]:
    """Takes the conversation out of the queue. Where another thread of the customer waits for the
    same answer, the request stays open without this conversation."""
    request, waiting = find_open_request(state, command)
    ends = request if not waiting.keys() - {command.conversation_id} else None
    why = Provenance(
        reason=Reason.UNASSIGNED,
        caused_by=command.command_id,
        at=command.at,
        settings_version=organization.settings.version,
        by=command.by,
        request_id=ends,
    )
    conversation = identify_conversation(command, command.conversation_id, command.kind)
    record = make_assignment(state, conversation, None, why)
    now = (state.handled.inbound, position.offset)
    return [
        record,
        *(_leave_request(state, command, now) if ends is None else ()),
        *withdraw(command, ends, position),
        report_result(command, Outcome.APPLIED, record.version, None),
    ]


def _leave_request(
    state: CustomerState, command: MarkConversationDone, order: tuple[int, int]
) -> list[CustomerSaved]:
    """The customer's open request without the command's conversation.

    A request that was made after `order`, for an event or by a command, keeps the conversation.
    """
    customer = state.customer(command.customer_id)
    request = customer.open_request
    if not command.kind.sticky or request is None or order_of(request.id) > order:
        return []
    others = tuple(each for each in request.conversations if each[0] != command.conversation_id)
    remaining = replace(request, conversations=others)
    return [CustomerSaved(command.customer_id, replace(customer.record(), request=remaining))]


def _mark(state: CustomerState, command: MarkConversationDone) -> list[DoneSaved]:
    """The done mark. Where the command does not say what its caller had seen, that is every inbound
    event that was handled."""
    seen = command.seen_offset if command.seen_offset >= 0 else state.handled.inbound
    if state.done.get(command.conversation_id) == seen:
        return []
    return [DoneSaved(command.conversation_id, seen)]


def _reopen(state: CustomerState, command: MarkConversationDone) -> list[DoneSaved]:
    if command.conversation_id not in state.done:
        return []
    return [DoneSaved(command.conversation_id, None)]


def _report(state: CustomerState, command: MarkConversationDone) -> Decision:
    current = state.conversations.get(command.conversation_id)
    version, agent = (0, None) if current is None else (current.version, current.agent_id)
    return report_result(command, Outcome.APPLIED, version, agent)
