"""Conversations at rest: comment and livestream threads to which nothing happened for a day or two.

While it is young or waits, such a thread has a full state of some four hundred bytes; at rest it is
an entry of 24 bytes, from which the state can be made again (R9.6). After `REMEMBERED_DAYS` without
any event the entry is forgotten.

An entry consists of eight bytes of a digest of the conversation's id, six of an inbound offset, two
of the day of its last record, three of its version, three that refer to organization and agent, one
of the reason, and one that says whether it is done (I12). The first twelve bits of the digest
select the bucket; within a bucket, entries are in the order in which they came to rest. For a
conversation that is done, the offset is that of the last event that was seen.

Decides R9.6 and INV8.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain, islice
from struct import Struct
from sys import intern
from typing import NamedTuple

from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.vocabulary import Reason

REMEMBERED_DAYS = 40
"""Longer than the body of a webhook is kept, from which the event could be replayed (R9.2)."""

MOST_ENTRIES = 6_000
"""The limit of a bucket. A bucket is one record, and several of them are written in one batch, so
beyond this limit the oldest entries are forgotten earlier. That allows 25 million conversations in
a partition."""

Assignee = tuple[OrganizationId, AgentId | None]

_WHOSE = Struct(">19x3sx?")
"""Unpacks the assignee of the conversation, and whether it is done, from an entry."""
_DIGEST, _OFFSET, _DAY, _VERSION, _ASSIGNEE, _REASON, ENTRY_BYTES = 8, 14, 16, 19, 22, 23, 24
_NUMBERED = (
    Reason.ROTATION,
    Reason.RANDOM,
    Reason.LEAST_LOADED,
    Reason.STICKY_LOST,
    Reason.REASSIGNED_OFFLINE,
    Reason.QUEUE_DRAINED,
    Reason.MANUAL,
    Reason.TAKEN,
    Reason.UNASSIGNED,
    Reason.BULK,
    Reason.QUEUED,
    Reason.NO_CANDIDATE,
)
"""The reasons that have the same number in every partition. All others, those of later versions
among them, get the next number of their partition when the first conversation with them comes to
rest. A record stores the number, as it does of an assignee."""

_MOST_REASONS = 256
"""A number is one byte."""


class ArchivedConversation(NamedTuple):
    """A conversation at rest."""

    assignee: Assignee
    version: int
    reason: Reason
    day: int
    inbound: int
    is_done: bool


@dataclass(slots=True)
class Archive:
    """All conversations of a partition that are at rest."""

    buckets: dict[int, bytes] = field(default_factory=dict)
    assignees: list[Assignee] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=lambda: list(_NUMBERED))
    """By number."""
    _places: dict[Assignee, int] = field(default_factory=dict)

    def add_assignee(self, assignee: Assignee) -> None:
        """Adds an assignee, whose number is the next free one."""
        self._places[assignee] = len(self.assignees)
        self.assignees.append(assignee)

    def add_assignee_from_snapshot(self, place: int, assignee: Assignee) -> None:
        """Adds an assignee from the snapshot. They come in the order of their numbers; a repeated
        one is ignored."""
        if place == len(self.assignees):
            organization, agent = assignee
            self.add_assignee(
                (
                    OrganizationId(intern(organization)),
                    None if agent is None else AgentId(intern(agent)),
                )
            )

    def add_reason_from_snapshot(self, number: int, reason: Reason) -> None:
        """Adds a reason from the snapshot. Reasons come in the order of their numbers; a repeated
        one is ignored."""
        if number == len(self.reasons):
            self.reasons.append(reason)

    def list_added_reasons(self) -> Iterator[tuple[int, Reason]]:
        """The reasons that have their number in this partition alone, with it. They are few: those
        that are not in `_NUMBERED`."""
        return islice(enumerate(self.reasons), len(_NUMBERED), None)

    def can_hold(self, reason: Reason) -> bool:
        """Whether the reason has a number, or can be given one."""
        return len(self.reasons) < _MOST_REASONS or reason in self.reasons

    def put(self, conversation: ConversationId, rested: ArchivedConversation) -> int:
        """Adds a conversation; returns the number of its bucket."""
        digest = _digest(conversation)
        number = _bucket_of(digest)
        if rested.assignee not in self._places:
            self.add_assignee(rested.assignee)
        if rested.reason not in self.reasons:
            self.reasons.append(rested.reason)
        entry = (
            digest
            + rested.inbound.to_bytes(_OFFSET - _DIGEST)
            + rested.day.to_bytes(_DAY - _OFFSET)
            + rested.version.to_bytes(_VERSION - _DAY)
            + self._places[rested.assignee].to_bytes(_ASSIGNEE - _VERSION)
            + self.reasons.index(rested.reason).to_bytes()
            + rested.is_done.to_bytes()
        )
        self.buckets[number] = self.buckets.get(number, b"") + entry
        return number

    def find(self, conversation: ConversationId) -> ArchivedConversation | None:
        """The conversation, if it is at rest."""
        number, at = self._place(_digest(conversation))
        if at < 0:
            return None
        return self._read(self.buckets[number][at : at + ENTRY_BYTES])

    def take(self, conversation: ConversationId) -> ArchivedConversation | None:
        """Removes a conversation and returns it; None if it is not at rest."""
        number, at = self._place(_digest(conversation))
        if at < 0:
            return None
        bucket = self.buckets[number]
        self._keep(number, bucket[:at] + bucket[at + ENTRY_BYTES :])
        return self._read(bucket[at : at + ENTRY_BYTES])

    def _place(self, digest: bytes) -> tuple[int, int]:
        """The bucket's number, and the entry's index in it; -1 if there is none."""
        number = _bucket_of(digest)
        bucket = self.buckets.get(number, b"")
        at = bucket.find(digest)
        while at >= 0 and at % ENTRY_BYTES:  # a match across two entries is not an entry
            at = bucket.find(digest, at + 1)
        return number, at

    def forget_before(self, number: int, before: int) -> list[ArchivedConversation]:
        """Forgets the entries whose last record is from before a day. Entries are in the order in
        which they came to rest, so only the oldest are looked at."""
        bucket = self.buckets.get(number, b"")
        end = max(0, len(bucket) - MOST_ENTRIES * ENTRY_BYTES)
        while end < len(bucket) and _day(bucket, end) < before:
            end += ENTRY_BYTES
        if end == 0:
            return []
        self._keep(number, bucket[end:])
        return [self._read(bucket[at : at + ENTRY_BYTES]) for at in range(0, end, ENTRY_BYTES)]

    def count_open(self) -> dict[Assignee, int]:
        """How many conversations each assignee has that are not done; includes assignees who have
        none."""
        entries = Counter(chain.from_iterable(map(_WHOSE.iter_unpack, self.buckets.values())))
        counts = dict.fromkeys(self.assignees, 0)
        for (place, is_done), count in entries.items():
            if not is_done:
                counts[self.assignees[int.from_bytes(place)]] += count
        return counts

    def _keep(self, number: int, bucket: bytes) -> None:
        if bucket:
            self.buckets[number] = bucket
        else:
            del self.buckets[number]

    def _read(self, entry: bytes) -> ArchivedConversation:
        return ArchivedConversation(
            assignee=self.assignees[int.from_bytes(entry[_VERSION:_ASSIGNEE])],
            version=int.from_bytes(entry[_DAY:_VERSION]),
            reason=self.reasons[entry[_ASSIGNEE]],
            day=_day(entry, 0),
            inbound=int.from_bytes(entry[_DIGEST:_OFFSET]),
            is_done=bool(entry[_REASON]),
        )


def bucket_of(conversation: ConversationId) -> int:
    """The number of the bucket in which a conversation would rest."""
    return _bucket_of(_digest(conversation))


def _digest(conversation: ConversationId) -> bytes:
    return blake2b(conversation.encode(), digest_size=_DIGEST).digest()


def _bucket_of(digest: bytes) -> int:
    return digest[0] << 4 | digest[1] >> 4


def _day(entries: bytes, at: int) -> int:
    return int.from_bytes(entries[at + _OFFSET : at + _DAY])
