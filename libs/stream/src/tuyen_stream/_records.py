"""The types that are exchanged between Kafka, the stages and the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class ConsumedRecord(Protocol):
    """A record as it was read."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch, by the topic's timestamp type."""
        ...


class PartitionState(Protocol):
    """The state of one partition of a table, made from its changelog.

    A new one is made when the partition is assigned to this worker, and dropped when it is revoked.
    It may be of any class that has `apply`.
    """

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        """Apply records of the changelog, in log order, each once; a value of None is a tombstone.

        Called while the partition is recovered, never while its stage handles batches: a handler
        changes the state itself and adds the same records to its outbox.
        """
        ...


@runtime_checkable
class TailState(PartitionState, Protocol):
    """The state of a table of which another table contains a snapshot, so that only the tail of its
    changelog has to be read; see `TableSpec.recover_after`."""

    def starts_at(self) -> int:
        """The first offset of the changelog that the snapshot does not contain.

        Called when the other table's partition is completely read; perhaps more than once.
        """
        ...

    def on_recovered(self, last: int) -> None:
        """Called when the changelog is read; `last` is the last offset that it has."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition that were fetched together; never empty.

    Offsets between two records may be missing (compaction, retention, transaction markers).
    """

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    """Inclusive."""
    records: Sequence[ConsumedRecord]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table: its changelog topic, co-partitioned with the inputs of its stage.

    Only the stage's outboxes may write to the topic.
    """

    name: str
    topic: str
    stage: str
    new_state: Callable[[int], PartitionState]
    """Makes the empty state of a partition, whose number it is given."""
    recover_after: str | None = None
    """The name of another table of the stage that contains a snapshot of this one. In a recovery,
    that table's partition is read first, and then this one's from `TailState.starts_at` on: this
    table's states must be `TailState`s."""
