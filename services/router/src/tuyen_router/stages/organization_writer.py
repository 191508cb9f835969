"""Writes stage 2's records."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from tuyen_events.ids import OrganizationId
from tuyen_events.topics import ANSWERS, CHOICES, POOLS
from tuyen_platform.kafka.partitions import partition_of
from tuyen_router.domain.dispatch_state import (
    REMEMBERED_ANSWERS,
    AnswerRepeated,
    CursorMoved,
    Dequeued,
    DispatchState,
    DispatchStep,
    OrderChanged,
    PoolPublished,
    RequestAnswered,
    RequestQueued,
    RequestSeen,
)
from tuyen_router.domain.loads import LoadReleased, LoadReserved, LoadsCounted
from tuyen_router.domain.queue_buckets import Comparisons
from tuyen_router.domain.threads import (
    ManualAssignmentReported,
    RemovalReported,
    ThreadBucketChanged,
)
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import pool_record, private_record
from tuyen_router.stages.tables import choice_entry
from tuyen_stream import Outbox, OutRecord

_GROUP_BYTES = 128 * 1024
_FRAME = 128
"""An upper bound of what a record takes beside its key and value."""


class ReadySteps(msgspec.Struct, frozen=True):
    """Steps that are applied together, and their encoded records."""

    steps: Sequence[DispatchStep]
    entries: Sequence[OutRecord]
    seen: RequestSeen | None
    """Written once for the whole record batch."""
    size: int
    """Of the entries and of `seen`, in one record batch."""
    answers: Sequence[tuple[int, OutRecord]]
    """With their partitions, as the pools."""
    pools: Sequence[tuple[int, OutRecord]]


class OrganizationWriter:
    """Collects the records of steps into record batches, which the broker appends as a whole.

    Within a record batch each key occurs once, with its last value. A record batch ends only
    between two conversations.
    """

    def __init__(self, prefix: str, state: DispatchState, outbox: Outbox) -> None:
        self._choices = prefix + CHOICES.name
        self._answers = prefix + ANSWERS.name
        self._pools = prefix + POOLS.name
        self._state = state
        self._outbox = outbox
        self.comparisons: dict[OrganizationId, Comparisons] = {}
        """Of the organizations whose queue was served in this batch."""
        self._entries: dict[bytes | None, OutRecord] = {}
        self._seen: dict[str, RequestSeen] = {}
        self._bytes = 0

    def encode_steps(self, steps: Sequence[DispatchStep]) -> ReadySteps:
        """Encodes the records of steps that belong together. Raises BatchTooLargeError when one of
        them cannot be written, or all entries do not fit into one record batch."""
        entries, answers, pools, size = [], [], [], 0
        seen = None
        for step in steps:
            if isinstance(step, RequestSeen):
                seen = step
                size += len(step.source) + 2 * _FRAME
                continue
            entry = choice_entry(step, REMEMBERED_ANSWERS)
            if entry is not None:
                key, value = entry
                size += len(key) + (0 if value is None else len(value)) + _FRAME
                entries.append(OutRecord(key, value))
            match step:
                case CursorMoved() | ThreadBucketChanged():
                    pass
                case RequestAnswered() | AnswerRepeated():
                    choice = step.answer.choice
                    record = private_record(choice.customer_id, choice)
                    self._outbox.require(self._answers, record)
                    answers.append((step.answer.partition, record))
                case RemovalReported():
                    record = private_record(step.removed.conversation_id, step.removed)
                    self._outbox.require(self._answers, record)
                    answers.append((step.partition, record))
                case ManualAssignmentReported():
                    record = private_record(step.given.conversation_id, step.given)
                    self._outbox.require(self._answers, record)
                    answers.append((step.partition, record))
                case PoolPublished():
                    record = pool_record(step.pool, step.at)
                    self._outbox.require(self._pools, record)
                    pools.append((partition_of(step.pool.id, POOLS.partitions), record))
                case OrderChanged() | RequestQueued() | Dequeued():
                    pass
                case LoadsCounted() | LoadReserved() | LoadReleased():
                    pass
                case _:
                    assert_never(step)
        if size > self._outbox.limit:
            self._outbox.size_of(self._choices, *entries)
        return ReadySteps(steps, entries, seen, size, answers, pools)

    def add(self, ready: ReadySteps) -> None:
        """Takes the encoded records of steps that were applied."""
        if self._bytes + ready.size > self._outbox.limit:
            self.end()
        for entry in ready.entries:
            self._entries[entry.key] = entry
        if ready.seen is not None:
            self._seen[ready.seen.source] = ready.seen
        self._bytes += ready.size
        for partition, record in ready.pools:
            self._outbox.add_atomically(Phase.PUBLIC, self._pools, partition, (record,))
        for partition, record in ready.answers:
            self._outbox.add_atomically(Phase.FOLLOW_UPS, self._answers, partition, (record,))
        if self._bytes >= _GROUP_BYTES:
            self.end()

    def end(self) -> None:
        """Adds the record batch to the outbox."""
        seen = (choice_entry(each, REMEMBERED_ANSWERS) for each in self._seen.values())
        records = [*(OutRecord(*each) for each in seen if each), *self._entries.values()]
        self._outbox.add_atomically(Phase.STATE, self._choices, self._state.number, records)
        self._entries, self._seen = {}, {}
        self._bytes = 0
