"""What stage 1 remembers of one partition's customers and conversations.

Everything here is folded from two compacted topics. `router-customers` has what is nobody else's
business, and what assignments had come to by some offset of theirs (`snapshot`); `assignments` is
read from there. Until there is a snapshot both folds may run in any order, so neither touches the
other's fields; what both bear on (how far the inputs had been read, whether a request is open,
agents' loads) comes out the same in any order.
"""

from dataclasses import dataclass, field
from datetime import date
from sys import intern

import msgspec

from tuyen_events.assignments import AssignmentEvent, Sources
from tuyen_events.commands import Outcome
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    EventId,
    MessageId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.routing import Position, Purpose
from tuyen_events.topics import COMMANDS, INBOUND
from tuyen_events.vocabulary import Channel, ConversationKind, Reason
from tuyen_router.domain.resting import Resting
from tuyen_router.domain.seen import as_written_today

_NONE_SETTLED = (-1, -1)

GONE = 2**40 - 1
"""In place of how far events were seen: what was removed at the channel is done for good (R4.6)."""

Named = tuple[str, str | None]
"""A department, and perhaps a region of it."""


_FIRST_DAY = date(1970, 1, 1).toordinal()


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A conversation as its latest assignment record has it."""

    organization: OrganizationId
    version: int
    agent_id: AgentId | None
    reason: Reason
    request_id: str | None
    """Of a comment's conversation; a customer's threads share theirs, which the customer has."""
    inbound: int
    command: int
    """The offset of the command that made the record; -1 when a rule did."""
    day: int = 0
    """Of the record; the number of days since 1970."""
    customer: CustomerId | None = None
    """Of a comment's conversation, in whose name it was decided; unknown after a rest."""

    @property
    def waiting(self) -> bool:
        """Whether the conversation is in the queue."""
        return self.reason is Reason.QUEUED


class Request(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a customer's stickiness waits for: asked of stage 2, and for which conversations.

    `cause` is the inbound record or the command that made stage 1 ask; the request is named for it.
    """

    id: str
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    conversations: tuple[tuple[ConversationId, ConversationKind], ...]
    purpose: Purpose
    seed: EventId
    cause: Position
    instead_of: str | None = None
    """The request that was withdrawn for this one."""
    leavers: tuple[AgentId, ...] = ()
    """Who gave back one of the conversations: not to them again (R6.5)."""
    keeps_place: bool = False
    """Whether it was asked in place of another one that may have waited."""
    comments: tuple[tuple[ConversationId, MessageId], ...] = ()
    """The messages or comments for which a thread waits (R4.6); none of one of which not all are
    known."""


class Refusal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A command that left no assignment record: its offset, and what its caller was told."""

    command: int
    outcome: Outcome


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What assignments had made of a customer: their stickiness, and the rows of their threads."""

    agent_id: AgentId | None
    reason: Reason | None
    rule_id: RuleId | None
    settled: int
    settled_command: int
    settled_before: bool
    rows: tuple[tuple[ConversationId, Row], ...]
    """Of the message thread first, if there is one, and of those on livestreams that are not at
    rest."""
    has_message_thread: bool


class CustomerRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A customer as it stands in `router-customers`.

    A request that an assignment record settled is known by that record, and is left out at the next
    opportunity. `seen` is the ring of recent events. `refused` is the last refusal of a command
    about one of the customer's conversations. `named` is what a visitor last asked for; `removed`
    tells the messages and comments that were taken back last (`seen.was_removed`).
    """

    request: Request | None
    seen: bytes
    refused: Refusal | None = None
    named: Named | None = None
    standing: Standing | None = None
    """None in a record of an earlier version: assignments tell it."""
    removed: bytes = b""


class Customer(msgspec.Struct, gc=False):
    """One customer of one page: folded from assignments, but for the events seen and the refusal;
    the open request is opened by the customer's own record and closed by an assignment."""

    agent_id: AgentId | None = None
    """The sticky assignee (R3), shared by messages and livestream comments."""
    reason: Reason | None = None
    rule_id: RuleId | None = None
    settled: int = -1
    """The last request that an assignment record settled, as `order_of` has it."""
    settled_command: int = -1
    settled_before: bool = False
    """Whether it is not that request which was settled, but all before it."""
    open_request: Request | None = None
    """The request whose answer is still to come, if there is one (R3.6)."""
    seen: bytes = b""
    refused: Refusal | None = None
    named: Named | None = None
    """What a website's visitor last asked for, while rules assigned (R3.7)."""
    thread: ConversationId | None = None
    """Their messages, once these have a row."""
    lives: tuple[ConversationId, ...] = ()
    """Their threads on livestreams that have rows."""
    removed: bytes = b""
    """What they took back last."""

    def has_settled(self, order: tuple[int, int]) -> bool:
        """Whether the request of that order, or a later one of the customer, was settled.

        A customer's requests follow one another: with the last one, all before it came to an end.
        The record of the last one itself may be lost in a crash, where a manager settled it.
        """
        settled = (self.settled, self.settled_command)
        return order < settled or (order == settled and not self.settled_before)

    def record(self) -> CustomerRecord:
        return CustomerRecord(
            self.open_request, self.seen, self.refused, self.named, removed=self.removed
        )


@dataclass(slots=True)
class Partition:
    """All that stage 1 knows of one partition. `handled` is how far each of its inputs was read."""

    number: int
    rows: dict[ConversationId, Row] = field(default_factory=dict)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    done: dict[ConversationId, int] = field(default_factory=dict)
    """What is done (I12), and how far the inbound events had been seen by who called it that: one
    behind that offset opens it again."""
    bare: dict[ConversationId, None] = field(default_factory=dict)
    """What was done before it had a row, in the order of these marks."""
    loads: dict[OrganizationId, dict[AgentId, int]] = field(default_factory=dict)
    """How many open conversations each agent has: assigned and not done. An organization stays here
    when nobody of it has any."""
    handled: Sources = field(default_factory=Sources)
    contested: dict[ConversationId, AssignmentEvent] = field(default_factory=dict)
    """Conversations behind whose record that counts another one stands in the log, which two
    workers can make; that one (see `domain.contested`)."""
    marks: int = 0
    """How often a mark was set or taken away."""
    resting: Resting = field(default_factory=Resting)
    young: dict[ConversationId, CustomerId | None] = field(default_factory=dict)
    """What may come to rest some days later, in the order of the last records; and whose threads
    those on livestreams are."""
    due: dict[int, list[tuple[ConversationId, CustomerId | None]]] = field(default_factory=dict)
    """What is old enough to come to rest, and young no more, by the bucket in which it will."""
    today: int = 0
    """The latest day of any record."""
    woken: dict[ConversationId, CustomerId | None] = field(default_factory=dict)
    """What was at rest and is not any more, and whose threads those on livestreams are; to be
    written."""
    woken_bytes: int = 0
    """What writing these takes, at most."""
    unsaved: dict[ConversationId, tuple[int, CustomerId | None]] = field(default_factory=dict)
    """What has an assignment record that is not in the snapshot, the offset of the first such
    record, and, of what is no comment, the customer. In the order of these offsets."""
    written: int = 0
    """The offset of the next assignment record."""
    tail: int = 0
    """From where on assignments have to be read after the snapshot that was read."""
    told_tail: int = 0
    """The same of the snapshot that was written last."""

    @property
    def changes(self) -> int:
        """How many changes of loads there can have been; never falls, across recoveries too."""
        return self.written + self.marks

    def customer(self, customer: CustomerId) -> Customer:
        found = self.customers.get(customer)
        if found is None:
            found = self.customers[customer] = Customer()
        return found

    def waits(self, conversation: ConversationId) -> bool:
        """Whether the conversation is in the queue."""
        row = self.rows.get(conversation)
        return row is not None and row.waiting


def apply_assignment(partition: Partition, record: AssignmentEvent) -> None:
    """Folds one assignment record; live and in recovery alike.

    The highest version of a conversation counts, and of two with one version the first in the log;
    what counts is told again when it is not the last (`domain.contested`).
    """
    partition.handled = furthest(partition.handled, record.sources)
    row = partition.rows.get(record.conversation_id)
    if row is not None and row.version >= record.version:
        partition.contested[record.conversation_id] = record
        return
    partition.contested.pop(record.conversation_id, None)
    sticky = record.kind.sticky
    by_hand = record.by is not None or record.reason is Reason.UNASSIGNED
    new = partition.rows[record.conversation_id] = Row(
        OrganizationId(intern(record.organization)),
        record.version,
        None if record.agent_id is None else AgentId(intern(record.agent_id)),
        record.reason,
        None if sticky else record.request_id,
        record.sources.inbound,
        record.sources.commands if by_hand else -1,
        record.at.toordinal() - _FIRST_DAY,
        None if sticky else record.customer_id,
    )
    partition.bare.pop(record.conversation_id, None)
    partition.today = max(partition.today, new.day)
    if record.kind is not ConversationKind.MESSAGE:
        is_young(partition, record.conversation_id, record.customer_id if sticky else None)
    loads = partition.loads.setdefault(new.organization, {})
    if record.conversation_id not in partition.done:
        if row is not None:
            count_load(loads, row.agent_id, -1)
        count_load(loads, new.agent_id, 1)
    if sticky:
        _stick(partition.customer(record.customer_id), record, new)


def is_young(
    partition: Partition, conversation: ConversationId, customer: CustomerId | None
) -> None:
    """Something happened to the conversation; it comes to rest after all others that are young."""
    partition.young.pop(conversation, None)
    partition.young[conversation] = customer


def _stick(customer: Customer, record: AssignmentEvent, row: Row) -> None:
    """The customer's last record is the stickiness, and tells which requests came to an end.

    That is the one that it names, with all before it. One that waits names what it waits for: when
    a command made it, all before that were withdrawn, which no other record may tell any more.
    """
    if record.kind is ConversationKind.MESSAGE:
        customer.thread = record.conversation_id
    elif record.conversation_id not in customer.lives:
        customer.lives = (*customer.lives, record.conversation_id)
    customer.agent_id = row.agent_id
    customer.reason = row.reason
    customer.rule_id = None if record.rule_id is None else RuleId(intern(record.rule_id))
    if record.request_id is None or (row.waiting and row.command < 0):
        return
    customer.settled, customer.settled_command = order_of(record.request_id)
    customer.settled_before = row.waiting
    request = customer.open_request
    if request is not None and customer.has_settled(order_of(request.id)):
        customer.open_request = None


def count_load(loads: dict[AgentId, int], agent: AgentId | None, change: int) -> None:
    """One agent's count goes up or down; who has nothing is not named."""
    if agent is None:
        return
    count = loads.get(agent, 0) + change
    if count:
        loads[agent] = count
    else:
        del loads[agent]


def request_id(partition: int, inbound: int, command: int = -1) -> str:
    """The name of the request that a record causes: the same however often it is handled.

    That is the inbound record, or the command that was handled behind it.
    """
    if command < 0:
        return f"{INBOUND.name}/{partition}/{inbound}"
    return f"{COMMANDS.name}/{partition}/{command}@{inbound}"


def order_of(request: str) -> tuple[int, int]:
    """What a request was named for: the inbound offset and the command's, by which those of one
    customer follow one another."""
    offset, _, inbound = request.rpartition("/")[2].partition("@")
    return (int(inbound), int(offset)) if inbound else (int(offset), -1)


def furthest(handled: Sources, seen: Sources) -> Sources:
    """In recovery, what the records tell of how far the inputs had been read."""
    if (
        seen.inbound <= handled.inbound
        and seen.answers <= handled.answers
        and seen.commands <= handled.commands
    ):
        return handled
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
        found = partition.customer(customer)
        settled = (found.settled, found.settled_command)
        if settled == _NONE_SETTLED or found.settled_before:
            return None
        return request_id(partition.number, *settled)
    row = partition.rows.get(conversation)
    return None if row is None or row.waiting else row.request_id


def apply_customer(partition: Partition, customer_id: CustomerId, record: CustomerRecord) -> None:
    """Folds one record of `router-customers`; the latest counts.

    A request tells, as assignments do, how far the inputs had been read.
    """
    customer = partition.customer(customer_id)
    request = record.request
    if request is not None:
        inbound, command = order_of(request.id)
        if inbound > partition.handled.inbound or command > partition.handled.commands:
            told = Sources(inbound=inbound, commands=command)
            partition.handled = furthest(partition.handled, told)
        if customer.has_settled((inbound, command)):
            request = None
    customer.open_request = request
    customer.seen = as_written_today(record.seen)
    customer.refused = record.refused
    customer.named = record.named
    customer.removed = record.removed


def apply_done(partition: Partition, conversation: ConversationId, seen: int | None) -> None:
    """Folds one mark; the latest counts. None opens the conversation again (I12).

    Without a row it is kept for a while (R9.6): for an answer that is under way, and for the load
    of whom a manager gives the conversation to.
    """
    row = partition.rows.get(conversation)
    if (seen is None) is (conversation in partition.done) and row is not None:
        loads = partition.loads.setdefault(row.organization, {})
        count_load(loads, row.agent_id, 1 if seen is None else -1)
    partition.bare.pop(conversation, None)
    if seen is None:
        partition.done.pop(conversation, None)
        return
    partition.done[conversation] = seen
    if row is None:
        partition.bare[conversation] = None
