"""Writes stage 1's own records: the customers and marks of a batch, and the snapshot along with
them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tuyen_events.ids import ConversationId, CustomerId
from tuyen_events.topics import CUSTOMERS
from tuyen_router.domain.snapshot import (
    ChangedEntries,
    archive_oldest,
    archive_threads_of,
    note_saved,
    tail_offset,
    take_restored,
    with_summary,
)
from tuyen_router.domain.state import CustomerRecord, CustomerState
from tuyen_router.stages.loads import ChangedLoads
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.tables import (
    changed_entries,
    comment_entry,
    customer_entry,
    done_entry,
    marks_entry,
    tail_entry,
)
from tuyen_stream import Outbox, OutRecord

SAVED_FROM = 256
"""So many conversations of a partition wait to be in the snapshot before they are written to it."""

READ_AGAIN = 4_096
"""A start reads so many assignments of a partition at most that the snapshot has, however few
conversations they are about."""

SAVED_AT_ONCE = 2_000
"""At least as many as a batch decides about. More can be unsaved only after the first start of this
version."""

_RESTED_BYTES = 200_000
"""The most that comes to rest with one batch: well below a record batch, so that one more bucket
fits."""

_WOKEN_BYTES = 100_000
"""What wakes up is written as soon as it comes to so much: what one event more wakes up, two
buckets and a customer, still fits into the same batch."""

_WOKEN_AT_ONCE = 512 * 1024
"""A batch; what woke up in a recovery may come to more."""


class SnapshotWriter:
    """Writes to `router-customers`, after the assignments of a batch, in an order such that a
    reader who stops anywhere has a state which `assignments` completes (R9.6)."""

    def __init__(
        self, prefix: str, partition: CustomerState, outbox: Outbox, loads: ChangedLoads
    ) -> None:
        self._topic = prefix + CUSTOMERS.name
        self._partition = partition
        self._outbox = outbox
        self._loads = loads
        self._marks = partition.marks

    def save_woken(self) -> None:
        """What woke up, before it is more than a batch holds. To be called between two events."""
        if self._partition.woken_bytes >= _WOKEN_BYTES:
            self._woken()

    def _woken(self) -> None:
        partition = self._partition
        for conversation in partition.woken:  # one that was let go takes its agent's place again
            current = partition.conversations.get(conversation)
            if current is not None:
                self._loads.note(current.organization, current.agent_id)
        for changed in take_restored(partition, _WOKEN_AT_ONCE):
            self._at_once(changed)

    def save(
        self,
        customers: Mapping[CustomerId, CustomerRecord],
        done: Mapping[ConversationId, int | None],
    ) -> None:
        """Writes the customers and done marks as they are at the end of the batch; then what the
        snapshot lacks, if that is enough to be worth a write."""
        partition = self._partition
        if partition.woken:
            self._woken()
        for customer in customers:
            while (thinned := archive_threads_of(partition, customer, _RESTED_BYTES)) is not None:
                self._at_once(thinned)
        entries = [self._customer(customer, record) for customer, record in customers.items()]
        entries += [OutRecord(*done_entry(each, seen)) for each, seen in done.items()]
        self._in_order(entries)
        rested = archive_oldest(partition, _RESTED_BYTES)
        if rested is not None:
            self._at_once(rested)
            for organization, agent in rested.freed:
                self._loads.note(organization, agent)
        entries = []
        if done or partition.marks != self._marks:
            entries.append(OutRecord(*marks_entry(partition.marks)))
        if (
            len(partition.unsaved) >= SAVED_FROM
            or partition.written - partition.published_tail >= READ_AGAIN
        ):
            entries += self._longest_unsaved()
            entries.append(OutRecord(*tail_entry(partition)))
            partition.published_tail = tail_offset(partition)
        self._in_order(entries)

    def _longest_unsaved(self) -> Iterator[OutRecord]:
        """Those whose records have waited longest."""
        partition = self._partition
        for conversation, (_, customer) in list(islice(partition.unsaved.items(), SAVED_AT_ONCE)):
            if conversation not in partition.unsaved:
                continue  # another thread of a customer who was saved
            if customer is not None:
                yield self._customer(customer, None)
            else:
                yield OutRecord(*comment_entry(partition, conversation))
            partition.unsaved.pop(conversation, None)

    def _customer(self, customer: CustomerId, record: CustomerRecord | None) -> OutRecord:
        entry = customer_entry(customer, with_summary(self._partition, customer, record))
        note_saved(self._partition, customer)
        return OutRecord(*entry)

    def _at_once(self, changed: ChangedEntries) -> None:
        """What moved, in one batch: nothing may be in two places, or in none."""
        entries = list(changed_entries(self._partition, changed))
        self._outbox.add_atomically(Phase.STATE, self._topic, self._partition.number, entries)
        for customer in changed.customers:
            note_saved(self._partition, customer)

    def _in_order(self, entries: Sequence[OutRecord]) -> None:
        for fitting in self._outbox.fitting(entries):
            self._outbox.add_atomically(Phase.STATE, self._topic, self._partition.number, fitting)
