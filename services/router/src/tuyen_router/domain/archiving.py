"""Which conversations of a partition are archived, and when, so that memory and writes are bounded.

`snapshot` decides what is written of them (R9.6).
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import islice

from tuyen_events.ids import ConversationId, CustomerId
from tuyen_router.domain.archive import REMEMBERED_DAYS, ArchivedConversation, Assignee, bucket_of
from tuyen_router.domain.customer_records import ConversationState
from tuyen_router.domain.customer_state import CustomerState, count_load, mark_recent
from tuyen_router.domain.snapshot import CHANGE_BYTES, ChangedEntries, bytes_beside, note_change

MIN_UNARCHIVED = 8_192
"""So many conversations of a partition, those with the latest records, stay in full, however old
they are. A crash may have lost what follows from the records that were in flight, and only the full
state shows that. No more records than this can be in flight."""

MARKS = 8_192
"""How many done marks of conversations that have no state are kept in a partition; the oldest are
forgotten."""

_WHOLE_DAYS = 2
"""A conversation comes to rest when the day of its last record is at least so many days ago."""

_AT_ONCE = 2_000
"""The most conversations that one call moves from `recent` to `due`, which takes some milliseconds.
A batch does not add more than that."""

_MARK_BYTES = 100
"""The size of the record that removes a mark."""

MOST_LIVES = 500
"""The most livestream threads of a customer that are not at rest: all of them are in one record."""


def archive_oldest(state: CustomerState, most_bytes: int) -> ChangedEntries | None:
    """Archives conversations to which nothing happened for long enough, until about `most_bytes`
    bytes have to be written; None when there are none. The conversations of one bucket are archived
    together, because a bucket is written as a whole.

    A conversation that waits, or that is in a customer's open request, stays. In the changed
    buckets, entries whose last record is older than `REMEMBERED_DAYS` are forgotten; so are the
    oldest done marks, if there are too many.
    """
    changed = ChangedEntries()
    known = len(state.archive.assignees)
    size = _forget_marks(state, changed)
    _gather(state)
    while state.due and size < most_bytes:
        bucket = next(iter(state.due))
        size += _rest_together(state, changed, bucket, most_bytes - size)
    if not changed.buckets and not changed.marks:
        return None
    for number in changed.buckets:
        changed.freed += _forget(state, state.archive.forget_before(number, _oldest(state)))
    changed.assignees = range(known, len(state.archive.assignees))
    return changed


def _forget_marks(state: CustomerState, changed: ChangedEntries) -> int:
    """Drops the oldest done marks of conversations without a state, if there are more than MARKS;
    returns how many bytes are written for that. The mark of a conversation that has a state by now
    is kept."""
    most = min(_AT_ONCE, max(0, len(state.done_without_state) - MARKS))
    for conversation in list(islice(state.done_without_state, most)):
        del state.done_without_state[conversation]
        if conversation in state.done and conversation not in state.conversations:
            del state.done[conversation]
            changed.marks.append(conversation)
    return _MARK_BYTES * len(changed.marks)


def _gather(state: CustomerState) -> None:
    """Moves what is old enough from `recent` to `due`."""
    old: list[ConversationId] = []
    most = min(_AT_ONCE, max(0, len(state.recent) - MIN_UNARCHIVED))
    for conversation in islice(state.recent, most):
        current = state.conversations.get(conversation)
        if current is not None and current.day > state.today - _WHOLE_DAYS:
            break
        old.append(conversation)
    for conversation in old:
        due = state.due.setdefault(bucket_of(conversation), [])
        due.append((conversation, state.recent.pop(conversation)))


def _rest_together(
    state: CustomerState, changed: ChangedEntries, bucket: int, most_bytes: int
) -> int:
    """Archives the conversations of a bucket that are due; returns how many bytes are written for
    that."""
    due = state.due.pop(bucket)
    size = taken = 0
    while taken < len(due) and size < most_bytes:
        conversation, customer = due[taken]
        taken += 1
        current = state.conversations.get(conversation)
        if current is None or conversation in state.recent:
            continue  # it is at rest already, or something happened to it meanwhile
        size += bytes_beside(state, customer)
        if _has_to_stay(state, conversation, _requested_of(state, customer), current):
            mark_recent(state, conversation, customer)
            continue
        if conversation in state.done:
            changed.marks.append(conversation)
        _rest(state, conversation, customer, current)
        note_change(changed, conversation, customer)
    if taken < len(due):
        state.due[bucket] = due[taken:]
    return size + len(state.archive.buckets.get(bucket, b""))


def archive_threads_of(
    state: CustomerState, customer_id: CustomerId, most_bytes: int
) -> ChangedEntries | None:
    """If a customer has more livestream threads than fit into one record, archives the oldest of
    them, however young they are, until `most_bytes` bytes of buckets have changed. None when there
    are not too many, or all of them wait."""
    customer = state.customer(customer_id)
    if len(customer.livestream_threads) <= MOST_LIVES:
        return None
    changed = ChangedEntries()
    known = len(state.archive.assignees)
    size, requested = 0, _requested_of(state, customer_id)
    for live in customer.livestream_threads[:-MOST_LIVES]:
        if size >= most_bytes:
            break
        current = state.conversations[live]
        if _has_to_stay(state, live, requested, current):
            continue
        if live in state.done:
            changed.marks.append(live)
        state.recent.pop(live, None)
        size += CHANGE_BYTES + _rest(state, live, customer_id, current)
        note_change(changed, live, customer_id)
    changed.assignees = range(known, len(state.archive.assignees))
    return changed if changed.buckets else None


def _oldest(state: CustomerState) -> int:
    return state.today - REMEMBERED_DAYS


def _has_to_stay(
    state: CustomerState,
    conversation: ConversationId,
    requested: AbstractSet[ConversationId],
    current: ConversationState,
) -> bool:
    """`requested` are the conversations of the customer's open request."""
    return (
        current.waiting or not state.archive.can_hold(current.reason) or conversation in requested
    )


def _requested_of(state: CustomerState, customer: CustomerId | None) -> AbstractSet[ConversationId]:
    request = None if customer is None else state.customer(customer).open_request
    return frozenset() if request is None else {each for each, _ in request.conversations}


def _rest(
    state: CustomerState,
    conversation: ConversationId,
    customer: CustomerId | None,
    current: ConversationState,
) -> int:
    """Returns the new size of the conversation's bucket."""
    seen = state.done.pop(conversation, None)
    rested = ArchivedConversation(
        assignee=(current.organization, current.agent_id),
        version=current.version,
        reason=current.reason,
        day=current.day,
        inbound=max(0, current.inbound if seen is None else seen),
        is_done=seen is not None,
    )
    bucket = state.archive.put(conversation, rested)
    del state.conversations[conversation]
    state.unsaved.pop(conversation, None)
    if customer is not None:
        found = state.add_customer(customer)
        found.livestream_threads = tuple(
            each for each in found.livestream_threads if each != conversation
        )
    return len(state.archive.buckets[bucket])


def _forget(state: CustomerState, gone: Iterable[ArchivedConversation]) -> list[Assignee]:
    freed: list[Assignee] = []
    for each in gone:
        organization, agent = each.assignee
        if not each.is_done and agent is not None:
            count_load(state.loads[organization], agent, -1)
            state.done_mark_changes += 1
            freed.append(each.assignee)
    return freed
