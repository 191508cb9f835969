"""What stage 1 remembers of one partition's customers and conversations.

Everything here is folded from two compacted topics: rows from `assignments`, the rest from
`router-customers`. Both folds may run in any order, so neither touches the other's fields; of how
far the inputs had been read, which both tell, the furthest counts.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued, Sources
from tuyen_events.commands import Outcome
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    EventId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.routing import Position, Purpose
from tuyen_events.vocabulary import Channel, ConversationKind, Mode, Reason

_SEEN_IDS = 16
_DIGEST = 8
_ENTRY = _DIGEST + 8


class Row(msgspec.Struct, frozen=True, gc=False):
    """A conversation as its latest assignment record has it."""

    version: int
    agent_id: AgentId | None
    waiting: bool
    reason: Reason
    request_id: str | None
    inbound: int
    command: int
    """The offset of the command that made the record; -1 when a rule did."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """What a customer's stickiness waits for: asked of stage 2, and for which conversations.

    `cause` is the inbound record that made stage 1 ask; the request is named for it.
    """

    id: str
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    conversations: tuple[tuple[ConversationId, ConversationKind], ...]
    purpose: Purpose
    seed: EventId
    cause: Position


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """A command that left no assignment record: its offset, and what its caller was told."""

    command: int
    outcome: Outcome


class CustomerRecord(msgspec.Struct, frozen=True, array_like=True):
    """A customer as it stands in `router-customers`.

    `ended` says that the request came to an end that left no assignment record behind; one that
    did leave a record is known by it. `seen` is the ring of recent event ids. `refused` is the
    last refusal of a command about one of the customer's conversations.
    """

    request: Request | None
    ended: bool
    seen: bytes
    refused: Refusal | None = None


@dataclass(slots=True)
class Customer:
    """One customer of one page: five fields folded from assignments, four of its own."""

    agent_id: AgentId | None = None
    """The sticky assignee (R3), shared by messages and livestream comments."""
    reason: Reason | None = None
    rule_id: RuleId | None = None
    mode: Mode | None = None
    settled: str | None = None
    """The last request that an assignment record settled."""
    request: Request | None = None
    ended: bool = False
    seen: bytes = b""
    refused: Refusal | None = None

    @property
    def open_request(self) -> Request | None:
        """The request whose answer is still to come, if there is one (R3.6)."""
        request = self.request
        if request is None or self.ended or self.has_settled(request.cause):
            return None
        return request

    def has_settled(self, cause: Position) -> bool:
        """Whether a request for this inbound record, or for a later one, was settled.

        A customer's requests follow one another: with the last one, all before it came to an end.
        The record of the last one itself may be lost in a crash, where a manager settled it.
        """
        return self.settled is not None and cause.offset <= _cause_offset(self.settled)

    def record(self) -> CustomerRecord:
        return CustomerRecord(self.request, self.ended, self.seen, self.refused)


@dataclass(slots=True)
class Partition:
    """All that stage 1 knows of one partition. `handled` is how far each of its inputs was read."""

    number: int
    rows: dict[ConversationId, Row] = field(default_factory=dict)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    handled: Sources = field(default_factory=Sources)

    def customer(self, customer: CustomerId) -> Customer:
        found = self.customers.get(customer)
        if found is None:
            found = self.customers[customer] = Customer()
        return found


def apply_assignment(partition: Partition, record: AssignmentEvent) -> None:
    """Folds one assignment record; live and in recovery alike.

    The highest version of a conversation counts, and of two with one version the first in the log.
    """
    row = partition.rows.get(record.conversation_id)
    if row is not None and row.version >= record.version:
        return
    partition.handled = _furthest(partition.handled, record.sources)
    waiting = isinstance(record, AssignmentQueued)
    partition.rows[record.conversation_id] = Row(
        record.version,
        record.agent_id,
        waiting,
        record.reason,
        record.request_id,
        record.sources.inbound,
        -1 if record.by is None else record.sources.commands,
    )
    if not record.kind.sticky:
        return
    customer = partition.customer(record.customer_id)
    customer.agent_id = record.agent_id
    customer.reason = record.reason
    customer.rule_id = record.rule_id
    customer.mode = record.mode
    if not waiting and record.request_id is not None:
        customer.settled = record.request_id


def request_id(cause: Position) -> str:
    """The name of the request that a record causes: the same however often it is handled."""
    return f"{cause.topic}/{cause.partition}/{cause.offset}"


def _cause_offset(request: str) -> int:
    """Where the record that caused a request stands; requests of one customer share the rest."""
    return int(request.rpartition("/")[2])


def _furthest(handled: Sources, seen: Sources) -> Sources:
    """In recovery, what the records tell of how far the inputs had been read."""
    return Sources(
        inbound=max(handled.inbound, seen.inbound),
        answers=max(handled.answers, seen.answers),
        commands=max(handled.commands, seen.commands),
    )


def last_settled(
    partition: Partition,
    conversation: ConversationId,
    kind: ConversationKind,
    customer: CustomerId,
) -> str | None:
    """The last request that was settled for a sticky customer, or for a comment's conversation."""
    if kind.sticky:
        return partition.customer(customer).settled
    row = partition.rows.get(conversation)
    return None if row is None or row.waiting else row.request_id


def apply_customer(partition: Partition, customer_id: CustomerId, record: CustomerRecord) -> None:
    """Folds one record of `router-customers`; the latest counts.

    A request tells, as assignments do, how far the inbound events had been read.
    """
    request = record.request
    if request is not None and request.cause.offset > partition.handled.inbound:
        partition.handled = _furthest(partition.handled, Sources(inbound=request.cause.offset))
    customer = partition.customer(customer_id)
    customer.request = request
    customer.ended = record.ended
    customer.seen = record.seen
    customer.refused = record.refused


class Seen(Enum):
    """What a customer's ring of recent events says of one more (R9.2)."""

    NEVER = auto()
    BEFORE = auto()
    """The record itself was handled: it comes again after a crash."""
    AS_ANOTHER = auto()
    """Another record of the same event was handled: its webhook was delivered twice."""


def arrival_of(seen: bytes, event: EventId, offset: int) -> Seen:
    """Whether an event, at an inbound offset, was handled before.

    A customer's events are handled in the order of their offsets, so what stands at or below the
    last one in the ring was handled, even when the ring has forgotten it.
    """
    digest = _digest(event)
    for start in range(0, len(seen), _ENTRY):
        if seen[start : start + _DIGEST] == digest:
            first = int.from_bytes(seen[start + _DIGEST : start + _ENTRY])
            return Seen.BEFORE if first == offset else Seen.AS_ANOTHER
    last = int.from_bytes(seen[-(_ENTRY - _DIGEST) :]) if seen else -1
    return Seen.BEFORE if offset <= last else Seen.NEVER


def with_seen(seen: bytes, event: EventId, offset: int) -> bytes:
    """The ring with one more event in it; the oldest of more than sixteen is forgotten."""
    return (seen + _digest(event) + offset.to_bytes(8))[-_SEEN_IDS * _ENTRY :]


def _digest(event: EventId) -> bytes:
    """Eight bytes of an id, which is itself a digest."""
    return bytes.fromhex(event.removeprefix("evt_")[: 2 * _DIGEST])
