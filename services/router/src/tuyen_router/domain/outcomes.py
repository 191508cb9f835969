"""What a command comes to, told once and again (R6.3, R6.4): shared by all commands."""

from collections.abc import Iterable

from msgspec.structs import replace

from tuyen_events.commands import (
    AssignConversation,
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
from tuyen_router.domain.decisions import Conversation, CustomerSaved, Decision, Why, assignment
from tuyen_router.domain.state import Partition, Refusal, last_settled, order_of

Command = AssignConversation | ReturnToRotation | MarkConversationDone


def was_handled(partition: Partition, command: Command, position: Position, repeated: bool) -> bool:
    """Whether a command comes again after a crash: the inputs tell it, or its refusal does."""
    refused = partition.customer(command.customer_id).refused
    return repeated or (refused is not None and position.offset <= refused.command)


def given(
    partition: Partition,
    command: AssignConversation | ReturnToRotation,
    agent: AgentId | None,
    why: Why,
    position: Position,
) -> list[Decision]:
    """The agent, or nobody, has the conversation now, and all that nobody had until an answer that
    would come too late (R3.5). The records belong into one record batch."""
    row = partition.rows.get(command.conversation_id)
    version = 1 if row is None else row.version + 1
    request, unassigned = asked(partition, command)
    why = replace(why, request_id=request)
    conversations = {command.conversation_id: command.kind, **unassigned}
    return [
        *(
            assignment(partition, named(command, each, kind), agent, why)
            for each, kind in conversations.items()
        ),
        *withdrawn(command, request, position),
        *_begun(command, position, version, agent, why.reason),
        settled(command, Outcome.APPLIED, version, agent),
    ]


def _begun(
    command: Command, position: Position, version: int, agent: AgentId | None, reason: Reason
) -> list[ThreadReported]:
    """R4.5, R4.6: stage 2 hears of a comment's thread also when no rule was asked about it; and to
    whom it was given, for another partition may have it."""
    if command.kind is not ConversationKind.COMMENT:
        return []
    given = ThreadGiven(
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
            given=given,
        )
    ]


def refused(
    partition: Partition, command: Command, position: Position, outcome: Outcome
) -> list[Decision]:
    """Nothing changes. It is remembered before it is told, so that it stands after a crash,
    whatever is allowed by then."""
    row = partition.rows.get(command.conversation_id)
    version, agent = (0, None) if row is None else (row.version, row.agent_id)
    customer = partition.customer(command.customer_id)
    saved = replace(customer.record(), refused=Refusal(position.offset, outcome))
    return [
        CustomerSaved(command.customer_id, saved),
        settled(command, outcome, version, agent),
    ]


def told_again(
    partition: Partition, command: Command, position: Position, outcome: Outcome
) -> list[Decision]:
    """What became of a command that was handled before a crash, and the withdrawal that the crash
    may have lost. `outcome` is what would become of it now.

    When it was the last one refused, how it was; when it made the conversation's last record, or
    asked for it, it applied. Otherwise something newer came since: then what is true of it now, but
    never that it applies.
    """
    row = partition.rows.get(command.conversation_id)
    refused = partition.customer(command.customer_id).refused
    if refused is not None and refused.command == position.offset:
        outcome = refused.outcome
    elif row is not None and _made_by(partition, command, position):
        outcome = Outcome.APPLIED
    elif outcome is Outcome.APPLIED:
        outcome = Outcome.UNCHANGED
    version, agent = (0, None) if row is None else (row.version, row.agent_id)
    begun = () if row is None else _begun(command, position, version, agent, row.reason)
    return [
        *withdrawn_again(partition, command, position),
        *begun,
        settled(command, outcome, version, agent),
    ]


def _made_by(partition: Partition, command: Command, position: Position) -> bool:
    if partition.rows[command.conversation_id].command == position.offset:
        return True
    last = last_settled(partition, command.conversation_id, command.kind, command.customer_id)
    return last is not None and order_of(last)[1] == position.offset


def asked(
    partition: Partition, command: Command
) -> tuple[str | None, dict[ConversationId, ConversationKind]]:
    """The request whose answer would come too late (R3.5), and all that nobody has until then."""
    if command.kind.sticky:
        request = partition.customer(command.customer_id).open_request
        if request is None:
            return None, {}
        return request.id, {
            each: kind
            for each, kind in request.conversations
            if (row := partition.rows.get(each)) is None or row.agent_id is None
        }
    row = partition.rows.get(command.conversation_id)
    if row is None or not row.waiting:
        return None, {}
    return row.request_id, {command.conversation_id: command.kind}


def named(command: Command, conversation: ConversationId, kind: ConversationKind) -> Conversation:
    """A conversation of the command's customer."""
    return Conversation(
        id=conversation,
        kind=kind,
        organization=command.organization,
        page_id=command.page_id,
        customer_id=command.customer_id,
    )


def withdrawn(command: Command, request: str | None, position: Position) -> list[ChoiceWithdrawn]:
    """R5.3: what is decided by hand leaves the queue."""
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


def withdrawn_again(
    partition: Partition, command: Command, position: Position
) -> Iterable[ChoiceWithdrawn]:
    """The withdrawal that a crash may have lost; what was answered since is not in the queue."""
    last = last_settled(partition, command.conversation_id, command.kind, command.customer_id)
    return withdrawn(command, last, position)


def settled(
    command: Command, outcome: Outcome, version: int, agent: AgentId | None
) -> CommandSettled:
    """What the command's caller is told."""
    return CommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        conversation_id=command.conversation_id,
        outcome=outcome,
        version=version,
        agent_id=agent,
    )
