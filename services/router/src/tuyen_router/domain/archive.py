"""Conversations at rest: what is kept of comments that nothing happened to for a day or two.

A root comment, or a customer's thread on a livestream, is a row of some four hundred bytes while it
is young or waits, and 24 bytes afterwards, from which the row can be made again (R9.6). After
`REMEMBERED_DAYS` without anything it is let go.

An entry: eight bytes that tell the conversation, six of an inbound offset, two of the day of its
last record, three of its version, three that name organization and agent, one of the reason, and
one that says whether it is done (I12). Entries are in buckets by the first twelve bits, in the
order in which they came to rest; the offset is that up to which the events of a done one had been
seen.

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
"""Longer than a webhook's body is kept, from which it could be told again (R9.2)."""

MOST_ENTRIES = 6_000
"""Of a bucket, for it is one record, and some of them are written in one batch: past that the
oldest are let go sooner. That is 25 million conversations of a partition."""

Owner = tuple[OrganizationId, AgentId | None]

_WHOSE = Struct(">19x3sx?")
"""Of an entry, who has the conversation and whether it is done."""
_DIGEST, _OFFSET, _DAY, _VERSION, _OWNER, _REASON, ENTRY_BYTES = 8, 14, 16, 19, 22, 23, 24
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
rest; a record tells the number, as one does of an owner."""

_MOST_REASONS = 256
"""A number is one byte."""


class ArchivedConversation(NamedTuple):
    """A conversation at rest."""

    owner: Owner
    version: int
    reason: Reason
    day: int
    inbound: int
    is_done: bool


@dataclass(slots=True)
class Archive:
    """All conversations of a partition that are at rest."""

    buckets: dict[int, bytes] = field(default_factory=dict)
    owners: list[Owner] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=lambda: list(_NUMBERED))
    """By number."""
    _places: dict[Owner, int] = field(default_factory=dict)

    def add_owner(self, owner: Owner) -> None:
        """The next one of those who can be named."""
        self._places[owner] = len(self.owners)
        self.owners.append(owner)

    def name_owner(self, place: int, owner: Owner) -> None:
        """What a snapshot says of one of them; each is told before those behind it, and once."""
        if place == len(self.owners):
            organization, agent = owner
            self.add_owner(
                (
                    OrganizationId(intern(organization)),
                    None if agent is None else AgentId(intern(agent)),
                )
            )

    def name_reason(self, number: int, reason: Reason) -> None:
        """What a snapshot says of one of the reasons; each is told before those behind it."""
        if number == len(self.reasons):
            self.reasons.append(reason)

    def told_reasons(self) -> Iterator[tuple[int, Reason]]:
        """The reasons that have their number in this partition alone, with it. Few: those that came
        after the entries were first kept."""
        return islice(enumerate(self.reasons), len(_NUMBERED), None)

    def can_hold(self, reason: Reason) -> bool:
        """Whether the reason has a number, or can be given one."""
        return len(self.reasons) < _MOST_REASONS or reason in self.reasons

    def put(self, conversation: ConversationId, rested: ArchivedConversation) -> int:
        """Takes a conversation in; returns its bucket's number."""
        digest = _digest(conversation)
        number = _bucket_of(digest)
        if rested.owner not in self._places:
            self.add_owner(rested.owner)
        if rested.reason not in self.reasons:
            self.reasons.append(rested.reason)
        entry = (
            digest
            + rested.inbound.to_bytes(_OFFSET - _DIGEST)
            + rested.day.to_bytes(_DAY - _OFFSET)
            + rested.version.to_bytes(_VERSION - _DAY)
            + self._places[rested.owner].to_bytes(_OWNER - _VERSION)
            + self.reasons.index(rested.reason).to_bytes()
            + rested.is_done.to_bytes()
        )
        self.buckets[number] = self.buckets.get(number, b"") + entry
        return number

    def find(self, conversation: ConversationId) -> ArchivedConversation | None:
        """A conversation that is at rest."""
        number, at = self._place(_digest(conversation))
        if at < 0:
            return None
        return self._read(self.buckets[number][at : at + ENTRY_BYTES])

    def take(self, conversation: ConversationId) -> ArchivedConversation | None:
        """Gives a conversation out; it is not at rest any more."""
        number, at = self._place(_digest(conversation))
        if at < 0:
            return None
        bucket = self.buckets[number]
        self._keep(number, bucket[:at] + bucket[at + ENTRY_BYTES :])
        return self._read(bucket[at : at + ENTRY_BYTES])

    def _place(self, digest: bytes) -> tuple[int, int]:
        """The bucket, and where in it; -1 is nowhere."""
        number = _bucket_of(digest)
        bucket = self.buckets.get(number, b"")
        at = bucket.find(digest)
        while at >= 0 and at % ENTRY_BYTES:  # the bytes of two entries can look like it
            at = bucket.find(digest, at + 1)
        return number, at

    def let_go(self, number: int, before: int) -> list[ArchivedConversation]:
        """Forgets what had its last record before a day; only the oldest of the bucket are looked
        at, since they stand in the order in which they came to rest."""
        bucket = self.buckets.get(number, b"")
        end = max(0, len(bucket) - MOST_ENTRIES * ENTRY_BYTES)
        while end < len(bucket) and _day(bucket, end) < before:
            end += ENTRY_BYTES
        if end == 0:
            return []
        self._keep(number, bucket[end:])
        return [self._read(bucket[at : at + ENTRY_BYTES]) for at in range(0, end, ENTRY_BYTES)]

    def open_ones(self) -> dict[Owner, int]:
        """How many each owner has that are not done; every owner of any is named."""
        entries = Counter(chain.from_iterable(map(_WHOSE.iter_unpack, self.buckets.values())))
        counts = dict.fromkeys(self.owners, 0)
        for (place, is_done), count in entries.items():
            if not is_done:
                counts[self.owners[int.from_bytes(place)]] += count
        return counts

    def _keep(self, number: int, bucket: bytes) -> None:
        if bucket:
            self.buckets[number] = bucket
        else:
            del self.buckets[number]

    def _read(self, entry: bytes) -> ArchivedConversation:
        return ArchivedConversation(
            owner=self.owners[int.from_bytes(entry[_VERSION:_OWNER])],
            version=int.from_bytes(entry[_DAY:_VERSION]),
            reason=self.reasons[entry[_OWNER]],
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
