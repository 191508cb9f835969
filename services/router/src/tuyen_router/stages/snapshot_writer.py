"""Writes stage 1's own records: the customers and marks of a batch, and the snapshot along with
them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tuyen_events.ids import ConversationId, CustomerId
from tuyen_events.topics import CUSTOMERS
from tuyen_router.domain.archiving import archive_oldest, archive_threads_of
from tuyen_router.domain.customer_records import CustomerRecord
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.snapshot import (
    ChangedEntries,
    note_saved,
    tail_offset,
    take_restored,
    with_summary,
)
from tuyen_router.stages.loads import ChangedLoads
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.tables import (
    build_changed_entries,
    build_done_entry,
    comment_entry,
    customer_entry,
    marks_entry,
    tail_entry,
)
from tuyen_stream import Outbox, OutRecord

SAVED_FROM = 256
"""The snapshot is written once so many conversations of a partition are not in it yet."""

READ_AGAIN = 4_096
"""A start reads at most so many assignments of a partition that the snapshot contains already,
however few conversations they are about."""

SAVED_AT_ONCE = 2_000
"""At least as many as a batch decides about. More can be unsaved only after the first start of this
version."""

_RESTED_BYTES = 200_000
"""The most bytes that are archived with one batch: well below a record batch, so that one more
bucket fits."""

_RESTORED_BYTES = 100_000
"""Restored threads are written as soon as they amount to so many bytes. What one more event
restores, two buckets and a customer, still fits into the same record batch."""

_RESTORED_AT_ONCE = 512 * 1024
"""One record batch; a recovery may restore more than that."""


class SnapshotWriter:
    """Writes to `router-customers`, after the assignments of a batch, in an order such that a
    reader who stops anywhere has a state which `assignments` completes (R9.6)."""

    def __init__(
        self, prefix: str, state: CustomerState, outbox: Outbox, loads: ChangedLoads
    ) -> None:
        self._topic = prefix + CUSTOMERS.name
        self._state = state
        self._outbox = outbox
        self._loads = loads
        self._marks = state.done_mark_changes

    def save_restored(self) -> None:
        """Writes the restored threads before they exceed a record batch. Must be called between two
        events."""
        if self._state.restored_bytes >= _RESTORED_BYTES:
            self._write_restored()

    def _write_restored(self) -> None:
        state = self._state
        for conversation in state.restored:  # a forgotten conversation counts towards a load again
            current = state.conversations.get(conversation)
            if current is not None:
                self._loads.note(current.organization, current.agent_id)
        for changed in take_restored(state, _RESTORED_AT_ONCE):
            self._at_once(changed)

    def save(
        self,
        customers: Mapping[CustomerId, CustomerRecord],
        done: Mapping[ConversationId, int | None],
    ) -> None:
        """Writes the customers and done marks as they are at the end of the batch; then what the
        snapshot lacks, if that is enough to be worth a write."""
        state = self._state
        if state.restored:
            self._write_restored()
        for customer in customers:
            while (thinned := archive_threads_of(state, customer, _RESTED_BYTES)) is not None:
                self._at_once(thinned)
        entries = [self._customer(customer, record) for customer, record in customers.items()]
        entries += [OutRecord(*build_done_entry(each, seen)) for each, seen in done.items()]
        self._in_order(entries)
        rested = archive_oldest(state, _RESTED_BYTES)
        if rested is not None:
            self._at_once(rested)
            for organization, agent in rested.freed:
                self._loads.note(organization, agent)
        entries = []
        if done or state.done_mark_changes != self._marks:
            entries.append(OutRecord(*marks_entry(state.done_mark_changes)))
        if len(state.unsaved) >= SAVED_FROM or state.written - state.published_tail >= READ_AGAIN:
            entries += self._longest_unsaved()
            entries.append(OutRecord(*tail_entry(state)))
            state.published_tail = tail_offset(state)
        self._in_order(entries)

    def _longest_unsaved(self) -> Iterator[OutRecord]:
        """The conversations whose records have been unsaved for longest."""
        state = self._state
        for conversation, (_, customer) in list(islice(state.unsaved.items(), SAVED_AT_ONCE)):
            if conversation not in state.unsaved:
                continue  # another thread of its customer came first
            if customer is not None:
                yield self._customer(customer, None)
            else:
                yield OutRecord(*comment_entry(state, conversation))
            state.unsaved.pop(conversation, None)

    def _customer(self, customer: CustomerId, record: CustomerRecord | None) -> OutRecord:
        entry = customer_entry(customer, with_summary(self._state, customer, record))
        note_saved(self._state, customer)
        return OutRecord(*entry)

    def _at_once(self, changed: ChangedEntries) -> None:
        """Writes what came to rest or was restored in one record batch, so that no thread is stored
        twice or not at all."""
        entries = list(build_changed_entries(self._state, changed))
        self._outbox.add_atomically(Phase.STATE, self._topic, self._state.number, entries)
        for customer in changed.customers:
            note_saved(self._state, customer)

    def _in_order(self, entries: Sequence[OutRecord]) -> None:
        for group in self._outbox.split_to_fit(entries):
            self._outbox.add_atomically(Phase.STATE, self._topic, self._state.number, group)
