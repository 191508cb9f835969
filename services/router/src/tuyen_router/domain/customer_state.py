"""The state of stage 1 for one partition: its customers and conversations.

It is made from two compacted topics. `router-customers` holds what no other service needs, and a
snapshot of what assignments had led to up to some offset (`snapshot`); `assignments` is read from
that offset on. Until there is a snapshot, the two topics may be applied in any order, so neither
changes the other's fields; values that depend on both (how far the inputs had been read, whether a
request is open, agents' loads) come out the same in any order.

Decides R4.4.
"""

from dataclasses import dataclass, field
from datetime import date
from sys import intern

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued, InputOffsets
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.archive import Archive
from tuyen_router.domain.customer_records import (
    ConversationState,
    CustomerRecord,
    Refusal,
    Request,
    RequestedDepartment,
)
from tuyen_router.domain.request_ids import order_of, request_id
from tuyen_router.domain.seen import upgrade_ring

_NONE_SETTLED = (-1, -1)

_FIRST_DAY = date(1970, 1, 1).toordinal()


class CustomerRouting(msgspec.Struct, gc=False):
    """One customer of one page. Everything comes from assignment records, except the seen events
    and the refusal; the open request is opened by the customer's own record and closed by an
    assignment."""

    agent_id: AgentId | None = None
    """The sticky assignee (R3), shared by messages and livestream comments."""
    reason: Reason | None = None
    rule_id: RuleId | None = None
    settled: int = -1
    """The last request that an assignment record settled, in the order of `order_of`."""
    settled_command: int = -1
    settled_before: bool = False
    """Whether not that request itself was settled, but all requests before it."""
    open_request: Request | None = None
    """The request whose answer is still awaited, if any (R3.6)."""
    seen: bytes = b""
    refused: Refusal | None = None
    requested: RequestedDepartment | None = None
    """The department that a website's visitor chose last while rules assigned (R3.7)."""
    thread: ConversationId | None = None
    """The message thread, once it has a state."""
    livestream_threads: tuple[ConversationId, ...] = ()
    """The livestream threads that are not at rest."""
    removed: bytes = b""
    """The messages and comments that they removed last."""

    def has_settled(self, order: tuple[int, int]) -> bool:
        """Whether the request of that order, or a later one of the customer, was settled.

        A customer's requests follow one another: when the last one is settled, all before it have
        ended. If a manager settled the last one, a crash may lose the record of that request.
        """
        settled = (self.settled, self.settled_command)
        return order < settled or (order == settled and not self.settled_before)

    def record(self) -> CustomerRecord:
        return CustomerRecord(
            self.open_request, self.seen, self.refused, self.requested, removed=self.removed
        )


@dataclass(slots=True)
class CustomerState:
    """The state of stage 1 for one partition. `handled` is the last handled offset of each
    input."""

    number: int
    conversations: dict[ConversationId, ConversationState] = field(default_factory=dict)
    customers: dict[CustomerId, CustomerRouting] = field(default_factory=dict)
    done: dict[ConversationId, int] = field(default_factory=dict)
    """The conversations that are done (I12), each with the last inbound offset that was seen by
    whoever marked it: an event after that offset opens the conversation again."""
    done_without_state: dict[ConversationId, None] = field(default_factory=dict)
    """Conversations that were marked as done before they had a state, in the order of these marks.
    """
    loads: dict[OrganizationId, dict[AgentId, int]] = field(default_factory=dict)
    """How many open conversations each agent has: assigned and not done. An organization stays here
    when none of its agents has any."""
    handled: InputOffsets = field(default_factory=InputOffsets)
    contested: dict[ConversationId, AssignmentEvent] = field(default_factory=dict)
    """Conversations that have a later record in the log which does not count, as two workers can
    write it; the value is that later record (see `domain.contested`)."""
    done_mark_changes: int = 0
    """How often a done mark was set or removed."""
    archive: Archive = field(default_factory=Archive)
    recent: dict[ConversationId, CustomerId | None] = field(default_factory=dict)
    """Comment and livestream threads that may come to rest some days later, in the order of their
    last records; for a livestream thread, with its customer."""
    due: dict[int, list[tuple[ConversationId, CustomerId | None]]] = field(default_factory=dict)
    """Conversations that are old enough to come to rest, by the bucket of their entry; they are not
    in `recent` any more."""
    today: int = 0
    """The latest day of any record."""
    restored: dict[ConversationId, CustomerId | None] = field(default_factory=dict)
    """Threads that were at rest and were restored, for a livestream thread with its customer; still
    to be written."""
    restored_bytes: int = 0
    """An upper bound of the bytes that writing these takes."""
    unsaved: dict[ConversationId, tuple[int, CustomerId | None]] = field(default_factory=dict)
    """Conversations with an assignment record that is not in the snapshot: the offset of the first
    such record and, unless it is a comment thread, the customer. In the order of these offsets."""
    written: int = 0
    """The offset of the next assignment record."""
    tail: int = 0
    """From which offset on assignments have to be read after the snapshot that was read."""
    published_tail: int = 0
    """The same for the last snapshot that was written."""

    @property
    def changes(self) -> int:
        """How many changes of loads there can have been; never falls, not even across
        recoveries."""
        return self.written + self.done_mark_changes

    def customer(self, customer: CustomerId) -> CustomerRouting:
        """The customer, to be read only; one of whom nothing is known is not added."""
        return self.customers.get(customer) or CustomerRouting()

    def add_customer(self, customer: CustomerId) -> CustomerRouting:
        """The customer, to be changed by `apply_...`; added if nothing is known of them yet."""
        found = self.customers.get(customer)
        if found is None:
            found = self.customers[customer] = CustomerRouting()
        return found

    def waits(self, conversation: ConversationId) -> bool:
        """Whether the conversation is in the queue."""
        current = self.conversations.get(conversation)
        return current is not None and current.waiting


def apply_assignment(state: CustomerState, record: AssignmentEvent) -> None:
    """Applies one assignment record, live and in recovery alike.

    The highest version of a conversation counts, and of two records with the same version the first
    in the log. When the record that counts is not the last one, it is published again
    (`domain.contested`).
    """
    state.handled = merge_offsets(state.handled, record.sources)
    current = state.conversations.get(record.conversation_id)
    if current is not None and current.version >= record.version:
        state.contested[record.conversation_id] = record
        return
    state.contested.pop(record.conversation_id, None)
    sticky = record.kind.sticky
    manual = record.by is not None or record.reason is Reason.UNASSIGNED
    # Its type says that a conversation waits, also where a later version gives another reason.
    reason = Reason.QUEUED if isinstance(record, AssignmentQueued) else record.reason
    new = state.conversations[record.conversation_id] = ConversationState(
        OrganizationId(intern(record.organization)),
        record.version,
        None if record.agent_id is None else AgentId(intern(record.agent_id)),
        reason,
        None if sticky else record.request_id,
        record.sources.inbound,
        record.sources.commands if manual else -1,
        record.at.toordinal() - _FIRST_DAY,
        None if sticky else record.customer_id,
    )
    state.done_without_state.pop(record.conversation_id, None)
    state.today = max(state.today, new.day)
    if record.kind is not ConversationKind.MESSAGE:
        mark_recent(state, record.conversation_id, record.customer_id if sticky else None)
    loads = state.loads.setdefault(new.organization, {})
    if record.conversation_id not in state.done:
        if current is not None:
            count_load(loads, current.agent_id, -1)
        count_load(loads, new.agent_id, 1)
    if sticky:
        _apply_stickiness(state.add_customer(record.customer_id), record, new)


def mark_recent(
    state: CustomerState, conversation: ConversationId, customer: CustomerId | None
) -> None:
    """Notes that something happened to the conversation, which makes it the last of `recent`."""
    state.recent.pop(conversation, None)
    state.recent[conversation] = customer


def _apply_stickiness(
    customer: CustomerRouting, record: AssignmentEvent, current: ConversationState
) -> None:
    """The customer's last record is their stickiness, and says which requests have ended.

    Those are the request that it names and all before it. A record that puts a conversation into
    the queue names the request that the conversation waits for: if a command made it, all earlier
    requests were withdrawn, and no other record may say so any more.
    """
    if record.kind is ConversationKind.MESSAGE:
        customer.thread = record.conversation_id
    elif record.conversation_id not in customer.livestream_threads:
        customer.livestream_threads = (*customer.livestream_threads, record.conversation_id)
    customer.agent_id = current.agent_id
    customer.reason = current.reason
    customer.rule_id = None if record.rule_id is None else RuleId(intern(record.rule_id))
    if record.request_id is None or (current.waiting and current.command < 0):
        return
    customer.settled, customer.settled_command = order_of(record.request_id)
    customer.settled_before = current.waiting
    request = customer.open_request
    if request is not None and customer.has_settled(order_of(request.id)):
        customer.open_request = None


def count_load(loads: dict[AgentId, int], agent: AgentId | None, change: int) -> None:
    """Changes one agent's count; an agent without open conversations is removed."""
    if agent is None:
        return
    count = loads.get(agent, 0) + change
    if count:
        loads[agent] = count
    else:
        del loads[agent]


def merge_offsets(handled: InputOffsets, seen: InputOffsets) -> InputOffsets:
    """The furthest read offset of each input that the records of a recovery show."""
    if (
        seen.inbound <= handled.inbound
        and seen.answers <= handled.answers
        and seen.commands <= handled.commands
    ):
        return handled
    return InputOffsets(
        inbound=max(handled.inbound, seen.inbound),
        answers=max(handled.answers, seen.answers),
        commands=max(handled.commands, seen.commands),
    )


def last_settled(
    state: CustomerState,
    conversation: ConversationId,
    kind: ConversationKind,
    customer: CustomerId,
) -> str | None:
    """The last request that was settled for a sticky customer, or for a comment thread."""
    if kind.sticky:
        found = state.customer(customer)
        settled = (found.settled, found.settled_command)
        if settled == _NONE_SETTLED or found.settled_before:
            return None
        return request_id(state.number, *settled)
    current = state.conversations.get(conversation)
    return None if current is None or current.waiting else current.request_id


def apply_customer(state: CustomerState, customer_id: CustomerId, record: CustomerRecord) -> None:
    """Applies one record of `router-customers`; the latest counts.

    The id of a request also shows how far the inputs had been read, as assignment records do.
    """
    customer = state.add_customer(customer_id)
    request = record.request
    if request is not None:
        inbound, command = order_of(request.id)
        if inbound > state.handled.inbound or command > state.handled.commands:
            offsets = InputOffsets(inbound=inbound, commands=command)
            state.handled = merge_offsets(state.handled, offsets)
        if customer.has_settled((inbound, command)):
            request = None
    customer.open_request = request
    customer.seen = upgrade_ring(record.seen)
    customer.refused = record.refused
    customer.requested = record.requested
    customer.removed = record.removed


def apply_done(state: CustomerState, conversation: ConversationId, seen: int | None) -> None:
    """Applies one done mark; the latest counts. None opens the conversation again (I12).

    The mark of a conversation without a state is kept for a while (R9.6): an answer may be on its
    way, or a manager may assign the conversation, and its load must not be counted then.
    """
    current = state.conversations.get(conversation)
    if (seen is None) is (conversation in state.done) and current is not None:
        loads = state.loads.setdefault(current.organization, {})
        count_load(loads, current.agent_id, 1 if seen is None else -1)
    state.done_without_state.pop(conversation, None)
    if seen is None:
        state.done.pop(conversation, None)
        return
    state.done[conversation] = seen
    if current is None:
        state.done_without_state[conversation] = None
