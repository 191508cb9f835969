"""How each table's partition is folded from its changelog, live and in recovery alike."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.topics import ASSIGNMENTS, CHOICES, CUSTOMERS, Topic
from tuyen_events.vocabulary import ConversationKind
from tuyen_platform.metrics import DEAD_LETTERS as DEAD_LETTERS_TOTAL
from tuyen_router.chunks import OutRecord, Record
from tuyen_router.domain.choosing import Cursor
from tuyen_router.domain.lines import Waiting
from tuyen_router.domain.loads import Counted, Counts, Released, Reserved
from tuyen_router.domain.rotations import (
    Answer,
    Answered,
    Asked,
    CursorMoved,
    Left,
    Ordered,
    Progress,
    Queued,
    Rotations,
    Step,
    evolve,
)
from tuyen_router.domain.snapshot import (
    Changed,
    Tail,
    apply_comment,
    apply_standing,
    apply_tail,
    count_again,
    note_written,
    tail_of,
    tail_offset,
    wake,
    with_standing,
)
from tuyen_router.domain.state import (
    CustomerRecord,
    Partition,
    Row,
    apply_assignment,
    apply_customer,
    apply_done,
    furthest,
)
from tuyen_router.domain.threads import BucketKept
from tuyen_router.stages.records import SOURCE, reason_of

_encode = msgspec.json.Encoder().encode
_customer = msgspec.json.Decoder(CustomerRecord)
_cursor = msgspec.json.Decoder(Cursor)
_order = msgspec.json.Decoder(tuple[AgentId, ...])
_waiting = msgspec.json.Decoder(Waiting)
_answer = msgspec.json.Decoder(Answer)
_counts = msgspec.json.Decoder(Counts)
_agent = msgspec.json.Decoder(str)
_progress = msgspec.json.Decoder(Progress)

_row = msgspec.json.Decoder(Row)
_owner = msgspec.json.Decoder(tuple[OrganizationId, AgentId | None])
_tail = msgspec.json.Decoder(Tail)
_int = msgspec.json.Decoder(int)

_log = structlog.get_logger()

_DONE = "done/"
_MARKS = "marks"
_COMMENT = "comment/"
_RESTING = "resting/"
_OWNER = "owner/"
_TAIL = "tail"


class CustomerPartitions:
    """Stage 1's partitions, each fed by two tables.

    A table asks for a new state whenever the partition comes to this worker; of both tables' first
    two requests the second joins the first, so that they share one partition and start empty.
    """

    def __init__(self) -> None:
        self._half_made: dict[int, tuple[type, Partition]] = {}

    def assignments(self, number: int) -> "AssignmentsTable":
        return AssignmentsTable(self._partition(number, AssignmentsTable))

    def customers(self, number: int) -> "CustomersTable":
        return CustomersTable(self._partition(number, CustomersTable))

    def _partition(self, number: int, table: type) -> Partition:
        first, partition = self._half_made.pop(number, (table, None))
        if partition is None or first is table:
            partition = Partition(number)
            self._half_made[number] = (table, partition)
        return partition


class AssignmentsTable:
    """The public assignment records are the state of conversations and of stickiness: those that
    are not in the snapshot yet."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self._is_begun = False
        self._read: dict[ConversationId, int] = {}
        """The highest version of each conversation of which a record was read in this recovery."""

    def starts_at(self) -> int:
        """The first record that the customers' table, read whole by now, does not hold."""
        if not self._is_begun:
            self._is_begun = True
            count_again(self.partition)
        return self.partition.tail

    def recovered(self, last: int) -> None:
        self.partition.written = last + 1
        self._read.clear()

    def apply(self, records: Sequence[Record]) -> None:
        _fold_each(ASSIGNMENTS, self.partition.number, records, self._fold)

    def _fold(self, record: Record) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, AssignmentEvent):
            return
        partition, name = self.partition, event.conversation_id
        customer = event.customer_id if event.kind.sticky else None
        read = self._read.get(name, 0)
        self._read[name] = max(read, event.version)
        held = partition.rows.get(name) or partition.resting.find(name)
        if held is not None and read < event.version <= held.version:
            # The snapshot has it: nobody else's record, which would be a second of its version.
            partition.handled = furthest(partition.handled, event.sources)
            partition.contested.pop(name, None)
        else:
            if event.kind is not ConversationKind.MESSAGE:
                wake(partition, name, customer)
            apply_assignment(partition, event)
        if name in partition.rows:
            note_written(partition, name, customer, record.offset)


class CustomersTable:
    """Recent events and the open request of each customer; what is done (I12); and the snapshot of
    what assignments came to."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    def apply(self, records: Sequence[Record]) -> None:
        _fold_each(CUSTOMERS, self.partition.number, records, self._fold)

    def _fold(self, record: Record) -> None:
        if record.key is None:
            return
        kind, _, name = record.key.decode().rpartition("/")
        if kind or name in (_MARKS, _TAIL):
            self._other(kind, name, record.value)
        elif record.value is not None:
            customer, known = CustomerId(name), _customer.decode(record.value)
            if known.standing is not None:
                apply_standing(self.partition, customer, known.standing)
            apply_customer(self.partition, customer, known)

    def _other(self, kind: str, name: str, value: bytes | None) -> None:
        partition = self.partition
        match kind, value:
            case "done", _:
                seen = None if value is None else _int.decode(value)
                apply_done(partition, ConversationId(name), seen)
            case "comment", _:
                row = None if value is None else _row.decode(value)
                apply_comment(partition, ConversationId(name), row)
            case "resting", None:
                partition.resting.buckets.pop(int(name), None)
            case "resting", bytes():
                partition.resting.buckets[int(name)] = value
            case "owner", bytes():
                partition.resting.name_owner(int(name), _owner.decode(value))
            case "", bytes() if name == _MARKS:
                partition.marks = _int.decode(value)
            case "", bytes() if name == _TAIL:
                apply_tail(partition, _tail.decode(value))
            case _:
                pass


class ChoicesTable:
    """Stage 2's cursors, queues, loads, answers and progress, told apart by their keys."""

    def __init__(self, number: int) -> None:
        self.rotations = Rotations(number)

    def apply(self, records: Sequence[Record]) -> None:
        _fold_each(CHOICES, self.rotations.number, records, self._fold)

    def _fold(self, record: Record) -> None:
        if record.key is None:
            return
        value = record.value
        kind, _, rest = record.key.decode().partition("/")
        if kind == "progress" and value is not None:  # of older records
            progress = _progress.decode(value)
            self.rotations.place = max(self.rotations.place, progress.place)
            for source, offset in progress.asked.items():
                evolve(self.rotations, Asked(source, offset))
            return
        step = _step_of(kind, rest, value)
        if step is not None:
            evolve(self.rotations, step)


def _fold_each(
    topic: Topic, partition: int, records: Sequence[Record], fold: Callable[[Record], None]
) -> None:
    """Folds each record. One that cannot be read or folded is logged with its place, counted and
    passed by: it would be met again at every start, and the partition never come back (R9.5)."""
    for record in records:
        try:
            fold(record)
        except MemoryError:
            raise
        except Exception as error:
            DEAD_LETTERS_TOTAL.labels(SOURCE).inc()
            place = f"{topic.name}/{partition}/{record.offset}"
            _log.error("unreadable_entry_passed_by", record=place, error=reason_of(error))


def _step_of(kind: str, rest: str, value: bytes | None) -> Step | None:
    """The step that left an entry behind; `rest` is its key without the kind."""
    organization, _, name = rest.partition("/")
    of = OrganizationId(organization)
    step: Step | None = None
    match kind, value:
        case "asked", bytes():
            step = Asked(rest, _int.decode(value))
        case "order", _:
            order = None if value is None else _order.decode(value)
            step = Ordered(of, RuleId(name), order)
        case "cursor", _:
            cursor = None if value is None else _cursor.decode(value)
            step = CursorMoved(of, RuleId(name), cursor)
        case "waiting", bytes():
            step = Queued(_waiting.decode(value))
        case "waiting", None:
            step = Left(of, name)
        case "answer", bytes():
            step = Answered(_answer.decode(value))
        case "load", bytes():
            step = Counted(of, int(name), _counts.decode(value))
        case "reserved", bytes():
            step = Reserved(of, name, AgentId(_agent.decode(value)))
        case "reserved", None:
            step = Released(of, name)
        case "threads", bytes():
            step = BucketKept(of, int(name), value)
        case _:
            pass
    return step


def customer_entry(customer: CustomerId, record: CustomerRecord) -> tuple[bytes, bytes]:
    """What stands in `router-customers` of a customer."""
    return customer.encode(), _encode(record)


def comment_entry(partition: Partition, conversation: ConversationId) -> tuple[bytes, bytes | None]:
    """What stands there of a root comment; nothing of one that is at rest."""
    row = partition.rows.get(conversation)
    return f"{_COMMENT}{conversation}".encode(), None if row is None else _encode(row)


def changed_entries(partition: Partition, changed: Changed) -> Iterator[OutRecord]:
    """What stands there of conversations that came to rest or woke up: all of it in one batch, so
    that nothing is in two places."""
    resting = partition.resting
    for number in changed.owners:
        yield OutRecord(f"{_OWNER}{number}".encode(), _encode(resting.owners[number]))
    for customer in changed.customers:
        yield OutRecord(*customer_entry(customer, with_standing(partition, customer)))
    for conversation in changed.comments:
        yield OutRecord(*comment_entry(partition, conversation))
    for conversation in changed.marks:
        yield OutRecord(*done_entry(conversation, partition.done.get(conversation)))
    for bucket in sorted(changed.buckets):
        yield OutRecord(f"{_RESTING}{bucket}".encode(), resting.buckets.get(bucket))


def tail_entry(partition: Partition) -> tuple[bytes, bytes]:
    """From where on assignments have to be read; to be written behind all that the snapshot has."""
    return _TAIL.encode(), _encode(tail_of(partition, tail_offset(partition)))


def done_entry(conversation: ConversationId, seen: int | None) -> tuple[bytes, bytes | None]:
    """What stands there of a conversation that is done; nothing of one that is open again."""
    return f"{_DONE}{conversation}".encode(), None if seen is None else _encode(seen)


def marks_entry(marks: int) -> tuple[bytes, bytes]:
    """How often a mark of the partition was set or taken away; written after the marks."""
    return _MARKS.encode(), _encode(marks)


def choice_entry(step: Step, slots: int) -> tuple[bytes, bytes | None] | None:
    """The key and value by which a step stands in `router-choices`; None when it leaves nothing."""
    value: bytes | None = None
    match step:
        case Answered():
            key, value = f"answer/{step.answer.place % slots}", _encode(step.answer)
        case CursorMoved():
            key, cursor = f"cursor/{step.organization}/{step.rule}", step.cursor
            value = None if cursor is None else _encode(Cursor(cursor.last))
        case BucketKept():
            key, value = f"threads/{step.organization}/{step.bucket}", step.entries
        case Asked():
            key, value = f"asked/{step.source}", _encode(step.offset)
        case Ordered():
            key, order = f"order/{step.organization}/{step.rule}", step.order
            value = None if order is None else _encode(order)
        case Queued():
            request = step.waiting.request
            key = f"waiting/{request.organization}/{request.request_id}"
            value = _encode(step.waiting)
        case Left():
            key = f"waiting/{step.organization}/{step.request_id}"
        case Counted():
            key, value = f"load/{step.organization}/{step.partition}", _encode(step.counts)
        case Reserved():
            key, value = f"reserved/{step.organization}/{step.request_id}", _encode(step.agent)
        case Released():
            key = f"reserved/{step.organization}/{step.request_id}"
        case _:
            return None
    return key.encode(), value
