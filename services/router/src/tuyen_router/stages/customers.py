"""Stage 1, keyed by customer: inbound events, stage 2's answers and managers' commands."""

from collections import Counter
from collections.abc import Callable, Collection
from functools import cache
from typing import assert_never

import structlog
from msgspec.structs import replace

from tuyen_events.assignments import AssignmentEvent, Sources
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
from tuyen_router.chunks import Chunk, Outbox, OutRecord, Record, RecordTooLargeError
from tuyen_router.domain.by_hand import on_assign
from tuyen_router.domain.contested import restated
from tuyen_router.domain.decisions import (
    Conversation,
    CustomerSaved,
    Decision,
    DoneSaved,
    evolve,
)
from tuyen_router.domain.done import on_done
from tuyen_router.domain.handover import on_return
from tuyen_router.domain.live import on_taken_back
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
from tuyen_router.domain.settling import on_answer
from tuyen_router.domain.snapshot import ROW_BYTES, note_written, recall, wake, with_standing
from tuyen_router.domain.state import CustomerRecord, Partition, Request
from tuyen_router.domain.sticky import Arrival, on_sticky_event
from tuyen_router.domain.visits import kept
from tuyen_router.ports import CustomerPartition, Organizations
from tuyen_router.stages.loads import ChangedLoads, complete_report, in_parts
from tuyen_router.stages.records import (
    DeadLetterOffice,
    assignment_record,
    organization_partition,
    private_record,
    reason_of,
)
from tuyen_router.stages.saving import Saving
from tuyen_router.stages.tables import customer_entry

NAME = "customers"
INPUTS = (INBOUND, ANSWERS, COMMANDS)

_READ = {
    each.type.encode() for each in (MessageReceived, MessageDeleted, CommentAdded, CommentRemoved)
}
_WITH_THE_CHUNK = OutRecord(None, None)
"""In place of the record of what is written once for its whole chunk."""
_FEW_THREADS = 100
_SHORT = 1_000
_decisions = cache(DECISIONS.labels)
_log = structlog.get_logger()


class CustomerStage:
    """Handles chunks of one partition after another; all decisions are the domain's.

    What an event leads to is decided and made ready to be written before any of it is folded, so a
    record that cannot be handled is put aside and leaves nothing half done.

    Assignments are written with the chunk, the customers' own records and marks once those are
    acknowledged, and what others do about both (requests, results, reports of loads) after that. So
    a customer's record is never ahead of the assignments that it builds on, and no request is ahead
    of the state that awaits its answer.
    """

    def __init__(
        self,
        *,
        topic_prefix: str,
        partition: CustomerPartition,
        organization: Organizations,
        dead_letters: DeadLetterOffice,
    ) -> None:
        self._prefix = topic_prefix
        self._partition = partition
        self._organization = organization
        self._dead_letters = dead_letters

    def handle(self, chunk: Chunk, outbox: Outbox) -> None:
        """A chunk of one of the three inputs."""
        topic = chunk.topic.removeprefix(self._prefix)
        partition = self._partition(chunk.partition)
        loads = ChangedLoads(partition, self._organization)
        writing = _Writing(self._prefix, partition, outbox, loads, self._organization)
        for record in chunk.records:
            event = None
            try:
                event = _read(topic, record)
                if event is None:
                    continue
                position = Position(topic=topic, partition=chunk.partition, offset=record.offset)
                decided = writing.ready(self._decide(partition, event, record, position))
            except MemoryError:
                raise
            except Exception as error:  # the record's own doing, and nothing was changed for it
                self._dead_letters.add(outbox, topic, chunk.partition, record, error)
                decided = []
            for decision, written in decided:
                evolve(partition, decision)
                writing.add(decision, written)
            if isinstance(event, ChoiceMade):
                loads.note_answer(event)
            writing.end_event()
        writing.end_chunk()
        ROUTED_EVENTS.labels(NAME, topic).inc(len(chunk.records))

    def report_step(
        self, number: int, organizations: Collection[OrganizationId] | None
    ) -> Callable[[Outbox], None]:
        """A step that tells all loads of a partition: of some organizations, or (None) of all of
        which there are rows; of those whose rules ask for them. With all, it also makes last in the
        log what counts of conversations that two workers wrote of.

        Due when the partition was recovered, since the last reports may be lost, and when an
        organization begins to count.
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

    def _restate(self, partition: Partition, outbox: Outbox) -> None:
        loads = ChangedLoads(partition, self._organization)
        writing = _Writing(self._prefix, partition, outbox, loads, self._organization)
        for record in restated(partition):
            for decision, written in writing.ready([record]):
                evolve(partition, decision)
                writing.add(decision, written)
            writing.end_event()
        writing.end_chunk()

    def _decide(
        self, partition: Partition, event: Event, record: Record, position: Position
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
        self, partition: Partition, event: Event, position: Position, repeated: bool
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
        partition: Partition,
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
            conversation=Conversation(
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
    """Gathers what a chunk decides: records of one event in one batch, a customer's state once."""

    def __init__(
        self,
        prefix: str,
        partition: Partition,
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
        self._saving = Saving(prefix, partition, outbox, loads)

    def ready(self, decisions: list[Decision]) -> list[tuple[Decision, OutRecord]]:
        """The decisions of one event, each with the record that it leaves.

        Raises RecordTooLargeError when one of them cannot be written down.
        """
        made: list[tuple[Decision, OutRecord]] = []
        for decision in decisions:
            record = _WITH_THE_CHUNK
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
                    directory = self._organization(decision.organization).directory
                    asked = replace(decision, directory=directory)
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
        """The customer's record, with the rows that the threads it asks for have or will have."""
        request = decision.record.request
        standing = with_standing(self._partition, decision.customer_id, decision.record)
        entry = OutRecord(*customer_entry(decision.customer_id, standing))
        size = self._outbox.size_of(CUSTOMERS.name, entry)
        more = 0 if request is None else ROW_BYTES * len(request.conversations)
        if size + more > self._outbox.limit:
            raise RecordTooLargeError(CUSTOMERS.name, size + more, self._outbox.limit)

    def add(self, decision: Decision, record: OutRecord) -> None:
        """Takes a decision, once it is folded, with the record that was made ready."""
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
                self._follow_up(COMMAND_RESULTS, self._partition.number, record)
            case ChoiceRequested() | ChoiceWithdrawn() | ThreadReported():
                partition = organization_partition(decision.organization)
                self._follow_up(REQUESTS, partition, record)
            case _:
                assert_never(decision)

    def end_event(self) -> None:
        """Hands over the assignments of one event, all or none of which will be in the log.

        Only where they are more than a batch holds (a customer with hundreds of threads that
        waited for one answer) are they handed over in several.
        """
        if self._assignments:
            self._hand_over()
        if self._partition.woken:
            self._saving.save_woken()

    def _hand_over(self) -> None:
        topic = self._prefix + ASSIGNMENTS.name
        try:
            self._outbox.add_atomically(topic, self._partition.number, self._records)
        except RecordTooLargeError:
            for records in self._outbox.fitting(self._records):
                self._outbox.add_atomically(topic, self._partition.number, records)
        for each in self._assignments:
            customer = each.customer_id if each.kind.sticky else None
            note_written(self._partition, each.conversation_id, customer, self._partition.written)
        self._made += self._assignments
        self._assignments, self._records = [], []

    def end_chunk(self) -> None:
        """Hands over the customers and marks as the chunk left them, and the loads."""
        self._tell()
        self._saving.save(self._saved, self._done)
        for report in self._loads.reports():
            add_report(self._outbox, self._prefix, report)

    def _tell(self) -> None:
        """Logs and counts what was decided: a line for each, with its event and conversation."""
        for reason, count in Counter(each.reason for each in self._made).items():
            _decisions(reason).inc(count)
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

    def _follow_up(self, topic: Topic, partition: int, record: OutRecord) -> None:
        self._outbox.follow_up.follow_up.add_atomically(
            self._prefix + topic.name, partition, (record,)
        )


def add_report(outbox: Outbox, prefix: str, report: LoadsReported) -> None:
    """Adds a report of loads where requests go: after all that it counts."""
    topic, partition = prefix + REQUESTS.name, organization_partition(report.organization)
    for part in in_parts(report):
        record = private_record(report.organization, part)
        outbox.follow_up.follow_up.add_atomically(topic, partition, (record,))


def _note_handled(partition: Partition, position: Position) -> bool:
    """Takes down how far an input was read; whether the record was handled before."""
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
        partition.handled = Sources(inbound=inbound, answers=answers, commands=commands)
    return repeated


def _wake(partition: Partition, event: Event) -> None:
    """What an event is about may be at rest; a message thread never is."""
    if isinstance(event, MessageReceived):
        return
    match event:
        case CommentAdded(conversation_id=str() as conversation, customer=Customer() as author):
            wake(partition, conversation, author.id if event.livestream else None)
            if event.livestream:
                thread = comment_thread_id(event.organization, event.page_id, event.external_id)
                wake(partition, thread, None)
        case CommentRemoved():
            thread = event.conversation_id or comment_thread_id(
                event.organization, event.page_id, event.external_id
            )
            is_live = event.livestream and event.conversation_id is not None
            author_id = event.customer.id if is_live and event.customer is not None else None
            wake(partition, thread, author_id)
        case ThreadRemoved() | ThreadGiven():
            wake(partition, event.conversation_id, None)
        case ChoiceMade() | AssignConversation() | ReturnToRotation() | MarkConversationDone():
            if event.kind is not ConversationKind.MESSAGE:
                customer = event.customer_id if event.kind.sticky else None
                wake(partition, event.conversation_id, customer)
                if not isinstance(event, ChoiceMade):
                    recall(partition, event)
        case _:
            pass


def _read(topic: str, record: Record) -> Event | None:
    """The record's event, if this stage has any use for it.

    Most inbound types assign nothing and are not even decoded. Raises UnreadableEventError.
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
    """Whether a customer's record is worth a look, which costs as much as writing it."""
    return request is not None and (
        len(request.conversations) > _FEW_THREADS or len(request.seed) > _SHORT
    )


def _visit(event: MessageReceived | CommentAdded) -> Visit | None:
    if isinstance(event, MessageReceived) and event.visit is not None:
        return kept(event.visit)
    return None


def _id_of(record: Record) -> EventId:
    return EventId((header(record.headers, "ce_id") or b"").decode())


def _kind(event: MessageReceived | CommentAdded) -> ConversationKind:
    if isinstance(event, MessageReceived):
        return ConversationKind.MESSAGE
    return ConversationKind.LIVESTREAM if event.livestream else ConversationKind.COMMENT
