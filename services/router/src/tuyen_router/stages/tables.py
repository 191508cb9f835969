"""How each table's partition is folded from its changelog, live and in recovery alike."""

from collections.abc import Callable, Sequence

import msgspec
import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.topics import ASSIGNMENTS, CHOICES, CUSTOMERS, Topic
from tuyen_platform.metrics import DEAD_LETTERS as DEAD_LETTERS_TOTAL
from tuyen_router.chunks import Record
from tuyen_router.domain.choosing import Cursor
from tuyen_router.domain.lines import Waiting
from tuyen_router.domain.loads import Counted, Counts, Released, Reserved
from tuyen_router.domain.queue import (
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
from tuyen_router.domain.state import (
    CustomerRecord,
    Partition,
    apply_assignment,
    apply_customer,
    apply_done,
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

_int = msgspec.json.Decoder(int)

_log = structlog.get_logger()

_DONE = "done/"
_MARKS = "marks"


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
    """The public assignment records are the state of conversations and of stickiness."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    def apply(self, records: Sequence[Record]) -> None:
        _fold_each(ASSIGNMENTS, self.partition.number, records, self._fold)

    def _fold(self, record: Record) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if isinstance(event, AssignmentEvent):
            apply_assignment(self.partition, event)


class CustomersTable:
    """Recent events and the open request of each customer; what is done (I12)."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    def apply(self, records: Sequence[Record]) -> None:
        _fold_each(CUSTOMERS, self.partition.number, records, self._fold)

    def _fold(self, record: Record) -> None:
        if record.key is None:
            return
        key, value = record.key.decode(), record.value
        if key.startswith(_DONE):
            seen = None if value is None else _int.decode(value)
            apply_done(self.partition, ConversationId(key.removeprefix(_DONE)), seen)
        elif value is None:
            return
        elif key == _MARKS:
            self.partition.marks = _int.decode(value)
        else:
            apply_customer(self.partition, CustomerId(key), _customer.decode(value))


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
        case "order", bytes():
            step = Ordered(of, RuleId(name), _order.decode(value))
        case "cursor", bytes():
            step = CursorMoved(of, RuleId(name), _cursor.decode(value))
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
        case Asked():
            key, value = f"asked/{step.source}", _encode(step.offset)
        case Ordered():
            key, value = f"order/{step.organization}/{step.rule}", _encode(step.order)
        case CursorMoved():
            key = f"cursor/{step.organization}/{step.rule}"
            value = _encode(Cursor(step.cursor.last))
        case Answered():
            key, value = f"answer/{step.answer.place % slots}", _encode(step.answer)
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
        case BucketKept():
            key, value = f"threads/{step.organization}/{step.bucket}", step.entries
        case _:
            return None
    return key.encode(), value
