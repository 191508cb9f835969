"""What of a partition is kept beside its assignments, so that these are read from there on (R9.6).

`router-customers` says of every customer, and of every comment that is not at rest, what
assignments had made of it; of what is at rest, its bucket. Each of these stands for itself, and is
as new as what it was written with; the latest of each counts. `Tail` says from which offset of
assignments on something is not in them yet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from sys import intern

import msgspec
from msgspec.structs import replace

from tuyen_events.assignments import Sources
from tuyen_events.commands import AssignConversation, MarkConversationDone, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.resting import REMEMBERED_DAYS, Owner, Rested, bucket_of
from tuyen_router.domain.state import (
    Customer,
    CustomerRecord,
    Partition,
    Row,
    Standing,
    count_load,
    furthest,
    is_young,
)

_CHANGE_BYTES = 1_000
"""What is written of one conversation beside its bucket: itself, or its customer."""
ROW_BYTES = 256
"""What a customer's record takes more for each of their threads on livestreams."""

MOST_LIVES = 500
"""A customer's threads on livestreams that are not at rest: they stand in one record."""

YOUNG = 8_192
"""So many of a partition are never at rest, however old: a crash may have lost what follows from
their last records, and what says so is in their rows. More cannot be under way at the broker."""

MARKS = 8_192
"""So many marks of conversations without a row are kept of a partition, the latest ones."""

_WHOLE_DAYS = 2
"""A conversation comes to rest when the day of its last record lies so many days back."""

_AT_ONCE = 2_000
"""So many are found to be that old at once, in some milliseconds: a chunk makes no more of them."""
_MARK_BYTES = 100
"""What the removal of a mark takes."""


class Tail(msgspec.Struct, frozen=True, array_like=True):
    """From where on assignments have to be read, and how far the inputs had been read by then."""

    offset: int
    inbound: int
    answers: int
    commands: int


@dataclass(slots=True)
class Changed:
    """What was moved to rest, or back, and has to be written at once."""

    comments: list[ConversationId] = field(default_factory=list)
    customers: list[CustomerId] = field(default_factory=list)
    marks: list[ConversationId] = field(default_factory=list)
    buckets: set[int] = field(default_factory=set)
    owners: range = range(0)
    """The owners that were named for the first time."""
    freed: list[Owner] = field(default_factory=list)
    """Who has a conversation less, since it was let go."""


def standing_of(partition: Partition, customer: Customer) -> Standing:
    """What assignments made of a customer."""
    rows, thread = partition.rows, customer.thread
    standing = () if thread is None else ((thread, rows[thread]),)
    if customer.lives:
        standing = (*standing, *((each, rows[each]) for each in customer.lives))
    return Standing(
        customer.agent_id,
        customer.reason,
        customer.rule_id,
        customer.settled,
        customer.settled_command,
        customer.settled_before,
        standing,
        thread is not None,
    )


def with_standing(
    partition: Partition, customer_id: CustomerId, record: CustomerRecord | None = None
) -> CustomerRecord:
    """The customer's record with what assignments made of them by now."""
    customer = partition.customer(customer_id)
    standing = standing_of(partition, customer)
    if record is None:
        record = customer.record()
    return CustomerRecord(
        record.request, record.seen, record.refused, record.named, standing, record.removed
    )


def apply_standing(partition: Partition, customer_id: CustomerId, standing: Standing) -> None:
    """Folds what a snapshot says of a customer; loads are counted once all of it was read."""
    customer = partition.customer(customer_id)
    threads = [each for each, _ in standing.rows]
    for gone in customer.lives:
        if gone not in threads:
            partition.rows.pop(gone, None)
    customer.agent_id = None if standing.agent_id is None else AgentId(intern(standing.agent_id))
    customer.reason = standing.reason
    customer.rule_id = None if standing.rule_id is None else RuleId(intern(standing.rule_id))
    customer.settled, customer.settled_command = standing.settled, standing.settled_command
    customer.settled_before = standing.settled_before
    customer.thread = threads[0] if standing.has_message_thread else None
    customer.lives = tuple(threads[1:] if standing.has_message_thread else threads)
    for conversation, row in standing.rows:
        partition.rows[conversation] = _interned(row)
    for live in customer.lives:
        is_young(partition, live, customer_id)


def apply_comment(partition: Partition, conversation: ConversationId, row: Row | None) -> None:
    """Folds what a snapshot says of a root comment; None is one that came to rest."""
    if row is None:
        partition.rows.pop(conversation, None)
        return
    partition.rows[conversation] = _interned(row)
    is_young(partition, conversation, None)


def _interned(row: Row) -> Row:
    return replace(
        row,
        organization=OrganizationId(intern(row.organization)),
        agent_id=None if row.agent_id is None else AgentId(intern(row.agent_id)),
    )


def apply_tail(partition: Partition, tail: Tail) -> None:
    """Folds from where on assignments have to be read."""
    told = Sources(inbound=tail.inbound, answers=tail.answers, commands=tail.commands)
    partition.handled = furthest(partition.handled, told)
    partition.tail = partition.told_tail = tail.offset


def tail_of(partition: Partition, offset: int) -> Tail:
    handled = partition.handled
    return Tail(offset, handled.inbound, handled.answers, handled.commands)


def count_again(partition: Partition) -> None:
    """Counts all loads, once a snapshot was read whole."""
    partition.bare = {each: None for each in partition.bare if each not in partition.rows}
    partition.loads.clear()
    for name, row in partition.rows.items():
        loads = partition.loads.setdefault(row.organization, {})
        if name not in partition.done:
            count_load(loads, row.agent_id, 1)
        partition.today = max(partition.today, row.day)
    for (organization, agent), count in partition.resting.open_ones().items():
        loads = partition.loads.setdefault(organization, {})
        if agent is not None and count:
            loads[agent] = loads.get(agent, 0) + count


def wake(
    partition: Partition, conversation: ConversationId, customer_id: CustomerId | None
) -> None:
    """Makes a conversation at rest a row again, since something comes for it; `customer_id` is that
    of a thread on a livestream. Nothing changes by it but where it is kept."""
    if not partition.resting.buckets or conversation in partition.rows:
        return
    rested = partition.resting.take(conversation)
    if rested is None:
        return
    partition.rows[conversation] = as_row(rested, partition.today)
    if rested.is_done:
        partition.done[conversation] = rested.inbound
    if customer_id is not None:
        customer = partition.customer(customer_id)
        customer.lives = (*customer.lives, conversation)
    is_young(partition, conversation, customer_id)
    _is_woken(partition, conversation, customer_id)


def _is_woken(
    partition: Partition, conversation: ConversationId, customer_id: CustomerId | None
) -> None:
    partition.woken[conversation] = customer_id
    bucket = partition.resting.buckets.get(bucket_of(conversation), b"")
    partition.woken_bytes += len(bucket) + _bytes_beside(partition, customer_id)


def _bytes_beside(partition: Partition, customer_id: CustomerId | None) -> int:
    """What is written of a conversation beside its bucket, at most."""
    if customer_id is None:
        return _CHANGE_BYTES
    return _CHANGE_BYTES + ROW_BYTES * len(partition.customer(customer_id).lives)


def recall(
    partition: Partition, command: AssignConversation | ReturnToRotation | MarkConversationDone
) -> None:
    """Makes a conversation that was let go a row again, as the caller of a command knows it, so
    that its version goes on rising. It takes its agent's place again."""
    name = command.conversation_id
    if command.known_version == 0 or name in partition.rows:
        return
    customer_id = command.customer_id if command.kind.sticky else None
    agent = command.known_agent_id
    row = Row(
        OrganizationId(intern(command.organization)),
        command.known_version,
        None if agent is None else AgentId(intern(agent)),
        Reason.UNASSIGNED if agent is None else Reason.MANUAL,
        None,
        -1,
        -1,
        partition.today,
        None if customer_id is not None else command.customer_id,
    )
    partition.rows[name] = row
    loads = partition.loads.setdefault(row.organization, {})
    if name not in partition.done:
        count_load(loads, row.agent_id, 1)
        partition.marks += 1
    if customer_id is not None:
        customer = partition.customer(customer_id)
        customer.lives = (*customer.lives, name)
    is_young(partition, name, customer_id)
    _is_woken(partition, name, customer_id)


def as_row(rested: Rested, day: int) -> Row:
    """The row of a conversation that woke up on a day."""
    organization, agent = rested.owner
    return Row(organization, rested.version, agent, rested.reason, None, rested.inbound, -1, day)


def woken(partition: Partition, most_bytes: int) -> Iterator[Changed]:
    """What woke up since it was asked last, in parts of so many bytes or of one bucket: all at
    once, but for what many records woke up in a recovery."""
    buckets: dict[int, dict[ConversationId, CustomerId | None]] = {}
    for conversation, customer in partition.woken.items():
        buckets.setdefault(bucket_of(conversation), {})[conversation] = customer
    partition.woken.clear()
    partition.woken_bytes = 0
    changed, size = Changed(), 0
    for number, conversations in buckets.items():
        more = len(partition.resting.buckets.get(number, b""))
        more += sum(_bytes_beside(partition, each) for each in conversations.values())
        if size and size + more > most_bytes:
            yield changed
            changed, size = Changed(), 0
        size += more
        for conversation, customer in conversations.items():
            _note(changed, conversation, customer)
            changed.marks.append(conversation)
    if size:
        yield changed


def _note(changed: Changed, conversation: ConversationId, customer: CustomerId | None) -> None:
    changed.buckets.add(bucket_of(conversation))
    if customer is None:
        changed.comments.append(conversation)
    elif customer not in changed.customers:
        changed.customers.append(customer)


def put_to_rest(partition: Partition, most_bytes: int) -> Changed | None:
    """Puts some of what nothing happened to for long enough to rest, as many as change so many
    bytes; None when there is nothing. Those of one bucket go together, for it is written whole.

    What waits, or what a customer's open request asks for, stays. What had its last record
    `REMEMBERED_DAYS` ago is forgotten on this occasion, and so are the oldest of too many marks.
    """
    changed = Changed()
    known = len(partition.resting.owners)
    size = _forget_marks(partition, changed)
    _gather(partition)
    while partition.due and size < most_bytes:
        bucket = next(iter(partition.due))
        size += _rest_together(partition, changed, bucket, most_bytes - size)
    if not changed.buckets and not changed.marks:
        return None
    for number in changed.buckets:
        changed.freed += _forget(partition, partition.resting.let_go(number, _oldest(partition)))
    changed.owners = range(known, len(partition.resting.owners))
    return changed


def _forget_marks(partition: Partition, changed: Changed) -> int:
    """Lets the oldest marks go where those without a row are too many: returns how much is written
    of that. One whose conversation has a row by now stays with it."""
    most = min(_AT_ONCE, max(0, len(partition.bare) - MARKS))
    for conversation in list(islice(partition.bare, most)):
        del partition.bare[conversation]
        if conversation in partition.done and conversation not in partition.rows:
            del partition.done[conversation]
            changed.marks.append(conversation)
    return _MARK_BYTES * len(changed.marks)


def _gather(partition: Partition) -> None:
    """Moves what is old enough from `young` to `due`."""
    old: list[ConversationId] = []
    most = min(_AT_ONCE, max(0, len(partition.young) - YOUNG))
    for conversation in islice(partition.young, most):
        row = partition.rows.get(conversation)
        if row is not None and row.day > partition.today - _WHOLE_DAYS:
            break
        old.append(conversation)
    for conversation in old:
        due = partition.due.setdefault(bucket_of(conversation), [])
        due.append((conversation, partition.young.pop(conversation)))


def _rest_together(partition: Partition, changed: Changed, bucket: int, most_bytes: int) -> int:
    """Puts those of a bucket to rest that are due, and returns how much is written of them."""
    due = partition.due.pop(bucket)
    size = taken = 0
    while taken < len(due) and size < most_bytes:
        conversation, customer = due[taken]
        taken += 1
        row = partition.rows.get(conversation)
        if row is None or conversation in partition.young:
            continue  # it rests already, or something happened to it meanwhile
        size += _bytes_beside(partition, customer)
        if row.waiting or _is_asked_for(partition, conversation, customer):
            is_young(partition, conversation, customer)
            continue
        if conversation in partition.done:
            changed.marks.append(conversation)
        _rest(partition, conversation, customer, row)
        _note(changed, conversation, customer)
    if taken < len(due):
        partition.due[bucket] = due[taken:]
    return size + len(partition.resting.buckets.get(bucket, b""))


def thin_out(partition: Partition, customer_id: CustomerId, most_bytes: int) -> Changed | None:
    """Puts the oldest of a customer's threads on livestreams to rest, however young, where they are
    too many for one record, as many as change so many bytes of buckets; None when they are not, or
    all wait."""
    customer = partition.customer(customer_id)
    if len(customer.lives) <= MOST_LIVES:
        return None
    changed = Changed()
    known = len(partition.resting.owners)
    size = 0
    for live in customer.lives[:-MOST_LIVES]:
        if size >= most_bytes:
            break
        row = partition.rows[live]
        if row.waiting or _is_asked_for(partition, live, customer_id):
            continue
        if live in partition.done:
            changed.marks.append(live)
        partition.young.pop(live, None)
        size += _CHANGE_BYTES + _rest(partition, live, customer_id, row)
        _note(changed, live, customer_id)
    changed.owners = range(known, len(partition.resting.owners))
    return changed if changed.buckets else None


def _oldest(partition: Partition) -> int:
    return partition.today - REMEMBERED_DAYS


def _is_asked_for(
    partition: Partition, conversation: ConversationId, customer: CustomerId | None
) -> bool:
    if customer is None:
        return False
    request = partition.customer(customer).open_request
    return request is not None and any(each == conversation for each, _ in request.conversations)


def _rest(
    partition: Partition, conversation: ConversationId, customer: CustomerId | None, row: Row
) -> int:
    """Returns how large its bucket is by now."""
    seen = partition.done.pop(conversation, None)
    rested = Rested(
        owner=(row.organization, row.agent_id),
        version=row.version,
        reason=row.reason,
        day=row.day,
        inbound=max(0, row.inbound if seen is None else seen),
        is_done=seen is not None,
    )
    bucket = partition.resting.put(conversation, rested)
    del partition.rows[conversation]
    partition.unsaved.pop(conversation, None)
    if customer is not None:
        found = partition.customer(customer)
        found.lives = tuple(each for each in found.lives if each != conversation)
    return len(partition.resting.buckets[bucket])


def _forget(partition: Partition, gone: Iterable[Rested]) -> list[Owner]:
    freed: list[Owner] = []
    for each in gone:
        organization, agent = each.owner
        if not each.is_done and agent is not None:
            count_load(partition.loads[organization], agent, -1)
            partition.marks += 1
            freed.append(each.owner)
    return freed


def note_written(
    partition: Partition,
    conversation: ConversationId,
    customer: CustomerId | None,
    offset: int,
) -> None:
    """An assignment record stands at an offset, and is not in the snapshot yet."""
    partition.unsaved.setdefault(conversation, (offset, customer))
    partition.written = offset + 1


def note_saved(partition: Partition, customer_id: CustomerId) -> None:
    """The customer, with the rows of all their threads, is in the snapshot as they are."""
    if not partition.unsaved:
        return
    customer = partition.customer(customer_id)
    if customer.thread is not None:
        partition.unsaved.pop(customer.thread, None)
    for live in customer.lives:
        partition.unsaved.pop(live, None)


def tail_offset(partition: Partition) -> int:
    """From where on assignments would have to be read now: what was not saved stands in the order
    of its first record that is not in the snapshot."""
    return next((offset for offset, _ in partition.unsaved.values()), partition.written)
