"""What stage 1 remembers of one partition's customers and conversations.

Everything here is folded from two compacted topics: rows from `assignments`, the rest from
`router-customers`. Both folds may run in any order, so neither touches the other's fields.
"""

from dataclasses import dataclass, field

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued, Sources
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
    answers: int
    commands: int


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


class CustomerRecord(msgspec.Struct, frozen=True, array_like=True):
    """A customer as it stands in `router-customers`.

    `ended` says that the request came to an end that left no assignment record behind; one that
    did leave a record is known by it. `seen` is the ring of recent event ids.
    """

    request: Request | None
    ended: bool
    seen: bytes


@dataclass(slots=True)
class Customer:
    """One customer of one page: five fields folded from assignments, three of its own."""

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

    @property
    def open_request(self) -> Request | None:
        """The request whose answer is still to come, if there is one (R3.6)."""
        request = self.request
        if request is None or self.ended or request.id == self.settled:
            return None
        return request

    def record(self) -> CustomerRecord:
        return CustomerRecord(self.request, self.ended, self.seen)


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
        record.sources.answers,
        record.sources.commands,
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


def _furthest(handled: Sources, seen: Sources) -> Sources:
    """In recovery, what the records tell of how far the inputs had been read."""
    return Sources(
        inbound=max(handled.inbound, seen.inbound),
        answers=max(handled.answers, seen.answers),
        commands=max(handled.commands, seen.commands),
    )


def apply_customer(partition: Partition, customer_id: CustomerId, record: CustomerRecord) -> None:
    """Folds one record of `router-customers`; the latest counts."""
    customer = partition.customer(customer_id)
    customer.request = record.request
    customer.ended = record.ended
    customer.seen = record.seen


def first_seen(seen: bytes, event: EventId) -> int | None:
    """The inbound offset at which an event was first handled, if that was lately (R9.2)."""
    digest = _digest(event)
    for start in range(0, len(seen), _ENTRY):
        if seen[start : start + _DIGEST] == digest:
            return int.from_bytes(seen[start + _DIGEST : start + _ENTRY])
    return None


def with_seen(seen: bytes, event: EventId, offset: int) -> bytes:
    """The ring with one more event in it; the oldest of more than sixteen is forgotten."""
    return (seen + _digest(event) + offset.to_bytes(8))[-_SEEN_IDS * _ENTRY :]


def _digest(event: EventId) -> bytes:
    """Eight bytes of an id, which is itself a digest."""
    return bytes.fromhex(event.removeprefix("evt_")[: 2 * _DIGEST])
