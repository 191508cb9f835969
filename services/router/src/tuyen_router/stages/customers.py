"""Stage 1, keyed by customer: inbound events, stage 2's answers and managers' commands."""

from collections import Counter
from collections.abc import Callable, Collection
from functools import cache
from typing import assert_never

import structlog
from msgspec.structs import replace

from tuyen_events.assignments import AssignmentEvent, InputOffsets
from tuyen_events.codec import (
    UnknownTypeError,
    decode_data,
    decode_typed,
    header,
)
from tuyen_events.commands import (
    AssignConversation,
    CommandSettled,
    MarkConversationDone,
    ReturnToRotation,
)
from tuyen_events.event import Event
from tuyen_events.ids import (
    ConversationId,
    CustomerId,
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
    ChoiceRequested,
    ChoiceWithdrawn,
    LoadsReported,
    Position,
    ThreadGiven,
    ThreadRemoved,
    ThreadReported,
)
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    COMMAND_RESULTS,
    COMMANDS,
    CUSTOMERS,
    INBOUND,
    REQUESTS,
    Topic,
)
from tuyen_events.vocabulary import ConversationKind
from tuyen_platform.logging import log_each
from tuyen_platform.metrics import DECISIONS, ROUTED_EVENTS
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.contested import restate_contested
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    CustomerSaved,
    Decision,
    DoneSaved,
    apply_decision,
)
from tuyen_router.domain.done import on_done
from tuyen_router.domain.handover import on_return
from tuyen_router.domain.livestream import on_taken_back
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.rotating import (
    on_comment_removed,
    on_given,
    on_own_root,
    on_removed,
    on_reply,
    on_root_comment,
    was_assigned_as_root,
)
from tuyen_router.domain.seen import time_of
from tuyen_router.domain.snapshot import (
    ROW_BYTES,
    note_written,
    restore,
    restore_conversation,
    with_summary,
)
from tuyen_router.domain.state import CustomerRecord, CustomerState, Request
from tuyen_router.domain.sticky import Arrival, on_sticky_event
from tuyen_router.domain.visits import bound_visit
from tuyen_router.ports import CustomerPartition, Organizations
from tuyen_router.stages.loads import ChangedLoads, complete_report, in_parts
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import (
    DeadLetterWriter,
    assignment_record,
    organization_partition,
    private_record,
    reason_of,
)
from tuyen_router.stages.snapshot_writer import SnapshotWriter
from tuyen_router.stages.tables import customer_entry
from tuyen_stream import Batch, BatchTooLargeError, ConsumedRecord, Outbox, OutRecord

NAME = "customers"
INPUTS = (INBOUND, ANSWERS, COMMANDS)

_READ = {
    each.type.encode() for each in (MessageReceived, MessageDeleted, CommentAdded, CommentRemoved)
}
_WITH_THE_BATCH = OutRecord(None, None)
"""Placeholder for a record that is written once for its whole batch."""
_FEW_THREADS = 100
_SHORT = 1_000
_decisions = cache(DECISIONS.labels)
_OTHER = "other"
"""In metrics, all reasons that this version does not know: what is read makes no new series."""
_log = structlog.get_logger()


class CustomerStage:
    """Handles batches, one partition after another; all decisions are the domain's.

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
        partition: CustomerPartition,
        organization: Organizations,
        dead_letters: DeadLetterWriter,
    ) -> None:
        self._prefix = topic_prefix
        self._partition = partition
        self._organization = organization
        self._dead_letters = dead_letters

    def handle(self, batch: Batch, outbox: Outbox) -> None:
        """Handles a batch of one of the three inputs."""
        topic = batch.topic.removeprefix(self._prefix)
        partition = self._partition(batch.partition)
        loads = ChangedLoads(partition, self._organization)
        writing = _Writing(self._prefix, partition, outbox, loads, self._organization)
        for record in batch.records:
            event = None
            try:
                event = _read(topic, record)
                if event is None:
                    continue
                position = Position(topic=topic, partition=batch.partition, offset=record.offset)
                decided = writing.ready(self._decide(partition, event, record, position))
            except MemoryError:
                raise
            except Exception as error:  # caused by this record alone; nothing was applied yet
                self._dead_letters.add(outbox, topic, batch.partition, record, error)
                decided = []
            for decision, written in decided:
                apply_decision(partition, decision)
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
            partition = self._partition(number)
            if organizations is None:
                self._restate(partition, outbox)
            asked = partition.loads if organizations is None else organizations
            for each in asked:
                try:
                    if self._organization(each).counts_loads:
                        add_report(outbox, self._prefix, complete_report(partition, each))
                except MemoryError:
                    raise
                except Exception as error:  # of this organization alone
                    _log.error("report_stopped", organization=each, error=reason_of(error))

        return step

    def _restate(self, partition: CustomerState, outbox: Outbox) -> None:
        loads = ChangedLoads(partition, self._organization)
        writing = _Writing(self._prefix, partition, outbox, loads, self._organization)
        for record in restate_contested(partition):
            for decision, written in writing.ready([record]):
                apply_decision(partition, decision)
                writing.add(decision, written)
            writing.end_event()
        writing.end_batch()

    def _decide(
        self, partition: CustomerState, event: Event, record: ConsumedRecord, position: Position
    ) -> list[Decision]:
        repeated = _note_handled(partition, position)
        _wake(partition, event)
        match event:
            case MessageReceived() | CommentAdded():
                return self._arrived(partition, event, _id_of(record), position)
            case MessageDeleted() | CommentRemoved():
                known = self._organization(event.organization)
                name = _id_of(record)
                gone = on_taken_back(partition, known, event, name, position, repeated=repeated)
                if isinstance(event, CommentRemoved):
                    gone += on_comment_removed(partition, known, event, name, position)
                return gone
            case ChoiceMade():
                return on_answer(partition, event, position)
            case ThreadRemoved():
                known = self._organization(event.organization)
                return on_removed(partition, known, event, position)
            case ThreadGiven():
                known = self._organization(event.organization)
                return on_given(partition, known, event, position)
            case _:
                return self._commanded(partition, event, position, repeated)

    def _commanded(
        self, partition: CustomerState, event: Event, position: Position, repeated: bool
    ) -> list[Decision]:
        match event:
            case AssignConversation():
                known = self._organization(event.organization)
                return on_assign(partition, known, event, position, repeated=repeated)
            case ReturnToRotation():
                known = self._organization(event.organization)
                return on_return(partition, known, event, position, repeated=repeated)
            case MarkConversationDone():
                known = self._organization(event.organization)
                return on_done(partition, known, event, position, repeated=repeated)
            case _:
                return []

    def _arrived(
        self,
        partition: CustomerState,
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
        if live and isinstance(event, CommentAdded) and was_assigned_as_root(partition, event):
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
            return on_reply(partition, organization, arrival)
        if kind.sticky:
            return on_sticky_event(partition, organization, arrival)
        return on_root_comment(partition, organization, arrival)


class _Writing:
    """Collects what a batch decides: the records of one event go into one record batch, and a
    customer's state is written once."""

    def __init__(
        self,
        prefix: str,
        partition: CustomerState,
        outbox: Outbox,
        loads: ChangedLoads,
        organization: Organizations,
    ) -> None:
        self._prefix = prefix
        self._partition = partition
        self._outbox = outbox
        self._loads = loads
        self._organization = organization
        self._assignments: list[AssignmentEvent] = []
        self._records: list[OutRecord] = []
        self._made: list[AssignmentEvent] = []
        self._saved: dict[CustomerId, CustomerRecord] = {}
        self._done: dict[ConversationId, int | None] = {}
        self._saving = SnapshotWriter(prefix, partition, outbox, loads)

    def ready(self, decisions: list[Decision]) -> list[tuple[Decision, OutRecord]]:
        """Encodes the record of each decision about one event.

        Raises BatchTooLargeError when one of them cannot be written.
        """
        made: list[tuple[Decision, OutRecord]] = []
        for decision in decisions:
            record = _WITH_THE_BATCH
            match decision:
                case CustomerSaved():
                    if _may_be_large(decision.record.request):
                        self._require_customer(decision)
                case AssignmentEvent():
                    record = assignment_record(decision)
                    self._outbox.require(ASSIGNMENTS.name, record)
                case CommandSettled():
                    record = private_record(decision.conversation_id, decision)
                    self._outbox.require(COMMAND_RESULTS.name, record)
                case ChoiceRequested():
                    offset = self._organization(decision.organization).directory_offset
                    asked = replace(decision, directory=offset)
                    record = private_record(decision.organization, asked)
                    self._outbox.require(REQUESTS.name, record)
                case ChoiceWithdrawn() | ThreadReported():
                    record = private_record(decision.organization, decision)
                    self._outbox.require(REQUESTS.name, record)
                case _:
                    pass
            made.append((decision, record))
        return made

    def _require_customer(self, decision: CustomerSaved) -> None:
        """Checks the size of the customer's record, including the states that the threads in its
        request have or will have."""
        request = decision.record.request
        standing = with_summary(self._partition, decision.customer_id, decision.record)
        entry = OutRecord(*customer_entry(decision.customer_id, standing))
        size = self._outbox.size_of(CUSTOMERS.name, entry)
        more = 0 if request is None else ROW_BYTES * len(request.conversations)
        if size + more > self._outbox.limit:
            raise BatchTooLargeError(CUSTOMERS.name, size + more, self._outbox.limit)

    def add(self, decision: Decision, record: OutRecord) -> None:
        """Takes a decision that was applied, with its encoded record."""
        match decision:
            case CustomerSaved():
                self._saved[decision.customer_id] = decision.record
            case AssignmentEvent():
                self._assignments.append(decision)
                self._records.append(record)
                self._loads.note_assignment(decision)
            case DoneSaved():
                self._done[decision.conversation_id] = decision.seen
                self._loads.note_done(decision.conversation_id)
            case CommandSettled():
                self._send(COMMAND_RESULTS, self._partition.number, record)
            case ChoiceRequested() | ChoiceWithdrawn() | ThreadReported():
                partition = organization_partition(decision.organization)
                self._send(REQUESTS, partition, record)
            case _:
                assert_never(decision)

    def end_event(self) -> None:
        """Adds the assignments of one event to the outbox: either all or none of them will be in
        the log.

        Only if they exceed a record batch (a customer with hundreds of threads that waited for one
        answer) are they added in several parts.
        """
        if self._assignments:
            self._hand_over()
        if self._partition.woken:
            self._saving.save_woken()

    def _hand_over(self) -> None:
        topic = self._prefix + ASSIGNMENTS.name
        try:
            self._outbox.add_atomically(Phase.PUBLIC, topic, self._partition.number, self._records)
        except BatchTooLargeError:
            for records in self._outbox.fitting(self._records):
                self._outbox.add_atomically(Phase.PUBLIC, topic, self._partition.number, records)
        for each in self._assignments:
            customer = each.customer_id if each.kind.sticky else None
            note_written(self._partition, each.conversation_id, customer, self._partition.written)
        self._made += self._assignments
        self._assignments, self._records = [], []

    def end_batch(self) -> None:
        """Adds the customers and done marks to the outbox as they are at the end of the batch, and
        the load reports."""
        self._tell()
        self._saving.save(self._saved, self._done)
        for report in self._loads.reports():
            add_report(self._outbox, self._prefix, report)

    def _tell(self) -> None:
        """Logs and counts the assignments: one line for each, with its event and conversation."""
        for reason, count in Counter(each.reason for each in self._made).items():
            _decisions(reason if reason.is_known else _OTHER).inc(count)
        log_each(
            _log,
            "conversation_assigned",
            [
                {
                    "conversation_id": each.conversation_id,
                    "agent_id": each.agent_id,
                    "reason": each.reason,
                    "version": each.version,
                    "event_id": each.caused_by,
                }
                for each in self._made
            ],
        )

    def _send(self, topic: Topic, partition: int, record: OutRecord) -> None:
        self._outbox.add_atomically(Phase.MESSAGES, self._prefix + topic.name, partition, (record,))


def add_report(outbox: Outbox, prefix: str, report: LoadsReported) -> None:
    """Adds a load report to the topic of the requests, to be sent after everything that it
    counts."""
    topic, partition = prefix + REQUESTS.name, organization_partition(report.organization)
    for part in in_parts(report):
        record = private_record(report.organization, part)
        outbox.add_atomically(Phase.MESSAGES, topic, partition, (record,))


def _note_handled(partition: CustomerState, position: Position) -> bool:
    """Notes how far an input was read; returns whether the record was handled before."""
    handled, offset = partition.handled, position.offset
    inbound, answers, commands = handled.inbound, handled.answers, handled.commands
    match position.topic:
        case INBOUND.name:
            repeated, inbound = offset <= inbound, max(offset, inbound)
        case ANSWERS.name:
            repeated, answers = offset <= answers, max(offset, answers)
        case _:
            repeated, commands = offset <= commands, max(offset, commands)
    if not repeated:
        partition.handled = InputOffsets(inbound=inbound, answers=answers, commands=commands)
    return repeated


def _wake(partition: CustomerState, event: Event) -> None:
    """Restores the conversation that an event is about, if it is at rest; a message thread never
    is."""
    if isinstance(event, MessageReceived):
        return
    match event:
        case CommentAdded(conversation_id=str() as conversation, customer=Customer() as author):
            restore(partition, conversation, author.id if event.livestream else None)
            if event.livestream:
                thread = comment_thread_id(event.organization, event.page_id, event.external_id)
                restore(partition, thread, None)
        case CommentRemoved():
            thread = event.conversation_id or comment_thread_id(
                event.organization, event.page_id, event.external_id
            )
            is_live = event.livestream and event.conversation_id is not None
            author_id = event.customer.id if is_live and event.customer is not None else None
            restore(partition, thread, author_id)
        case ThreadRemoved() | ThreadGiven():
            restore(partition, event.conversation_id, None)
        case ChoiceMade() | AssignConversation() | ReturnToRotation() | MarkConversationDone():
            if event.kind is not ConversationKind.MESSAGE:
                customer = event.customer_id if event.kind.sticky else None
                restore(partition, event.conversation_id, customer)
                if not isinstance(event, ChoiceMade):
                    restore_conversation(partition, event)
        case _:
            pass


def _read(topic: str, record: ConsumedRecord) -> Event | None:
    """The record's event, or None if this stage does not use it.

    Most types of inbound events assign nothing and are not even decoded. Raises
    UnreadableEventError.
    """
    if record.value is None:
        return None
    try:
        if topic != INBOUND.name:
            return decode_data(record.headers, record.value)
        name = header(record.headers, "ce_type") or b""
        return decode_typed(name, record.value) if name in _READ else None
    except UnknownTypeError:
        return None


def _may_be_large(request: Request | None) -> bool:
    """Whether a customer's record may be too large, so that its size must be computed: that costs
    as much as writing it."""
    return request is not None and (
        len(request.conversations) > _FEW_THREADS or len(request.seed) > _SHORT
    )


def _visit(event: MessageReceived | CommentAdded) -> Visit | None:
    if isinstance(event, MessageReceived) and event.visit is not None:
        return bound_visit(event.visit)
    return None


def _id_of(record: ConsumedRecord) -> EventId:
    return EventId((header(record.headers, "ce_id") or b"").decode())


def _kind(event: MessageReceived | CommentAdded) -> ConversationKind:
    if isinstance(event, MessageReceived):
        return ConversationKind.MESSAGE
    return ConversationKind.LIVESTREAM if event.livestream else ConversationKind.COMMENT
