"""The records that result from one handled batch or one step."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from aiokafka.record.default_records import DefaultRecordBatchBuilder

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


def encoded_size(record: OutRecord) -> int:
    """An upper bound of the record's encoded size, including the header of a batch."""
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

    It is sent when its handler has returned, and the input is acknowledged when the broker has
    acknowledged every record of it.

    What other services do because of a state must not come before that state is in the log: records
    that are added to `follow_up` are sent once all records of this outbox, and of those before it
    from the same partition of the stage, are acknowledged, in the order of the outboxes. A
    follow-up may have a follow-up itself. A crash in between loses the follow-up, never the state,
    and the input is read again.
    """

    __slots__ = ("_follow_up", "_groups", "limit", "size")

    def __init__(self, max_batch_bytes: int = 512 * 1024) -> None:
        self.limit = max_batch_bytes
        """The most bytes of one record batch."""
        self._groups: dict[tuple[str, int], list[RecordGroup]] = {}
        self._follow_up: Outbox | None = None
        self.size = 0
        """An upper bound of the encoded size of everything that was added."""

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
        """Add records that go into one record batch, so that either all or none of them are in the
        log.

        Raises `BatchTooLargeError` when together they exceed a batch.
        """
        if not records:
            return
        size = self.size_of(topic, *records)
        self._groups_at(topic, partition).append(tuple(records))
        self.size += size

    def size_of(self, topic: str, *records: OutRecord) -> int:
        """An upper bound of the size of the records in one batch, into which they must fit.

        Raises `BatchTooLargeError`. For handlers that check before they change their state.
        """
        one = len(records) == 1
        size = encoded_size(records[0]) if one else sum(map(encoded_size, records))
        if size > self.limit:
            raise BatchTooLargeError(topic, size, self.limit)
        return size

    def require(self, topic: str, record: OutRecord) -> None:
        """Raises `BatchTooLargeError` when the record does not fit. A small value needs no
        computation: key and headers repeat parts of it, so all together take at most four times as
        much."""
        if record.value is not None and len(record.value) > self.limit // 4 - 4096:
            self.size_of(topic, record)

    def fitting(self, records: Sequence[OutRecord]) -> Iterator[Sequence[OutRecord]]:
        """Groups the records so that each group fits into a batch, in order: one group if they all
        fit.

        A record that does not fit by itself is a group of its own.
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
        """An outbox that is sent after this one, and is acknowledged before the input is."""
        if self._follow_up is None:
            self._follow_up = Outbox(self.limit)
        return self._follow_up

    def take_follow_up(self) -> "Outbox | None":
        """The follow-up, if anything was added to it or to its own follow-ups."""
        follow_up = self._follow_up
        if follow_up is None or not (follow_up.groups or follow_up.take_follow_up()):
            return None
        return follow_up

    @property
    def total_size(self) -> int:
        """The size of this outbox and of all its follow-ups."""
        return self.size + (0 if self._follow_up is None else self._follow_up.total_size)

    @property
    def groups(self) -> Mapping[tuple[str, int], Sequence[RecordGroup]]:
        """What was added, by topic and partition, in order; each group belongs into one batch."""
        return self._groups
