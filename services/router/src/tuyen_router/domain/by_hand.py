"""R6: what managers decide by hand, and what being done means for the queue (I12)."""

from collections.abc import Iterable

from msgspec.structs import replace

from tuyen_events.commands import (
    AssignConversation,
    CommandSettled,
    MarkConversationDone,
    Outcome,
)
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import ChoiceWithdrawn, Position
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.candidates import may_answer
from tuyen_router.domain.decisions import Conversation, CustomerSaved, Decision, Why, assignment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.state import Partition, Refusal, Row, last_settled
from tuyen_router.domain.sticky import waits

Command = AssignConversation | MarkConversationDone


def on_assign(
    partition: Partition,
    organization: Organization,
    command: AssignConversation,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """A manager gives the conversation to an agent, or takes it from everybody.

    Commands stand in one order (R6.4). One that was handled before a crash (`repeated`) is settled
    again, with what it came to, and changes nothing; a refusal is remembered before it is told, so
    that it stands whatever is allowed by then. The records belong into one record batch.
    """
    row = partition.rows.get(command.conversation_id)
    version, agent = (0, None) if row is None else (row.version, row.agent_id)
    outcome = _outcome(organization, version, agent, command)
    refused = partition.customer(command.customer_id).refused
    if repeated or (refused is not None and position.offset <= refused.command):
        outcome = _outcome_again(row, refused, position, outcome)
        return [
            *_withdrawn_again(partition, command, position),
            _settled(command, outcome, version, agent),
        ]
    if outcome is not Outcome.APPLIED:
        return [
            _refused(partition, command, position, outcome),
            _settled(command, outcome, version, agent),
        ]
    asked, unassigned = _asked(partition, command)
    why = Why(
        reason=Reason.UNASSIGNED if command.agent_id is None else Reason.MANUAL,
        caused_by=command.command_id,
        at=command.at,
        by=command.by,
        note=command.note,
        request_id=asked,
    )
    return [
        *(
            assignment(partition, conversation, command.agent_id, why)
            for conversation in _named(
                command, {command.conversation_id: command.kind, **unassigned}
            )
        ),
        *_withdrawn(command, asked, position),
        _settled(command, Outcome.APPLIED, version + 1, command.agent_id),
    ]


def _outcome(
    organization: Organization, version: int, agent: AgentId | None, command: AssignConversation
) -> Outcome:
    if not organization.assigns:
        return Outcome.ASSIGNMENT_OFF  # R6.1
    if command.expected_version not in (None, version):
        return Outcome.VERSION_PASSED  # R6.4
    if command.agent_id == agent:
        return Outcome.UNCHANGED  # R6.3
    if command.agent_id is not None and not may_answer(
        organization, command.agent_id, command.page_id
    ):
        return Outcome.NOT_ALLOWED  # R6.2
    return Outcome.APPLIED


def _refused(
    partition: Partition, command: AssignConversation, position: Position, outcome: Outcome
) -> CustomerSaved:
    customer = partition.customer(command.customer_id)
    refused = Refusal(position.offset, outcome)
    return CustomerSaved(command.customer_id, replace(customer.record(), refused=refused))


def _outcome_again(
    row: Row | None, refused: Refusal | None, position: Position, outcome: Outcome
) -> Outcome:
    """What to say of a command that was handled before a crash.

    When it made the conversation's last record, that it did; when it was the last one refused, how
    it was. Otherwise something newer came since: then what is true of it now, but never that it
    applies.
    """
    if row is not None and row.command == position.offset:
        return Outcome.APPLIED
    if refused is not None and refused.command == position.offset:
        return refused.outcome
    return Outcome.UNCHANGED if outcome is Outcome.APPLIED else outcome


def on_done(
    partition: Partition, command: MarkConversationDone, position: Position, *, repeated: bool
) -> list[Decision]:
    """A waiting conversation that is done waits no more; stickiness stays as it is (I12).

    Where another conversation of the customer waits for the same answer, the request stays, and
    asks for this one no more.
    """
    row = partition.rows.get(command.conversation_id)
    version, agent = (0, None) if row is None else (row.version, row.agent_id)
    if repeated and row is not None and row.command == position.offset:
        return [
            *_left(partition, command, row.inbound),
            *_withdrawn_again(partition, command, position),
            _settled(command, Outcome.APPLIED, version, agent),
        ]
    if repeated or not command.done or not waits(partition, command.conversation_id):
        return [_settled(command, Outcome.APPLIED, version, agent)]
    asked, waiting = _asked(partition, command)
    settled = None if waiting.keys() - {command.conversation_id} else asked
    why = Why(
        reason=Reason.UNASSIGNED,
        caused_by=command.command_id,
        at=command.at,
        by=command.by,
        request_id=settled,
    )
    return [
        *(
            assignment(partition, conversation, None, why)
            for conversation in _named(command, {command.conversation_id: command.kind})
        ),
        *(_left(partition, command, partition.handled.inbound) if settled is None else ()),
        *_withdrawn(command, settled, position),
        _settled(command, Outcome.APPLIED, version + 1, None),
    ]


def _left(partition: Partition, command: Command, inbound: int) -> Iterable[CustomerSaved]:
    """The customer's open request without the command's conversation.

    One that was asked later, for an event after `inbound`, asks for the conversation anew.
    """
    customer = partition.customer(command.customer_id)
    request = customer.open_request
    if command.kind.sticky and request is not None and request.cause.offset <= inbound:
        others = tuple(each for each in request.conversations if each[0] != command.conversation_id)
        left = replace(request, conversations=others)
        yield CustomerSaved(command.customer_id, replace(customer.record(), request=left))


def _asked(
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


def _named(
    command: Command, conversations: dict[ConversationId, ConversationKind]
) -> Iterable[Conversation]:
    for conversation, kind in conversations.items():
        yield Conversation(
            id=conversation,
            kind=kind,
            organization=command.organization,
            page_id=command.page_id,
            customer_id=command.customer_id,
        )


def _withdrawn(
    command: Command, asked: str | None, position: Position
) -> Iterable[ChoiceWithdrawn]:
    """R5.3: what is decided by hand leaves the queue."""
    if asked is not None:
        yield ChoiceWithdrawn(request_id=asked, organization=command.organization, cause=position)


def _withdrawn_again(
    partition: Partition, command: Command, position: Position
) -> Iterable[ChoiceWithdrawn]:
    """The withdrawal that a crash may have lost; what was answered since is not in the queue."""
    settled = last_settled(partition, command.conversation_id, command.kind, command.customer_id)
    return _withdrawn(command, settled, position)


def _settled(
    command: Command, outcome: Outcome, version: int, agent: AgentId | None
) -> CommandSettled:
    return CommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        conversation_id=command.conversation_id,
        outcome=outcome,
        version=version,
        agent_id=agent,
    )
