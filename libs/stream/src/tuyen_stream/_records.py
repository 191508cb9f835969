"""The shapes that pass between Kafka, the stages and the tables."""

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
    """What one partition of a table knows, folded from its changelog.

    A new one is made whenever the partition comes to this worker, and dropped when it leaves.
    """

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        """Fold records of the changelog, in log order, each once; a value of None is a tombstone.

        Called while the partition is recovered, never while its stage handles chunks: a handler
        changes the state itself and adds the same records to its outbox.
        """
        ...


@runtime_checkable
class TailState(PartitionState, Protocol):
    """A state of which another table of the partition, which it stands `behind`, has a snapshot."""

    def starts_at(self) -> int:
        """The first offset of the changelog that the snapshot lacks.

        Called when the other table's partition was read whole; perhaps more than once.
        """
        ...

    def recovered(self, last: int) -> None:
        """The changelog was read up to this offset, the last one that it has."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, as they were fetched together; never empty.

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

    Nothing but the stage's outboxes may write to the topic.
    """

    name: str
    topic: str
    stage: str
    new_state: Callable[[int], PartitionState]
    """Makes the empty state of a partition."""
    behind: str | None = None
    """The name of the table whose partition is recovered before this one's, and tells from where on
    this one is read: its states are of the kind `TailState`."""
