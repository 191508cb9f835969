"""Which conversations of a partition are archived, and when, so that memory and writes are bounded.

`snapshot` decides what is written of them (R9.6).
"""

from collections.abc import Iterable
from itertools import islice

from tuyen_events.ids import ConversationId, CustomerId
from tuyen_router.domain.archive import REMEMBERED_DAYS, ArchivedConversation, Owner, bucket_of
from tuyen_router.domain.customer_records import ConversationState
from tuyen_router.domain.customer_state import CustomerState, count_load, mark_recent
from tuyen_router.domain.snapshot import CHANGE_BYTES, ChangedEntries, bytes_beside, note_change

YOUNG = 8_192
"""How many conversations of a partition never come to rest, however old they are: a crash may have
lost what follows from their last records, and their full state says so. No more can be in flight to
the broker."""

MARKS = 8_192
"""So many marks of conversations without a state are kept of a partition, the latest ones."""

_WHOLE_DAYS = 2
"""A conversation comes to rest when the day of its last record is at least so many days ago."""

_AT_ONCE = 2_000
"""The most conversations that are found old at once, which takes some milliseconds; a batch makes
no more of them."""

_MARK_BYTES = 100
"""What the removal of a mark takes."""

MOST_LIVES = 500
"""The most livestream threads of a customer that are not at rest: all of them are in one record."""


def archive_oldest(state: CustomerState, most_bytes: int) -> ChangedEntries | None:
    """Puts some of what nothing happened to for long enough to rest, as many as change so many
    bytes; None when there is nothing. Those of one bucket go together, for it is written whole.

    What waits, or what a customer's open request asks for, stays. What had its last record
    `REMEMBERED_DAYS` ago is forgotten on this occasion, and so are the oldest of too many marks.
    """
    changed = ChangedEntries()
    known = len(state.archive.owners)
    size = _forget_marks(state, changed)
    _gather(state)
    while state.due and size < most_bytes:
        bucket = next(iter(state.due))
        size += _rest_together(state, changed, bucket, most_bytes - size)
    if not changed.buckets and not changed.marks:
        return None
    for number in changed.buckets:
        changed.freed += _forget(state, state.archive.forget_before(number, _oldest(state)))
    changed.owners = range(known, len(state.archive.owners))
    return changed


def _forget_marks(state: CustomerState, changed: ChangedEntries) -> int:
    """Drops the oldest marks where those without a state are too many: returns how much is written
    of that. One whose conversation has a state by now stays with it."""
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
    most = min(_AT_ONCE, max(0, len(state.recent) - YOUNG))
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
    """Puts those of a bucket to rest that are due, and returns how much is written of them."""
    due = state.due.pop(bucket)
    size = taken = 0
    while taken < len(due) and size < most_bytes:
        conversation, customer = due[taken]
        taken += 1
        current = state.conversations.get(conversation)
        if current is None or conversation in state.recent:
            continue  # it rests already, or something happened to it meanwhile
        size += bytes_beside(state, customer)
        if _has_to_stay(state, conversation, customer, current):
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
    """Brings the oldest livestream threads of a customer to rest, however young, when they are too
    many for one record, until so many bytes of buckets have changed; None when they are not too
    many, or all of them wait."""
    customer = state.customer(customer_id)
    if len(customer.lives) <= MOST_LIVES:
        return None
    changed = ChangedEntries()
    known = len(state.archive.owners)
    size = 0
    for live in customer.lives[:-MOST_LIVES]:
        if size >= most_bytes:
            break
        current = state.conversations[live]
        if _has_to_stay(state, live, customer_id, current):
            continue
        if live in state.done:
            changed.marks.append(live)
        state.recent.pop(live, None)
        size += CHANGE_BYTES + _rest(state, live, customer_id, current)
        note_change(changed, live, customer_id)
    changed.owners = range(known, len(state.archive.owners))
    return changed if changed.buckets else None


def _oldest(state: CustomerState) -> int:
    return state.today - REMEMBERED_DAYS


def _has_to_stay(
    state: CustomerState,
    conversation: ConversationId,
    customer: CustomerId | None,
    current: ConversationState,
) -> bool:
    if current.waiting or not state.archive.can_hold(current.reason):
        return True
    if customer is None:
        return False
    request = state.customer(customer).open_request
    return request is not None and any(each == conversation for each, _ in request.conversations)


def _rest(
    state: CustomerState,
    conversation: ConversationId,
    customer: CustomerId | None,
    current: ConversationState,
) -> int:
    """Returns the new size of the conversation's bucket."""
    seen = state.done.pop(conversation, None)
    rested = ArchivedConversation(
        owner=(current.organization, current.agent_id),
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
        found.lives = tuple(each for each in found.lives if each != conversation)
    return len(state.archive.buckets[bucket])


def _forget(state: CustomerState, gone: Iterable[ArchivedConversation]) -> list[Owner]:
    freed: list[Owner] = []
    for each in gone:
        organization, agent = each.owner
        if not each.is_done and agent is not None:
            count_load(state.loads[organization], agent, -1)
            state.marks += 1
            freed.append(each.owner)
    return freed
