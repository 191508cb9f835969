"""What a service asks of the log.

Topics are named by their rows in `tuyen_events.topics`; the installation's prefix is the
implementation's business. Both implementations pass one conformance suite.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

import msgspec

from tuyen_events.event import Envelope
from tuyen_events.topics import Topic

Headers = Sequence[tuple[str, bytes]]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as it stands in the log. `topic` is without prefix; `timestamp` is in ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Where an acknowledged record stands."""

    partition: int
    offset: int


class Unwritten(NamedTuple):
    """A record for `append_all`."""

    topic: Topic
    key: str
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    """As in `append`."""


Batch = Mapping[tuple[str, int], Sequence[Record]]
"""Records by topic and partition, each in log order."""

Offsets = Mapping[tuple[str, int], int]
"""By topic and partition, the offset of the next record to handle."""

Starts = Callable[[Offsets], Awaitable[Offsets]]
"""Given the committed offsets of what a member got (0 where there is none), says from where to
read each of them."""


class LogUnavailableError(Exception):
    """The log did not answer in time; what was asked may or may not have happened."""


class RecordTooLargeError(ValueError):
    """The record is larger than its topic takes: it stands nowhere, and trying again is no use."""


class Log(Protocol):
    """Appends and reads. Everything may raise LogUnavailableError."""

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> Appended:
        """Appends an event and returns once all in-sync replicas have it.

        Appends of one caller to one partition stand in the order of the calls, and a retry inside
        never doubles one. `partition` places the record where the key's own hash would not.
        Raises LogUnavailableError after 30 s, when the record may still come to stand in the log,
        and RecordTooLargeError.
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
    ) -> Appended:
        """The same for a record that is no event: a raw body, or (None) the removal of a key."""
        ...

    async def append_all(
        self, records: Sequence[Unwritten], *, within_s: float = 30.0
    ) -> list[Appended]:
        """Appends records of any topics, all under way together, and returns once every one of them
        is acknowledged: one wait, whatever their number.

        Records of one partition stand in the order given, and after what was appended before. When
        it raises, after `within_s` seconds at the latest, any of them may stand in the log or come
        to stand there, but none before one that it follows in its partition. One that is too large
        raises RecordTooLargeError before any is sent.
        """
        ...

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        """By partition, the offset that the next record will get."""
        ...

    def tail(self, *topics: Topic, from_start: bool = True) -> AbstractAsyncContextManager["Tail"]:
        """Reads all partitions of `topics` without a group: a full copy for this process alone."""
        ...

    def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AbstractAsyncContextManager["Subscription"]:
        """Shares the partitions of `topics` with the other members of `group`.

        Topics with equal partition counts are shared alike: one member has the same partition of
        all of them. A share is read from its committed offsets, or from the beginning where there
        are none; with `starts`, from where that says. It is called for the whole of this member's
        share whenever shares are dealt anew, between two batches and before the first record of
        the new share is given out: whoever keeps state by partition recovers it there.
        """
        ...


class Tail(Protocol):
    """A reader that follows topics to their end and beyond."""

    def batches(self) -> AsyncIterator[Batch]:
        """Records as they come, without end. The first batches may be empty."""
        ...

    @property
    def caught_up(self) -> bool:
        """Whether every batch up to the ends, as they were on entering, was taken and returned
        from. Stays true."""
        ...


class Subscription(Protocol):
    """A group member's reader. At least once: what was not committed comes again."""

    def batches(self) -> AsyncIterator[Batch]:
        """Records as they come, without end; empty batches prove that the member is alive."""
        ...

    async def commit(self) -> None:
        """Marks all batches given out so far as handled. A member that lost its partitions in the
        meantime commits nothing: their new owner handles them again."""
        ...

    def partitions(self) -> frozenset[tuple[str, int]]:
        """What this member has at the moment."""
        ...

    async def positions(self) -> Offsets:
        """The next record that each partition of this member will give out; empty while shares
        are being dealt anew."""
        ...
