"""The records that result from one handled batch or one step."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from tuyen_stream._phase import WritePhase

RecordHeaders: TypeAlias = list[tuple[str, bytes]]
"""A list, because aiokafka's builder takes lists. Records may share one: never change it."""

_bound = DefaultRecordBatchBuilder.estimate_size_in_bytes


class OutRecord(NamedTuple):
    """A record to be sent; a value of None is a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: RecordHeaders = []  # noqa: RUF012  # shared by all records without headers


RecordGroup: TypeAlias = tuple[OutRecord, ...]
"""Records that belong into one record batch."""


def estimate_encoded_size(record: OutRecord) -> int:
    """An upper bound of the record's encoded size, including the header of a record batch."""
    size: int = _bound(record.key, record.value, record.headers)
    return size


class BatchTooLargeError(ValueError):
    """What was to be added does not fit into one record batch; nothing of it was added."""

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes for {topic} do not fit into a batch of {limit} bytes")
        self.topic = topic
        self.size = size
        self.limit = limit


class PhaseRecords:
    """The records of one phase of an outbox."""

    __slots__ = ("groups", "size")

    def __init__(self) -> None:
        self.groups: dict[tuple[str, int], list[RecordGroup]] = {}
        """By topic and partition, in the order in which they were added."""
        self.size = 0
        """An upper bound of their encoded size."""


class Outbox:
    """Collects records for any topic and partition.

    It is sent when its handler has returned, and the input is acknowledged when the broker has
    acknowledged every record of it. Records are sent phase by phase (see `WritePhase`); within a
    phase the order is kept per topic and partition, between these there is none.
    """

    __slots__ = ("_phases", "limit")

    def __init__(self, max_batch_bytes: int = 512 * 1024) -> None:
        self.limit = max_batch_bytes
        """The most bytes of one record batch."""
        self._phases: list[PhaseRecords] = []

    def add(
        self,
        phase: WritePhase,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: RecordHeaders = [],  # noqa: B006  # shared by all records without headers
    ) -> None:
        """Add one record. Raises `BatchTooLargeError`."""
        self.add_atomically(phase, topic, partition, (OutRecord(key, value, headers),))

    def add_atomically(
        self, phase: WritePhase, topic: str, partition: int, records: Sequence[OutRecord]
    ) -> None:
        """Add records that go into one record batch, so that either all or none of them are in the
        log.

        Raises `BatchTooLargeError` when together they exceed a record batch.
        """
        if not records:
            return
        size = self._fitting_size(topic, records)
        phases = self._phases
        while phase >= len(phases):
            phases.append(PhaseRecords())
        held = phases[phase]
        place = (topic, partition)
        groups = held.groups.get(place)
        if groups is None:
            groups = held.groups[place] = []
        groups.append(tuple(records))
        held.size += size

    def size_of(self, topic: str, *records: OutRecord) -> int:
        """An upper bound of the size of the records in one record batch, into which they must fit.

        Raises `BatchTooLargeError`. For handlers that check before they change their state.
        """
        return self._fitting_size(topic, records)

    def require(self, topic: str, record: OutRecord) -> None:
        """Raises `BatchTooLargeError` when the record does not fit into a record batch.

        A record with a small value is not measured: as long as key and headers only repeat parts of
        the value, all of it takes at most four times as much.
        """
        if record.value is not None and len(record.value) > self.limit // 4 - 4096:
            self.size_of(topic, record)

    def split_to_fit(self, records: Sequence[OutRecord]) -> Iterator[Sequence[OutRecord]]:
        """Group records so that each group fits into a record batch, in order: one group if they
        all fit.

        A record that does not fit by itself is a group of its own.
        """
        group: list[OutRecord] = []
        size = 0
        for record in records:
            more = estimate_encoded_size(record)
            if group and size + more > self.limit:
                yield group
                group, size = [], 0
            group.append(record)
            size += more
        if group:
            yield group

    def _fitting_size(self, topic: str, records: Sequence[OutRecord]) -> int:
        size: int = (
            _bound(*records[0]) if len(records) == 1 else sum(map(estimate_encoded_size, records))
        )
        if size > self.limit:
            raise BatchTooLargeError(topic, size, self.limit)
        return size

    @property
    def phases(self) -> Sequence[PhaseRecords]:
        """What was added, by phase, up to the last phase that has records."""
        return self._phases

    def groups(self, phase: WritePhase) -> Mapping[tuple[str, int], Sequence[RecordGroup]]:
        """What was added for a phase, by topic and partition, in order; for tests of handlers."""
        return self._phases[phase].groups if phase < len(self._phases) else {}

    @property
    def size(self) -> int:
        """An upper bound of the encoded size of everything that was added."""
        return sum(held.size for held in self._phases)
