"""How the state of each table's partition is made from its changelog, live and in recovery
alike.

Decides INV6.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import msgspec
import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.choosing import Cursor
from tuyen_events.codec import decode_data
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, CHOICES, CUSTOMERS
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_platform.metrics import DEAD_LETTERS_TOTAL
from tuyen_router.domain.customer_records import ConversationState, CustomerRecord
from tuyen_router.domain.customer_state import (
    CustomerState,
    apply_assignment,
    apply_customer,
    apply_done,
    merge_offsets,
)
from tuyen_router.domain.dispatch_state import (
    Answer,
    AnswerRepeated,
    CursorMoved,
    Dequeued,
    DispatchState,
    DispatchStep,
    OrderChanged,
    PoolPublished,
    Progress,
    RequestAnswered,
    RequestQueued,
    RequestSeen,
    apply_step,
)
from tuyen_router.domain.loads import LoadCounts, LoadReleased, LoadReserved, LoadsCounted
from tuyen_router.domain.queue_buckets import WaitingRequest
from tuyen_router.domain.snapshot import (
    ChangedEntries,
    SnapshotTail,
    apply_comment,
    apply_summary,
    apply_tail,
    note_written,
    recount_loads,
    restore,
    tail_of,
    tail_offset,
    with_summary,
)
from tuyen_router.domain.threads import (
    ManualAssignmentReported,
    RemovalReported,
    ThreadBucketChanged,
)
from tuyen_router.identity import SERVICE
from tuyen_router.stages.records import error_text_of
from tuyen_stream import ConsumedRecord, OutRecord

_encode = msgspec.json.Encoder().encode
_customer = msgspec.json.Decoder(CustomerRecord)
_cursor = msgspec.json.Decoder(Cursor)
_order = msgspec.json.Decoder(tuple[AgentId, ...])
_waiting = msgspec.json.Decoder(WaitingRequest)
_answer = msgspec.json.Decoder(Answer)
_counts = msgspec.json.Decoder(LoadCounts)
_agent = msgspec.json.Decoder(str)
_progress = msgspec.json.Decoder(Progress)

_conversation = msgspec.json.Decoder(ConversationState)
_assignee = msgspec.json.Decoder(tuple[OrganizationId, AgentId | None])
_reason = msgspec.json.Decoder(Reason)
_tail = msgspec.json.Decoder(SnapshotTail)
_int = msgspec.json.Decoder(int)

_log = structlog.get_logger()

_DONE = "done/"
_MARKS = "marks"
_COMMENT = "comment/"
_RESTING = "resting/"
_ASSIGNEE = "owner/"
_REASON = "reason/"
_TAIL = "tail"


class CustomerPartitions:
    """Makes stage 1's partition states, each of which two tables fill.

    A table asks for a new state whenever the partition is assigned to this worker. The first
    requests of both tables get the same state, which is empty.
    """

    def __init__(self) -> None:
        self._half_made: dict[int, tuple[type, CustomerState]] = {}

    def assignments(self, number: int) -> "AssignmentsTable":
        return AssignmentsTable(self._partition(number, AssignmentsTable))

    def customers(self, number: int) -> "CustomersTable":
        return CustomersTable(self._partition(number, CustomersTable))

    def _partition(self, number: int, table: type) -> CustomerState:
        first, state = self._half_made.pop(number, (table, None))
        if state is None or first is table:
            state = CustomerState(number)
            self._half_made[number] = (table, state)
        return state


class AssignmentsTable:
    """Applies the public assignment records that are not in the snapshot yet. They are the state of
    conversations and of stickiness."""

    def __init__(self, state: CustomerState) -> None:
        self.state = state
        self._is_begun = False
        self._read: dict[ConversationId, int] = {}
        """The highest version of each conversation that was read in this recovery."""

    def starts_at(self) -> int:
        """The first record that the customers' table, which is completely read by now, does not
        contain."""
        if not self._is_begun:
            self._is_begun = True
            recount_loads(self.state)
        return self.state.tail

    def on_recovered(self, last: int) -> None:
        self.state.written = last + 1
        self._read.clear()

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        _apply_each(ASSIGNMENTS, self.state.number, records, self._apply_record)

    def _apply_record(self, record: ConsumedRecord) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, AssignmentEvent):
            return
        state, name = self.state, event.conversation_id
        customer = event.customer_id if event.kind.sticky else None
        read = self._read.get(name, 0)
        self._read[name] = max(read, event.version)
        held = state.conversations.get(name) or state.archive.find(name)
        if held is not None and read < event.version <= held.version:
            # The snapshot contains it, so it is not another worker's second record of that version.
            state.handled = merge_offsets(state.handled, event.sources)
            state.contested.pop(name, None)
        else:
            if event.kind is not ConversationKind.MESSAGE:
                restore(state, name, customer)
            apply_assignment(state, event)
        if name in state.conversations:
            note_written(state, name, customer, record.offset)


class CustomersTable:
    """Applies the recent events and the open request of each customer, the done marks (I12), and
    the snapshot of what assignments led to."""

    def __init__(self, state: CustomerState) -> None:
        self.state = state

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        _apply_each(CUSTOMERS, self.state.number, records, self._apply_record)

    def _apply_record(self, record: ConsumedRecord) -> None:
        if record.key is None:
            return
        kind, _, name = record.key.decode().rpartition("/")
        if kind or name in (_MARKS, _TAIL):
            self._other(kind, name, record.value)
        elif record.value is not None:
            customer, known = CustomerId(name), _customer.decode(record.value)
            if known.summary is not None:
                apply_summary(self.state, customer, known.summary)
            apply_customer(self.state, customer, known)

    def _other(self, kind: str, name: str, value: bytes | None) -> None:
        state = self.state
        match kind, value:
            case "done", _:
                seen = None if value is None else _int.decode(value)
                apply_done(state, ConversationId(name), seen)
            case "comment", _:
                current = None if value is None else _conversation.decode(value)
                apply_comment(state, ConversationId(name), current)
            case "resting", None:
                state.archive.buckets.pop(int(name), None)
            case "resting", bytes():
                state.archive.buckets[int(name)] = value
            case "owner", bytes():
                state.archive.add_assignee_from_snapshot(int(name), _assignee.decode(value))
            case "reason", bytes():
                state.archive.add_reason_from_snapshot(int(name), _reason.decode(value))
            case "", bytes() if name == _MARKS:
                state.done_mark_changes = _int.decode(value)
            case "", bytes() if name == _TAIL:
                apply_tail(state, _tail.decode(value))
            case _:
                pass


class ChoicesTable:
    """Applies stage 2's cursors, queues, loads, answers and progress, which differ by their
    keys."""

    def __init__(self, number: int) -> None:
        self.state = DispatchState(number)

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        _apply_each(CHOICES, self.state.number, records, self._apply_record)

    def _apply_record(self, record: ConsumedRecord) -> None:
        if record.key is None:
            return
        value = record.value
        kind, _, rest = record.key.decode().partition("/")
        if kind == "progress" and value is not None:  # in older records only
            progress = _progress.decode(value)
            self.state.place = max(self.state.place, progress.place)
            for source, offset in progress.request_offsets.items():
                apply_step(self.state, RequestSeen(source, offset))
            return
        step = _step_of(kind, rest, value)
        if step is not None:
            apply_step(self.state, step)


def _apply_each(
    topic: Topic,
    partition: int,
    records: Sequence[ConsumedRecord],
    apply: Callable[[ConsumedRecord], None],
) -> None:
    """Applies each record. One that cannot be read or applied is logged with its position, counted
    and skipped: it would fail again at every start, and the partition could never be recovered
    (R9.5)."""
    for record in records:
        try:
            apply(record)
        except MemoryError:
            raise
        except Exception as error:
            DEAD_LETTERS_TOTAL.labels(SERVICE).inc()
            place = f"{topic.name}/{partition}/{record.offset}"
            _log.error("unreadable_entry_skipped", record=place, error=error_text_of(error))


def _step_of(kind: str, rest: str, value: bytes | None) -> DispatchStep | None:
    """The step that wrote an entry; `rest` is its key without the kind."""
    organization, _, name = rest.partition("/")
    of = OrganizationId(organization)
    step: DispatchStep | None = None
    match kind, value:
        case "asked", bytes():
            step = RequestSeen(rest, _int.decode(value))
        case "order", _:
            order = None if value is None else _order.decode(value)
            step = OrderChanged(of, RuleId(name), order)
        case "cursor", _:
            cursor = None if value is None else _cursor.decode(value)
            step = CursorMoved(of, RuleId(name), cursor)
        case "waiting", bytes():
            step = RequestQueued(_waiting.decode(value))
        case "waiting", None:
            step = Dequeued(of, name)
        case "answer", bytes():
            step = RequestAnswered(_answer.decode(value))
        case "load", bytes():
            step = LoadsCounted(of, int(name), _counts.decode(value))
        case "reserved", bytes():
            step = LoadReserved(of, name, AgentId(_agent.decode(value)))
        case "reserved", None:
            step = LoadReleased(of, name)
        case "threads", bytes():
            step = ThreadBucketChanged(of, int(name), value)
        case _:
            pass
    return step


def customer_entry(customer: CustomerId, record: CustomerRecord) -> tuple[bytes, bytes]:
    """The record of a customer in `router-customers`."""
    return customer.encode(), _encode(record)


def comment_entry(state: CustomerState, conversation: ConversationId) -> tuple[bytes, bytes | None]:
    """The record of a root comment there; a tombstone if it is at rest."""
    current = state.conversations.get(conversation)
    return f"{_COMMENT}{conversation}".encode(), None if current is None else _encode(current)


def build_changed_entries(state: CustomerState, changed: ChangedEntries) -> Iterator[OutRecord]:
    """The records of threads that came to rest or were restored: all of them in one record batch,
    so that no thread is stored twice."""
    archive = state.archive
    for number in changed.assignees:
        yield OutRecord(f"{_ASSIGNEE}{number}".encode(), _encode(archive.assignees[number]))
    for number, reason in archive.list_added_reasons():
        yield OutRecord(f"{_REASON}{number}".encode(), _encode(reason))
    for customer in changed.customers:
        yield OutRecord(*customer_entry(customer, with_summary(state, customer)))
    for conversation in changed.comments:
        yield OutRecord(*comment_entry(state, conversation))
    for conversation in changed.marks:
        yield OutRecord(*build_done_entry(conversation, state.done.get(conversation)))
    for bucket in sorted(changed.buckets):
        yield OutRecord(f"{_RESTING}{bucket}".encode(), archive.buckets.get(bucket))


def tail_entry(state: CustomerState) -> tuple[bytes, bytes]:
    """The record that says from which offset on assignments have to be read; must be written after
    everything that the snapshot contains."""
    return _TAIL.encode(), _encode(tail_of(state, tail_offset(state)))


def build_done_entry(conversation: ConversationId, seen: int | None) -> tuple[bytes, bytes | None]:
    """The record of a done conversation there; a tombstone if it is open again."""
    return f"{_DONE}{conversation}".encode(), None if seen is None else _encode(seen)


def marks_entry(marks: int) -> tuple[bytes, bytes]:
    """How often a done mark of the partition was set or removed; written after the marks."""
    return _MARKS.encode(), _encode(marks)


def choice_entry(step: DispatchStep, slots: int) -> tuple[bytes, bytes | None] | None:
    """The key and value of a step in `router-choices`; None if the step is not stored."""
    value: bytes | None = None
    match step:
        case RequestAnswered():
            key, value = f"answer/{step.answer.place % slots}", _encode(step.answer)
        case CursorMoved():
            key, cursor = f"cursor/{step.organization}/{step.rule}", step.cursor
            value = None if cursor is None else _encode(Cursor(cursor.last))
        case ThreadBucketChanged():
            key, value = f"threads/{step.organization}/{step.bucket}", step.entries
        case RequestSeen():
            key, value = f"asked/{step.source}", _encode(step.offset)
        case OrderChanged():
            key, order = f"order/{step.organization}/{step.rule}", step.order
            value = None if order is None else _encode(order)
        case RequestQueued():
            request = step.waiting.request
            key = f"waiting/{request.organization}/{request.request_id}"
            value = _encode(step.waiting)
        case Dequeued():
            key = f"waiting/{step.organization}/{step.request_id}"
        case LoadsCounted():
            key, value = f"load/{step.organization}/{step.partition}", _encode(step.counts)
        case LoadReserved():
            key, value = f"reserved/{step.organization}/{step.request_id}", _encode(step.agent)
        case LoadReleased():
            key = f"reserved/{step.organization}/{step.request_id}"
        case AnswerRepeated() | PoolPublished() | RemovalReported() | ManualAssignmentReported():
            return None
        case _:
            assert_never(step)
    return key.encode(), value
