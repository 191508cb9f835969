"""The results of commands, published once and again after a crash (R6.3, R6.4); shared by all
commands.

Decides R3.5 and R5.3.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from tuyen_events.commands import (
    AssignConversation,
    Command,
    CommandSettled,
    MarkConversationDone,
    Outcome,
    ReturnToRotation,
)
from tuyen_events.ids import AgentId, ConversationId, EventId
from tuyen_events.routing import (
    ChoiceWithdrawn,
    Position,
    ThreadGiven,
    ThreadReported,
    ThreadState,
)
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.customer_records import Refusal
from tuyen_router.domain.customer_state import CustomerState, last_settled
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    CustomerSaved,
    Decision,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.request_ids import order_of


def was_handled(state: CustomerState, command: Command, position: Position, repeated: bool) -> bool:
    """Whether a command was already handled before a crash: the input offsets say so, or its stored
    refusal does."""
    refuse = state.customer(command.customer_id).refused
    return repeated or (refuse is not None and position.offset <= refuse.command)


def give_to(
    state: CustomerState,
    command: AssignConversation | ReturnToRotation,
    agent: AgentId | None,
    why: Provenance,
    position: Position,
) -> list[Decision]:
    """Assigns the conversation to the agent, or to nobody, now, together with all unassigned
    threads of an open request whose answer would come too late (R3.5). The records belong into one
    record batch.
    """
    current = state.conversations.get(command.conversation_id)
    version = 1 if current is None else current.version + 1
    request, unassigned = find_open_request(state, command)
    why = replace(why, request_id=request)
    conversations = {command.conversation_id: command.kind, **unassigned}
    return [
        *(
            make_assignment(state, identify_conversation(command, each, kind), agent, why)
            for each, kind in conversations.items()
        ),
        *withdraw(command, request, position),
        *_report_thread(command, position, version, agent, why.reason),
        report_result(command, Outcome.APPLIED, version, agent),
    ]


def _report_thread(
    command: Command, position: Position, version: int, agent: AgentId | None, reason: Reason
) -> list[ThreadReported]:
    """R4.5, R4.6: reports to stage 2 that a comment's thread was assigned manually, and to whom,
    also if no request was made for it: another partition may have the thread."""
    if command.kind is not ConversationKind.COMMENT:
        return []
    give_to = ThreadGiven(
        organization=command.organization,
        page_id=command.page_id,
        conversation_id=command.conversation_id,
        version=version,
        agent_id=agent,
        reason=reason,
        by=command.by,
        note=None if isinstance(command, MarkConversationDone) else command.note,
        seed=EventId(command.command_id),
        at=command.at,
    )
    return [
        ThreadReported(
            organization=command.organization,
            page_id=command.page_id,
            conversation_id=command.conversation_id,
            state=ThreadState.TAKEN,
            seed=EventId(command.command_id),
            cause=position,
            at=command.at,
            given=give_to,
        )
    ]


def refuse(
    state: CustomerState, command: Command, position: Position, outcome: Outcome
) -> list[Decision]:
    """Refuses the command; nothing else changes. The refusal is stored before the result is
    published, so that the result is the same after a crash, whatever is allowed by then."""
    current = state.conversations.get(command.conversation_id)
    version, agent = (0, None) if current is None else (current.version, current.agent_id)
    customer = state.customer(command.customer_id)
    saved = replace(customer.record(), refused=Refusal(position.offset, outcome))
    return [
        CustomerSaved(command.customer_id, saved),
        report_result(command, outcome, version, agent),
    ]


def repeat_result(
    state: CustomerState, command: Command, position: Position, outcome: Outcome
) -> list[Decision]:
    """Publishes the result of a command that was already handled before a crash, and the withdrawal
    that the crash may have lost. `outcome` is what the command's result would be now.

    If the command is the last one that was refused, its stored outcome is published again. If it
    made the conversation's last record, or its request, the outcome is `applied`. Otherwise
    something newer has happened since: the result is then the present outcome, but never `applied`.
    """
    current = state.conversations.get(command.conversation_id)
    refuse = state.customer(command.customer_id).refused
    if refuse is not None and refuse.command == position.offset:
        outcome = refuse.outcome
    elif current is not None and _made_by(state, command, position):
        outcome = Outcome.APPLIED
    elif outcome is Outcome.APPLIED:
        outcome = Outcome.UNCHANGED
    version, agent = (0, None) if current is None else (current.version, current.agent_id)
    begun = (
        () if current is None else _report_thread(command, position, version, agent, current.reason)
    )
    return [
        *repeat_withdrawal(state, command, position),
        *begun,
        report_result(command, outcome, version, agent),
    ]


def _made_by(state: CustomerState, command: Command, position: Position) -> bool:
    if state.conversations[command.conversation_id].command == position.offset:
        return True
    last = last_settled(state, command.conversation_id, command.kind, command.customer_id)
    return last is not None and order_of(last)[1] == position.offset


def find_open_request(
    state: CustomerState, command: Command
) -> tuple[str | None, dict[ConversationId, ConversationKind]]:
    """The open request whose answer would come too late (R3.5), and its conversations that nobody
    has yet."""
    if command.kind.sticky:
        request = state.customer(command.customer_id).open_request
        if request is None:
            return None, {}
        return request.id, {
            each: kind
            for each, kind in request.conversations
            if (current := state.conversations.get(each)) is None or current.agent_id is None
        }
    current = state.conversations.get(command.conversation_id)
    if current is None or not current.waiting:
        return None, {}
    return current.request_id, {command.conversation_id: command.kind}


def identify_conversation(
    command: Command, conversation: ConversationId, kind: ConversationKind
) -> ConversationIdentity:
    """Identifies a conversation of the command's customer."""
    return ConversationIdentity(
        id=conversation,
        kind=kind,
        organization=command.organization,
        page_id=command.page_id,
        customer_id=command.customer_id,
    )


def withdraw(command: Command, request: str | None, position: Position) -> list[ChoiceWithdrawn]:
    """R5.3: a conversation that is decided manually leaves the queue."""
    if request is None:
        return []
    return [
        ChoiceWithdrawn(
            request_id=request,
            organization=command.organization,
            cause=position,
            customer_id=command.customer_id if command.kind.sticky else None,
        )
    ]


def repeat_withdrawal(
    state: CustomerState, command: Command, position: Position
) -> Iterable[ChoiceWithdrawn]:
    """The withdrawal that a crash may have lost. A request that was answered since is not in the
    queue any more, so withdrawing it again has no effect."""
    last = last_settled(state, command.conversation_id, command.kind, command.customer_id)
    return withdraw(command, last, position)


def report_result(
    command: Command, outcome: Outcome, version: int, agent: AgentId | None
) -> CommandSettled:
    """The command's result, for its caller."""
    return CommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        conversation_id=command.conversation_id,
        outcome=outcome,
        version=version,
        agent_id=agent,
    )
