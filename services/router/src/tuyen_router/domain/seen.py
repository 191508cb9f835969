"""The ring of a customer's recent events: what was handled before (R9.2), and what is news (I12).

Before the ring stands, in four bytes, the latest time of all events that it has forgotten. An entry
is sixteen bytes: five of the event's id, two that tell its conversation from the few others of the
customer, five of its inbound offset, and four of its time. Times are whole seconds by the sender's
clock, which a webhook that comes again repeats; none is later than our own clock had it.
"""

from datetime import datetime
from enum import Enum, auto
from hashlib import blake2b
from struct import Struct
from zlib import crc32

from tuyen_events.ids import ConversationId, EventId, MessageId
from tuyen_events.limits import REMOVALS

REMEMBERED_EVENTS = 16
"""Of each customer. Of an older one its time is told (`Seen.PERHAPS`)."""
_FORGOTTEN = 4
_DIGEST = 5
_TAG = 7
_OFFSET = 12
_ENTRY = 16
_TAG_BITS = 0xFFFF
_entry = Struct(f">{_DIGEST}sHBII").pack
"""The offset's five bytes are one and four."""
_NO_TIME = 0
_OLDER_ENTRY = 16
_OLDER_DIGEST = 8
_OLDER_TAG = 10
_REMOVAL = 6


class Seen(Enum):
    """What a customer's ring of recent events says of one more (R9.2)."""

    NEVER = auto()
    BEFORE = auto()
    """The record itself was handled: it comes again after a crash."""
    AS_ANOTHER = auto()
    """Another record of the same event was handled: its webhook was delivered twice."""
    PERHAPS = auto()
    """It is no later than one that the ring has forgotten, so it may be that one; or it comes late,
    for the first time, after more than sixteen others of its customer."""


def time_of(occurred: datetime, accepted: datetime) -> int:
    """An event's time as the ring has it; 0, before 1970, is none."""
    earlier = occurred if occurred < accepted else accepted
    return max(_NO_TIME, int(earlier.timestamp()))


def arrival_of(seen: bytes, event: EventId, offset: int, time: int = _NO_TIME) -> Seen:
    """Whether an event, at an inbound offset, was handled before.

    A customer's events are handled in the order of their offsets, so what stands at or below the
    last one in the ring was handled, even when the ring has forgotten it.
    """
    if not seen:
        return Seen.NEVER
    digest = _digest(event)
    at = seen.find(digest, _FORGOTTEN)
    while at >= 0 and (at - _FORGOTTEN) % _ENTRY:  # the bytes of two entries can look like it
        at = seen.find(digest, at + 1)
    if at >= 0:
        first = int.from_bytes(seen[at + _TAG : at + _OFFSET])
        return Seen.BEFORE if first == offset else Seen.AS_ANOTHER
    if offset <= int.from_bytes(seen[_TAG - _ENTRY : _OFFSET - _ENTRY]):
        return Seen.BEFORE
    if _NO_TIME < time <= int.from_bytes(seen[:_FORGOTTEN]):
        return Seen.PERHAPS
    return Seen.NEVER


def with_seen(
    seen: bytes, event: EventId, conversation: ConversationId, offset: int, time: int = _NO_TIME
) -> bytes:
    """The ring with one more event in it; the oldest of more than there may be is forgotten."""
    tag = crc32(conversation.encode()) & _TAG_BITS
    entry = _entry(_digest(event), tag, offset >> 32, offset & 0xFFFF_FFFF, time)
    if not seen:
        return bytes(_FORGOTTEN) + entry
    if len(seen) < _FORGOTTEN + REMEMBERED_EVENTS * _ENTRY:
        return seen + entry
    second = _FORGOTTEN + _ENTRY
    forgotten = max(seen[:_FORGOTTEN], seen[_FORGOTTEN + _OFFSET : second])
    return forgotten + seen[second:] + entry


def came_after(seen: bytes, conversation: ConversationId, offset: int) -> bool:
    """Whether an event of the conversation stands in the ring behind an inbound offset."""
    tag = _tag(conversation)
    return any(
        seen[start + _DIGEST : start + _TAG] == tag
        and int.from_bytes(seen[start + _TAG : start + _OFFSET]) > offset
        for start in range(_FORGOTTEN, len(seen), _ENTRY)
    )


def was_removed(removed: bytes, message: MessageId | None) -> bool:
    """Whether the message or comment is one of those that its customer took back last."""
    if not removed or message is None:
        return False
    digest = _removal(message)
    return any(removed[at : at + _REMOVAL] == digest for at in range(0, len(removed), _REMOVAL))


def with_removed(removed: bytes, message: MessageId) -> bytes:
    """What a customer took back last, with one more; the oldest of too many is forgotten."""
    if was_removed(removed, message):
        return removed
    return (removed + _removal(message))[-REMOVALS * _REMOVAL :]


def as_written_today(seen: bytes) -> bytes:
    """A ring that an earlier version wrote, without times, as this one writes it.

    Its entries had eight bytes of the event's id, two of the conversation and six of the offset.
    """
    if not seen or len(seen) % _ENTRY:
        return seen
    entries = [
        seen[at : at + _DIGEST]
        + seen[at + _OLDER_DIGEST : at + _OLDER_TAG]
        + seen[at + _OLDER_TAG + 1 : at + _OLDER_ENTRY]
        + bytes(_ENTRY - _OFFSET)
        for at in range(0, len(seen), _OLDER_ENTRY)
    ]
    return bytes(_FORGOTTEN) + b"".join(entries)


def _digest(event: EventId) -> bytes:
    """Five bytes of an id, which is itself a digest: one event in 10^11 looks like one of sixteen
    others, and is then shown, and no news."""
    return bytes.fromhex(event.removeprefix("evt_")[: 2 * _DIGEST])


def _removal(message: MessageId) -> bytes:
    """Six bytes: what looks like another that was taken back (one in 10^13) would be lost."""
    return blake2b(message.encode(), digest_size=_REMOVAL).digest()


def _tag(conversation: ConversationId) -> bytes:
    """Two bytes of a conversation's id. Two of one customer that share them (one in 65,536) can
    only leave a conversation open that an agent called done on an old view of it."""
    return (crc32(conversation.encode()) & _TAG_BITS).to_bytes(_TAG - _DIGEST)
