"""Stage 1, keyed by customer: inbound events, stage 2's answers and managers' commands."""

from collections.abc import Callable, Collection

import structlog

from tuyen_events.assignments import InputOffsets
from tuyen_events.codec import (
    UnknownTypeError,
    decode_data,
    decode_typed,
    find_header,
)
from tuyen_events.commands import (
    AssignConversation,
    MarkConversationDone,
    ReturnToRotation,
)
from tuyen_events.event import Event
from tuyen_events.ids import (
    EventId,
    OrganizationId,
    comment_thread_id,
)
from tuyen_events.inbound import (
    CommentAdded,
    CommentRemoved,
    Customer,
    MessageDeleted,
    MessageReceived,
    Visit,
)
from tuyen_events.routing import (
    ChoiceMade,
    Position,
    ThreadGiven,
    ThreadRemoved,
)
from tuyen_events.topics import (
    ANSWERS,
    COMMANDS,
    INBOUND,
)
from tuyen_events.vocabulary import ConversationKind
from tuyen_platform.metrics import ROUTED_EVENTS
from tuyen_router.domain.arrivals import Arrival
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.contested import restate_contested
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    Decision,
    apply_decision,
)
from tuyen_router.domain.done import on_done
from tuyen_router.domain.handover import on_return
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.removals import on_message_removed
from tuyen_router.domain.rotating import (
    on_assigned_elsewhere,
    on_comment_removed,
    on_own_root,
    on_reply,
    on_root_comment,
    on_root_removed,
    was_assigned_as_root,
)
from tuyen_router.domain.seen import time_of
from tuyen_router.domain.snapshot import (
    restore,
    restore_conversation,
)
from tuyen_router.domain.sticky import on_sticky_event
from tuyen_router.domain.visits import bound_visit
from tuyen_router.ports import CustomerStates, Organizations
from tuyen_router.stages.customer_writer import CustomerWriter, add_report
from tuyen_router.stages.loads import ChangedLoads, complete_report
from tuyen_router.stages.records import (
    DeadLetterWriter,
    error_text_of,
)
from tuyen_stream import Batch, ConsumedRecord, Outbox

NAME = "customers"
INPUTS = (INBOUND, ANSWERS, COMMANDS)

_READ = {
    each.type.encode() for each in (MessageReceived, MessageDeleted, CommentAdded, CommentRemoved)
}
_log = structlog.get_logger()


class CustomerStage:
    """Handles batches, one partition after another; the domain makes all decisions.

    All decisions about an event are made, and their records encoded, before any of them is applied,
    so a record that cannot be handled goes to the dead letters and leaves no half-applied state.

    Assignments are written first (`Phase.PUBLIC`). The customers' own records and done marks follow
    once the assignments are acknowledged, and what other services act on (requests, results, load
    reports) after that. So a customer's record is never ahead of the assignments that it builds on,
    and no request is ahead of the state that awaits its answer.
    """

    def __init__(
        self,
        *,
        topic_prefix: str,
        state_of: CustomerStates,
        organization: Organizations,
        dead_letters: DeadLetterWriter,
    ) -> None:
        self._prefix = topic_prefix
        self._state_of = state_of
        self._organization = organization
        self._dead_letters = dead_letters

    def handle(self, batch: Batch, outbox: Outbox) -> None:
        """Handles a batch of one of the three inputs."""
        topic = batch.topic.removeprefix(self._prefix)
        state = self._state_of(batch.partition)
        loads = ChangedLoads(state, self._organization)
        writing = CustomerWriter(self._prefix, state, outbox, loads, self._organization)
        for record in batch.records:
            event = None
            try:
                event = _read(topic, record)
                if event is None:
                    continue
                position = Position(topic=topic, partition=batch.partition, offset=record.offset)
                decided = writing.encode_decisions(self._decide(state, event, record, position))
            except MemoryError:
                raise
            except Exception as error:  # caused by this record alone; nothing was applied yet
                self._dead_letters.add(outbox, topic, batch.partition, record, error)
                decided = []
            for decision, written in decided:
                apply_decision(state, decision)
                writing.add(decision, written)
            if isinstance(event, ChoiceMade):
                loads.note_answer(event)
            writing.end_event()
        writing.end_batch()
        ROUTED_EVENTS.labels(NAME, topic).inc(len(batch.records))

    def report_step(
        self, number: int, organizations: Collection[OrganizationId] | None
    ) -> Callable[[Outbox], None]:
        """A step that reports the loads of a partition: of the given organizations, or (None) of
        all that have conversations; in both cases only where rules count loads. With None it also
        restates the record that counts of each conversation that two workers wrote about.

        Due after the recovery of a partition, since the last reports may be lost, and when an
        organization begins to count loads.
        """

        def step(outbox: Outbox) -> None:
            state = self._state_of(number)
            if organizations is None:
                self._restate(state, outbox)
            reported = state.loads if organizations is None else organizations
            for each in reported:
                try:
                    if self._organization(each).counts_loads:
                        add_report(outbox, self._prefix, complete_report(state, each))
                except MemoryError:
                    raise
                except Exception as error:  # of this organization alone
                    _log.error("report_stopped", organization=each, error=error_text_of(error))

        return step

    def _restate(self, state: CustomerState, outbox: Outbox) -> None:
        loads = ChangedLoads(state, self._organization)
        writing = CustomerWriter(self._prefix, state, outbox, loads, self._organization)
        for record in restate_contested(state):
            for decision, written in writing.encode_decisions([record]):
                apply_decision(state, decision)
                writing.add(decision, written)
            writing.end_event()
        writing.end_batch()

    def _decide(
        self, state: CustomerState, event: Event, record: ConsumedRecord, position: Position
    ) -> list[Decision]:
        repeated = _note_handled(state, position)
        _restore_conversations(state, event)
        match event:
            case MessageReceived() | CommentAdded():
                return self._on_arrival(state, event, _id_of(record), position)
            case MessageDeleted() | CommentRemoved():
                organization = self._organization(event.organization)
                name = _id_of(record)
                decisions = on_message_removed(
                    state, organization, event, name, position, repeated=repeated
                )
                if isinstance(event, CommentRemoved):
                    decisions += on_comment_removed(state, organization, event, name, position)
                return decisions
            case ChoiceMade():
                return on_answer(state, event, position)
            case ThreadRemoved():
                known = self._organization(event.organization)
                return on_root_removed(state, known, event, position)
            case ThreadGiven():
                known = self._organization(event.organization)
                return on_assigned_elsewhere(state, known, event, position)
            case _:
                return self._on_command(state, event, position, repeated)

    def _on_command(
        self, state: CustomerState, event: Event, position: Position, repeated: bool
    ) -> list[Decision]:
        match event:
            case AssignConversation():
                known = self._organization(event.organization)
                return on_assign(state, known, event, position, repeated=repeated)
            case ReturnToRotation():
                known = self._organization(event.organization)
                return on_return(state, known, event, position, repeated=repeated)
            case MarkConversationDone():
                known = self._organization(event.organization)
                return on_done(state, known, event, position, repeated=repeated)
            case _:
                return []

    def _on_arrival(
        self,
        state: CustomerState,
        event: MessageReceived | CommentAdded,
        event_id: EventId,
        position: Position,
    ) -> list[Decision]:
        if event.customer is None and isinstance(event, CommentAdded):
            return on_own_root(event, event_id, position)
        if event.customer is None or event.conversation_id is None:
            return []
        kind = _kind(event)
        live = kind is ConversationKind.LIVESTREAM
        if live and isinstance(event, CommentAdded) and was_assigned_as_root(state, event):
            return []
        arrival = Arrival(
            event_id=event_id,
            conversation=ConversationIdentity(
                id=event.conversation_id,
                kind=kind,
                organization=event.organization,
                page_id=event.page_id,
                customer_id=event.customer.id,
            ),
            channel=event.channel,
            position=position,
            at=event.accepted_at,
            visit=_visit(event),
            message=event.message_id,
            time=time_of(event.occurred_at, event.accepted_at),
        )
        organization = self._organization(event.organization)
        if isinstance(event, CommentAdded) and not kind.sticky and event.parent_external_id:
            return on_reply(state, organization, arrival)
        if kind.sticky:
            return on_sticky_event(state, organization, arrival)
        return on_root_comment(state, organization, arrival)


def _note_handled(state: CustomerState, position: Position) -> bool:
    """Notes how far an input was read; returns whether the record was handled before."""
    handled, offset = state.handled, position.offset
    inbound, answers, commands = handled.inbound, handled.answers, handled.commands
    match position.topic:
        case INBOUND.name:
            repeated, inbound = offset <= inbound, max(offset, inbound)
        case ANSWERS.name:
            repeated, answers = offset <= answers, max(offset, answers)
        case _:
            repeated, commands = offset <= commands, max(offset, commands)
    if not repeated:
        state.handled = InputOffsets(inbound=inbound, answers=answers, commands=commands)
    return repeated


def _restore_conversations(state: CustomerState, event: Event) -> None:
    """Restores the conversation that an event is about, if it is at rest; a message thread never
    is."""
    if isinstance(event, MessageReceived):
        return
    match event:
        case CommentAdded(conversation_id=str() as conversation, customer=Customer() as author):
            restore(state, conversation, author.id if event.livestream else None)
            if event.livestream:
                thread = comment_thread_id(event.organization, event.page_id, event.external_id)
                restore(state, thread, None)
        case CommentRemoved():
            thread = event.conversation_id or comment_thread_id(
                event.organization, event.page_id, event.external_id
            )
            is_live = event.livestream and event.conversation_id is not None
            author_id = event.customer.id if is_live and event.customer is not None else None
            restore(state, thread, author_id)
        case ThreadRemoved() | ThreadGiven():
            restore(state, event.conversation_id, None)
        case ChoiceMade() | AssignConversation() | ReturnToRotation() | MarkConversationDone():
            if event.kind is not ConversationKind.MESSAGE:
                customer = event.customer_id if event.kind.sticky else None
                restore(state, event.conversation_id, customer)
                if not isinstance(event, ChoiceMade):
                    restore_conversation(state, event)
        case _:
            pass


def _read(topic: str, record: ConsumedRecord) -> Event | None:
    """The record's event, or None if this stage does not use it.

    Most types of inbound events assign nothing and are not even decoded. Raises
    UnreadableEventError, also for a command that this version does not know: nobody else does what
    somebody asked for.
    """
    if record.value is None:
        return None
    try:
        if topic != INBOUND.name:
            return decode_data(record.headers, record.value)
        name = find_header(record.headers, "ce_type") or b""
        return decode_typed(name, record.value) if name in _READ else None
    except UnknownTypeError:
        if topic == COMMANDS.name:
            raise
        return None


def _visit(event: MessageReceived | CommentAdded) -> Visit | None:
    if isinstance(event, MessageReceived) and event.visit is not None:
        return bound_visit(event.visit)
    return None


def _id_of(record: ConsumedRecord) -> EventId:
    return EventId((find_header(record.headers, "ce_id") or b"").decode())


def _kind(event: MessageReceived | CommentAdded) -> ConversationKind:
    if isinstance(event, MessageReceived):
        return ConversationKind.MESSAGE
    return ConversationKind.LIVESTREAM if event.livestream else ConversationKind.COMMENT
