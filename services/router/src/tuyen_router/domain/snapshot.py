"""The snapshot in `router-customers`, so that a start reads only the tail of `assignments` (R9.6).

For every customer, and every comment thread that is not at rest, `router-customers` contains the
state that assignment records had led to; threads at rest are in its buckets. Each record is
complete by itself, and the latest of each key counts. `SnapshotTail` says from which offset of
`assignments` on the snapshot may lack something.

Decides R9.6.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern

import msgspec
from msgspec.structs import replace

from tuyen_events.assignments import InputOffsets
from tuyen_events.commands import AssignConversation, MarkConversationDone, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.archive import ArchivedConversation, Assignee, bucket_of
from tuyen_router.domain.customer_records import (
    AssignmentSummary,
    ConversationState,
    CustomerRecord,
)
from tuyen_router.domain.customer_state import (
    CustomerRouting,
    CustomerState,
    count_load,
    mark_recent,
    merge_offsets,
)

CHANGE_BYTES = 1_000
"""The size of what is written for one conversation in addition to its bucket: its own record, or
its customer's."""
THREAD_BYTES = 256
"""What each livestream thread of a customer adds to the customer's record."""


class SnapshotTail(msgspec.Struct, frozen=True, array_like=True):
    """The offset from which on assignments have to be read, and how far the inputs had been read by
    then."""

    offset: int
    inbound: int
    answers: int
    commands: int


@dataclass(slots=True)
class ChangedEntries:
    """What came to rest or was restored, and has to be written in one batch."""

    comments: list[ConversationId] = field(default_factory=list)
    customers: list[CustomerId] = field(default_factory=list)
    marks: list[ConversationId] = field(default_factory=list)
    buckets: set[int] = field(default_factory=set)
    assignees: range = range(0)
    """The assignees that got a number just now."""
    freed: list[Assignee] = field(default_factory=list)
    """The agents whose load fell because an entry was forgotten."""


def summarize(state: CustomerState, customer: CustomerRouting) -> AssignmentSummary:
    """What assignment records led to for a customer."""
    states, thread = state.conversations, customer.thread
    summary = () if thread is None else ((thread, states[thread]),)
    if customer.livestream_threads:
        summary = (*summary, *((each, states[each]) for each in customer.livestream_threads))
    return AssignmentSummary(
        customer.agent_id,
        customer.reason,
        customer.rule_id,
        customer.settled,
        customer.settled_command,
        customer.settled_before,
        summary,
        thread is not None,
    )


def with_summary(
    state: CustomerState, customer_id: CustomerId, record: CustomerRecord | None = None
) -> CustomerRecord:
    """The customer's record, including what assignment records have led to by now."""
    customer = state.customer(customer_id)
    summary = summarize(state, customer)
    if record is None:
        record = customer.record()
    return CustomerRecord(
        record.request, record.seen, record.refused, record.requested, summary, record.removed
    )


def apply_summary(
    state: CustomerState, customer_id: CustomerId, summary: AssignmentSummary
) -> None:
    """Applies the part of a customer's record that comes from assignments. Loads are counted once
    the whole snapshot is read."""
    customer = state.add_customer(customer_id)
    threads = [each for each, _ in summary.conversations]
    for gone in customer.livestream_threads:
        if gone not in threads:
            state.conversations.pop(gone, None)
    customer.agent_id = None if summary.agent_id is None else AgentId(intern(summary.agent_id))
    customer.reason = summary.reason
    customer.rule_id = None if summary.rule_id is None else RuleId(intern(summary.rule_id))
    customer.settled, customer.settled_command = summary.settled, summary.settled_command
    customer.settled_before = summary.settled_before
    customer.thread = threads[0] if summary.has_message_thread else None
    customer.livestream_threads = tuple(threads[1:] if summary.has_message_thread else threads)
    for conversation, current in summary.conversations:
        state.conversations[conversation] = _intern(current)
    for live in customer.livestream_threads:
        mark_recent(state, live, customer_id)


def apply_comment(
    state: CustomerState, conversation: ConversationId, current: ConversationState | None
) -> None:
    """Applies the snapshot's record of a root comment; None means that it came to rest."""
    if current is None:
        state.conversations.pop(conversation, None)
        return
    state.conversations[conversation] = _intern(current)
    mark_recent(state, conversation, None)


def _intern(current: ConversationState) -> ConversationState:
    return replace(
        current,
        organization=OrganizationId(intern(current.organization)),
        agent_id=None if current.agent_id is None else AgentId(intern(current.agent_id)),
    )


def apply_tail(state: CustomerState, tail: SnapshotTail) -> None:
    """Applies the record that says from which offset on assignments have to be read."""
    offsets = InputOffsets(inbound=tail.inbound, answers=tail.answers, commands=tail.commands)
    state.handled = merge_offsets(state.handled, offsets)
    state.tail = state.published_tail = tail.offset


def tail_of(state: CustomerState, offset: int) -> SnapshotTail:
    handled = state.handled
    return SnapshotTail(offset, handled.inbound, handled.answers, handled.commands)


def recount_loads(state: CustomerState) -> None:
    """Counts all loads, once the whole snapshot is read."""
    state.done_without_state = {
        each: None for each in state.done_without_state if each not in state.conversations
    }
    state.loads.clear()
    for name, current in state.conversations.items():
        loads = state.loads.setdefault(current.organization, {})
        if name not in state.done:
            count_load(loads, current.agent_id, 1)
        state.today = max(state.today, current.day)
    for (organization, agent), count in state.archive.count_open().items():
        loads = state.loads.setdefault(organization, {})
        if agent is not None and count:
            loads[agent] = loads.get(agent, 0) + count


def restore(
    state: CustomerState, conversation: ConversationId, customer_id: CustomerId | None
) -> None:
    """Restores the full state of a conversation at rest, because a record concerns it;
    `customer_id` is the customer of a livestream thread. Only the form of storage changes."""
    if not state.archive.buckets or conversation in state.conversations:
        return
    rested = state.archive.take(conversation)
    if rested is None:
        return
    state.conversations[conversation] = restore_state(rested, state.today)
    if rested.is_done:
        state.done[conversation] = rested.inbound
    if customer_id is not None:
        customer = state.add_customer(customer_id)
        customer.livestream_threads = (*customer.livestream_threads, conversation)
    mark_recent(state, conversation, customer_id)
    _note_restored(state, conversation, customer_id)


def _note_restored(
    state: CustomerState, conversation: ConversationId, customer_id: CustomerId | None
) -> None:
    state.restored[conversation] = customer_id
    bucket = state.archive.buckets.get(bucket_of(conversation), b"")
    state.restored_bytes += len(bucket) + bytes_beside(state, customer_id)


def bytes_beside(state: CustomerState, customer_id: CustomerId | None) -> int:
    """An upper bound of what is written for a conversation in addition to its bucket."""
    if customer_id is None:
        return CHANGE_BYTES
    return CHANGE_BYTES + THREAD_BYTES * len(state.customer(customer_id).livestream_threads)


def restore_conversation(
    state: CustomerState, command: AssignConversation | ReturnToRotation | MarkConversationDone
) -> None:
    """Restores the state of a conversation that was forgotten from what the caller of a command
    knows of it, so that its version goes on rising. It counts towards its agent's load again."""
    name = command.conversation_id
    if command.known_version == 0 or name in state.conversations:
        return
    customer_id = command.customer_id if command.kind.sticky else None
    agent = command.known_agent_id
    current = ConversationState(
        OrganizationId(intern(command.organization)),
        command.known_version,
        None if agent is None else AgentId(intern(agent)),
        Reason.UNASSIGNED if agent is None else Reason.MANUAL,
        None,
        -1,
        -1,
        state.today,
        None if customer_id is not None else command.customer_id,
    )
    state.conversations[name] = current
    loads = state.loads.setdefault(current.organization, {})
    if name not in state.done:
        count_load(loads, current.agent_id, 1)
        state.done_mark_changes += 1
    if customer_id is not None:
        customer = state.add_customer(customer_id)
        customer.livestream_threads = (*customer.livestream_threads, name)
    mark_recent(state, name, customer_id)
    _note_restored(state, name, customer_id)


def restore_state(rested: ArchivedConversation, day: int) -> ConversationState:
    """The state of a conversation that was at rest and is restored on a day."""
    organization, agent = rested.assignee
    return ConversationState(
        organization, rested.version, agent, rested.reason, None, rested.inbound, -1, day
    )


def take_restored(state: CustomerState, most_bytes: int) -> Iterator[ChangedEntries]:
    """The conversations that were restored since the last call, in parts of at most so many bytes,
    or of one bucket. There is one part only, unless a recovery restored many conversations."""
    buckets: dict[int, dict[ConversationId, CustomerId | None]] = {}
    for conversation, customer in state.restored.items():
        buckets.setdefault(bucket_of(conversation), {})[conversation] = customer
    state.restored.clear()
    state.restored_bytes = 0
    changed, size = ChangedEntries(), 0
    for number, conversations in buckets.items():
        more = len(state.archive.buckets.get(number, b""))
        more += sum(bytes_beside(state, each) for each in conversations.values())
        if size and size + more > most_bytes:
            yield changed
            changed, size = ChangedEntries(), 0
        size += more
        for conversation, customer in conversations.items():
            note_change(changed, conversation, customer)
            changed.marks.append(conversation)
    if size:
        yield changed


def note_change(
    changed: ChangedEntries, conversation: ConversationId, customer: CustomerId | None
) -> None:
    changed.buckets.add(bucket_of(conversation))
    if customer is None:
        changed.comments.append(conversation)
    elif customer not in changed.customers:
        changed.customers.append(customer)


def note_written(
    state: CustomerState,
    conversation: ConversationId,
    customer: CustomerId | None,
    offset: int,
) -> None:
    """Notes that an assignment record was written at an offset and is not in the snapshot yet."""
    state.unsaved.setdefault(conversation, (offset, customer))
    state.written = offset + 1


def note_saved(state: CustomerState, customer_id: CustomerId) -> None:
    """Notes that the customer, with the state of all their threads, is in the snapshot now."""
    if not state.unsaved:
        return
    customer = state.customer(customer_id)
    if customer.thread is not None:
        state.unsaved.pop(customer.thread, None)
    for live in customer.livestream_threads:
        state.unsaved.pop(live, None)


def tail_offset(state: CustomerState) -> int:
    """The offset from which on assignments would have to be read now. Unsaved conversations are in
    the order of their first record that is not in the snapshot."""
    return next((offset for offset, _ in state.unsaved.values()), state.written)
