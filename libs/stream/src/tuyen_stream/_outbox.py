"""The records that follow from one handled chunk or one step."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from aiokafka.record.default_records import DefaultRecordBatchBuilder

RecordHeaders: TypeAlias = list[tuple[str, bytes]]
"""A list, for that is what aiokafka's builder takes. Records may share one: never change it."""

_bound = DefaultRecordBatchBuilder.estimate_size_in_bytes


class OutRecord(NamedTuple):
    """A record on its way; a value of None is a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: RecordHeaders = []  # noqa: RUF012  # shared by all records without headers


RecordGroup: TypeAlias = tuple[OutRecord, ...]
"""Records that belong into one record batch."""


def encoded_size(record: OutRecord) -> int:
    """An upper bound of the record's encoded bytes, the header of a batch included."""
    size: int = _bound(record.key, record.value, record.headers)
    return size


class BatchTooLargeError(ValueError):
    """What was added would not fit into one record batch; nothing of it was added."""

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes for {topic} do not fit into a batch of {limit} bytes")
        self.topic = topic
        self.size = size
        self.limit = limit


class Outbox:
    """Collects records for any topic and partition; the order is kept per topic and partition.

    It is handed to the broker when its handler has returned, and the input is acknowledged when
    the broker has acknowledged every record of it.

    What others do about a state must not be ahead of it: records that are added to `follow_up` are
    sent once all of this outbox, and of those before it from the same partition of the stage, are
    acknowledged, in the order of the outboxes. A follow-up may have one in its turn. A crash in
    between loses the follow-up, never the state, and the input comes again.
    """

    __slots__ = ("_follow_up", "_groups", "limit", "size")

    def __init__(self, max_batch_bytes: int = 512 * 1024) -> None:
        self.limit = max_batch_bytes
        """Of the bytes of one record batch."""
        self._groups: dict[tuple[str, int], list[RecordGroup]] = {}
        self._follow_up: Outbox | None = None
        self.size = 0
        """Upper bound of the encoded bytes of all that was added."""

    def add(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: RecordHeaders = [],  # noqa: B006  # shared by all records without headers
    ) -> None:
        """Add one record. Raises `BatchTooLargeError`."""
        self.add_atomically(topic, partition, (OutRecord(key, value, headers),))

    def add_atomically(self, topic: str, partition: int, records: Sequence[OutRecord]) -> None:
        """Add records that land in one record batch, so that either all are in the log or none.

        Raises `BatchTooLargeError` when together they exceed a batch.
        """
        if not records:
            return
        size = self.size_of(topic, *records)
        self._groups_at(topic, partition).append(tuple(records))
        self.size += size

    def size_of(self, topic: str, *records: OutRecord) -> int:
        """An upper bound of what the records take in one batch, which they have to fit into.

        Raises `BatchTooLargeError`. For handlers that look before they change their state.
        """
        one = len(records) == 1
        size = encoded_size(records[0]) if one else sum(map(encoded_size, records))
        if size > self.limit:
            raise BatchTooLargeError(topic, size, self.limit)
        return size

    def require(self, topic: str, record: OutRecord) -> None:
        """Raises `BatchTooLargeError` when the record does not fit. A small value is believed: key
        and headers repeat what stands in it, so all of them come to four times as much at most."""
        if record.value is not None and len(record.value) > self.limit // 4 - 4096:
            self.size_of(topic, record)

    def fitting(self, records: Sequence[OutRecord]) -> Iterator[Sequence[OutRecord]]:
        """The records in groups that fit into a batch each, in order: one, wherever they all fit.

        One that does not fit by itself is a group of its own.
        """
        group: list[OutRecord] = []
        size = 0
        for record in records:
            more = encoded_size(record)
            if group and size + more > self.limit:
                yield group
                group, size = [], 0
            group.append(record)
            size += more
        if group:
            yield group

    def _groups_at(self, topic: str, partition: int) -> list[RecordGroup]:
        place = (topic, partition)
        groups = self._groups.get(place)
        if groups is None:
            groups = self._groups[place] = []
        return groups

    @property
    def follow_up(self) -> "Outbox":
        """What is sent after this outbox, and is acknowledged before the input is."""
        if self._follow_up is None:
            self._follow_up = Outbox(self.limit)
        return self._follow_up

    def take_follow_up(self) -> "Outbox | None":
        """The follow-up, if anything was added to it or to one of its own."""
        follow_up = self._follow_up
        if follow_up is None or not (follow_up.groups or follow_up.take_follow_up()):
            return None
        return follow_up

    @property
    def total_size(self) -> int:
        """The size with that of all that follows."""
        return self.size + (0 if self._follow_up is None else self._follow_up.total_size)

    @property
    def groups(self) -> Mapping[tuple[str, int], Sequence[RecordGroup]]:
        """What was added, by topic and partition, in order; each group belongs into one batch."""
        return self._groups
