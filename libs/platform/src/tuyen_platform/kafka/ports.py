"""The log as a service uses it.

Topics are given by their entries in `tuyen_events.topics`; the implementation adds the
installation's prefix. All implementations pass one conformance suite.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from tuyen_events.codec import Headers
from tuyen_events.event import Envelope
from tuyen_events.topic import Topic


class RecordPosition(NamedTuple):
    """Where a record is in the log, and when it was appended (`timestamp`, in ms)."""

    topic: str
    partition: int
    offset: int
    timestamp: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the log. `topic` is without prefix; `timestamp` is in ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def position(self) -> RecordPosition:
        return RecordPosition(self.topic, self.partition, self.offset, self.timestamp)


class RecordMetadata(msgspec.Struct, frozen=True, gc=False):
    """The partition and offset of an acknowledged record."""

    partition: int
    offset: int


class ProducerRecord(NamedTuple):
    """A record for `append_all`."""

    topic: Topic
    key: str
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    """As in `append`."""


Condition = Callable[[int], Awaitable[bool]]
"""Whether records may be appended at this offset, for `append_if`."""

FetchedRecords = Mapping[tuple[str, int], Sequence[Record]]
"""Records by topic and partition, each in log order."""

Offsets = Mapping[tuple[str, int], int]
"""By topic and partition, the offset of the next record to handle."""

Starts = Callable[[Offsets], Awaitable[Offsets]]
"""Gets the committed offsets of the partitions that a member was assigned (0 where there is none),
and returns the offset from which to read each of them."""


class LogUnavailableError(Exception):
    """The log did not answer in time; the operation may or may not have happened."""


class RecordTooLargeError(ValueError):
    """The record is larger than its topic allows: it was not written, and a retry is useless."""


class Log(Protocol):
    """Appends and reads. Every method may raise LogUnavailableError."""

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> RecordMetadata:
        """Appends an event and returns once all in-sync replicas have it.

        Records that one caller appends to one partition are in the order of the calls, and internal
        retries never duplicate a record. `partition` overrides the hash of the key. Raises
        LogUnavailableError after 30 s, when the record may still be appended later, and
        RecordTooLargeError.
        """
        ...

    async def append_bytes(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> RecordMetadata:
        """The same for a record that is no event: a raw body, or (None) a tombstone for the key."""
        ...

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        """Appends records of any topics, all in flight together, and returns once every one of them
        is acknowledged: one wait, whatever their number.

        Records of one partition are in the order given, and after what was appended before. If it
        raises, after `within_s` seconds at the latest, any of them may be in the log or be appended
        later, but none before one that it follows in its partition. One that is too large raises
        RecordTooLargeError before any is sent.
        """
        ...

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        """Appends records of one partition, all or none: none, and None, if `holds` returns False.

        `holds` is called with the offset of the first of them, while no tail returns them. A tail
        whose position has come to that offset has returned everything that will ever be before
        them, so no other append can come between that state and these records. It has 10 s;
        meanwhile tails return nothing that comes after in the partition. If it took more than 3 s,
        the records may have been undone: then they are appended once more, and `holds` is called
        once more, with their new offset. What it raises is passed on, and nothing is appended.

        Whatever process ends in between, and when: no tail returns records for which `holds` did
        not return True, and compaction keeps none; subscriptions may return them, so this is for
        topics that only tails read. Raises LogUnavailableError, when they may be in the log all the
        same, and RecordTooLargeError.
        """
        ...

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        """By partition, the offset that the next record will get."""
        ...

    async def offsets_at(self, topic: Topic, moment: datetime) -> Mapping[int, int]:
        """By partition, the offset of the first record that was appended at `moment` or later; the
        end, if there is none."""
        ...

    def tail(
        self, *topics: Topic, from_start: bool = True, starts: Offsets | None = None
    ) -> AbstractAsyncContextManager["Tail"]:
        """Reads all partitions of `topics` without a group, for a global table of this process:
        from their beginning or their present end, or, where `starts` has an offset for a partition,
        from there on."""
        ...

    def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AbstractAsyncContextManager["Subscription"]:
        """Shares the partitions of `topics` with the other members of `group`.

        Topics with equal partition counts are assigned alike: one member has the same partition of
        all of them. Partitions are read from their committed offsets, or from the beginning where
        there are none; with `starts`, from the offsets that it returns. It is called for all
        partitions of this member after every rebalance, between two batches and before the first
        record of the new assignment is returned: a caller that keeps state by partition recovers it
        there.
        """
        ...


class Tail(Protocol):
    """A reader that follows topics to their end and beyond."""

    def batches(self) -> AsyncIterator[FetchedRecords]:
        """Records as they arrive, without end. The first batches may be empty."""
        ...

    async def positions(self) -> Offsets:
        """The offset after the last batch, of each partition. It may be higher than that of the
        last record: not everything that has an offset is a record, or is kept."""
        ...

    @property
    def is_caught_up(self) -> bool:
        """Whether the caller has taken and finished every batch up to the ends that the topics had
        on entering. Stays true."""
        ...


class Subscription(Protocol):
    """The reader of a group's member. At least once: what was not committed is read again."""

    def batches(self) -> AsyncIterator[FetchedRecords]:
        """Records as they arrive, without end; empty batches show that the member is alive."""
        ...

    async def commit(self) -> None:
        """Commits all batches that were returned so far as handled, and everything before the start
        offsets; nothing when all of that is committed. A member that lost its partitions meanwhile
        commits nothing: their new owner handles the records again."""
        ...

    def partitions(self) -> frozenset[tuple[str, int]]:
        """The partitions that this member has at the moment."""
        ...

    async def positions(self) -> Offsets:
        """The offset of the next record of each partition of this member; empty during a
        rebalance."""
        ...
