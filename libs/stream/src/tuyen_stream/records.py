"""The types that are exchanged between Kafka, the stages and the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class ConsumedRecord(Protocol):
    """A record as it was read; aiokafka's `ConsumerRecord` is one."""

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

    A new one is made whenever the partition is assigned to this worker, and dropped when it is
    revoked.
    """

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        """Apply records of the changelog, in log order, each once; a value of None is a tombstone.

        Called while the partition is recovered, never while its stage handles batches: a handler
        changes the state itself and adds the same records to its outbox.
        """
        ...


@runtime_checkable
class TailState(PartitionState, Protocol):
    """The state of a table of which another table contains a snapshot; see `TableSpec.behind`."""

    def starts_at(self) -> int:
        """The first offset of the changelog that the snapshot does not contain.

        Called when the other table's partition is completely read; perhaps more than once.
        """
        ...

    def recovered(self, last: int) -> None:
        """The changelog was read up to this offset, its last one."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: consecutive records of one partition that were fetched together; never empty.

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
    """Makes the empty state of a partition."""
    behind: str | None = None
    """The name of another table that contains a snapshot of this one. That table's partition is
    recovered first, and says from which offset on this one must be read: this table's states must
    be `TailState`s."""
