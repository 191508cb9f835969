"""The shapes that pass between Kafka, the stages and the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Record(Protocol):
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

    def apply(self, records: Sequence[Record]) -> None:
        """Fold records of the changelog, in log order, each once; a value of None is a tombstone.

        Called while the partition is recovered, never while its stage handles chunks: a handler
        changes the state itself and adds the same records to its outbox.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive records of one partition, as they were fetched together; never empty.

    Offsets between two records may be missing (compaction, retention, transaction markers).
    """

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    """Inclusive."""
    records: Sequence[Record]


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
