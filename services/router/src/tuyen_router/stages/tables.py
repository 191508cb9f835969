"""How each table's partition is folded from its changelog, live and in recovery alike."""

from collections.abc import Sequence

import msgspec

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.ids import CustomerId, OrganizationId, RuleId
from tuyen_router.chunks import Record
from tuyen_router.domain.choosing import Cursor
from tuyen_router.domain.queue import (
    Answer,
    Answered,
    CursorMoved,
    Left,
    Progress,
    Queued,
    Rotations,
    Step,
    Waiting,
    evolve,
)
from tuyen_router.domain.state import (
    CustomerRecord,
    Partition,
    apply_assignment,
    apply_customer,
)

_encode = msgspec.json.encode
_customer = msgspec.json.Decoder(CustomerRecord)
_cursor = msgspec.json.Decoder(Cursor)
_waiting = msgspec.json.Decoder(Waiting)
_answer = msgspec.json.Decoder(Answer)
_progress = msgspec.json.Decoder(Progress)

_PROGRESS_KEY = b"progress"


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
        for record in records:
            if record.value is None:
                continue
            event = decode_data(record.headers, record.value)
            if isinstance(event, AssignmentEvent):
                apply_assignment(self.partition, event)


class CustomersTable:
    """Recent event ids and the open request of each customer."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.key is not None and record.value is not None:
                customer = CustomerId(record.key.decode())
                apply_customer(self.partition, customer, _customer.decode(record.value))


class ChoicesTable:
    """Stage 2's cursors, queues, remembered answers and progress, told apart by their keys."""

    def __init__(self, number: int) -> None:
        self.rotations = Rotations(number)

    def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.key is not None:
                self._apply(record.key, record.value)

    def _apply(self, key: bytes, value: bytes | None) -> None:
        kind, _, rest = key.decode().partition("/")
        organization, _, name = rest.partition("/")
        match kind, value:
            case "progress", bytes():
                progress = _progress.decode(value)
                self.rotations.place = max(self.rotations.place, progress.place)
                self.rotations.asked = progress.asked
            case "cursor", bytes():
                cursor = _cursor.decode(value)
                evolve(
                    self.rotations, CursorMoved(OrganizationId(organization), RuleId(name), cursor)
                )
            case "waiting", bytes():
                evolve(self.rotations, Queued(_waiting.decode(value)))
            case "waiting", None:
                evolve(self.rotations, Left(OrganizationId(organization), name))
            case "answer", bytes():
                evolve(self.rotations, Answered(_answer.decode(value)))


def customer_value(record: CustomerRecord) -> bytes:
    """What stands in `router-customers`."""
    return _encode(record)


def choice_entry(step: Step, slots: int) -> tuple[bytes, bytes | None] | None:
    """The key and value by which a step stands in `router-choices`; None when it leaves nothing."""
    match step:
        case CursorMoved():
            return f"cursor/{step.organization}/{step.rule}".encode(), _encode(step.cursor)
        case Queued():
            request = step.waiting.request
            key = f"waiting/{request.organization}/{request.request_id}"
            return key.encode(), _encode(step.waiting)
        case Left():
            return f"waiting/{step.organization}/{step.request_id}".encode(), None
        case Answered():
            return f"answer/{step.answer.place % slots}".encode(), _encode(step.answer)
        case _:
            return None


def progress_entry(rotations: Rotations) -> tuple[bytes, bytes]:
    """How far the partition came."""
    return _PROGRESS_KEY, _encode(rotations.progress())
