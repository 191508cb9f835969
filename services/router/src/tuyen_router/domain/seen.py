"""The ring of a customer's recent events: which were handled before (R9.2), and which are new
(I12).

The ring begins with four bytes: the latest time of all events that have dropped out of it. Each
entry has sixteen bytes: five of the event's id, two that identify the conversation
among the few of the customer, five of the inbound offset, and four of the event's time. Times are
whole seconds by the sender's clock, which a webhook that is delivered again repeats; none is later
than the time at which we accepted the event.

Decides R9.2.
"""

from datetime import datetime
from enum import Enum, auto
from hashlib import blake2b
from struct import Struct
from zlib import crc32

from tuyen_events.ids import ConversationId, EventId, MessageId
from tuyen_events.limits import REMOVALS

REMEMBERED_EVENTS = 16
"""For each customer. An older event can be recognized only by its time (`Seen.UNCERTAIN`)."""
_FORGOTTEN = 4
_DIGEST = 5
_TAG = 7
_OFFSET = 12
_ENTRY = 16
_TAG_BITS = 0xFFFF
_entry = Struct(f">{_DIGEST}sHBII").pack
"""The five bytes of the offset are packed as one and four."""
_NO_TIME = 0
_OLDER_ENTRY = 16
_OLDER_DIGEST = 8
_OLDER_TAG = 10
_REMOVAL = 6


class Seen(Enum):
    """What a customer's ring of recent events says about an event (R9.2)."""

    NEVER = auto()
    BEFORE = auto()
    """This very record was handled: it is read again after a crash."""
    AS_ANOTHER = auto()
    """Another record of the same event was handled: the webhook was delivered twice."""
    UNCERTAIN = auto()
    """The event is no later than one that has dropped out of the ring. It is either that event
    again, or it arrives for the first time, late, after more than sixteen others of its customer.
    """


def time_of(occurred: datetime, accepted: datetime) -> int:
    """An event's time as the ring stores it; 0, also for times before 1970, means no time."""
    earlier = occurred if occurred < accepted else accepted
    return max(_NO_TIME, int(earlier.timestamp()))


def recognize(seen: bytes, event: EventId, offset: int, time: int = _NO_TIME) -> Seen:
    """Whether an event, at an inbound offset, was handled before.

    A customer's events are handled in the order of their offsets, so an event at or before the last
    offset in the ring was handled, even when it has dropped out of the ring.
    """
    if not seen:
        return Seen.NEVER
    digest = _digest(event)
    at = seen.find(digest, _FORGOTTEN)
    while at >= 0 and (at - _FORGOTTEN) % _ENTRY:  # a match across two entries is not an entry
        at = seen.find(digest, at + 1)
    if at >= 0:
        first = int.from_bytes(seen[at + _TAG : at + _OFFSET])
        return Seen.BEFORE if first == offset else Seen.AS_ANOTHER
    if offset <= int.from_bytes(seen[_TAG - _ENTRY : _OFFSET - _ENTRY]):
        return Seen.BEFORE
    if _NO_TIME < time <= int.from_bytes(seen[:_FORGOTTEN]):
        return Seen.UNCERTAIN
    return Seen.NEVER


def remember_seen(
    seen: bytes, event: EventId, conversation: ConversationId, offset: int, time: int = _NO_TIME
) -> bytes:
    """The ring with one more event added. When it is full, the oldest event drops out."""
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
    """Whether the ring contains an event of the conversation after an inbound offset."""
    tag = _tag(conversation)
    return any(
        seen[start + _DIGEST : start + _TAG] == tag
        and int.from_bytes(seen[start + _TAG : start + _OFFSET]) > offset
        for start in range(_FORGOTTEN, len(seen), _ENTRY)
    )


def was_removed(removed: bytes, message: MessageId | None) -> bool:
    """Whether the message or comment is one of those that its customer removed last."""
    if not removed or message is None:
        return False
    digest = _removal(message)
    return any(removed[at : at + _REMOVAL] == digest for at in range(0, len(removed), _REMOVAL))


def with_removed(removed: bytes, message: MessageId) -> bytes:
    """The messages and comments that a customer removed last, with one more; the oldest of too many
    is forgotten."""
    if was_removed(removed, message):
        return removed
    return (removed + _removal(message))[-REMOVALS * _REMOVAL :]


def upgrade_ring(seen: bytes) -> bytes:
    """Converts a ring that an earlier version wrote, without times, to the present format.

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
    """Five bytes of an id, which is itself a digest. One event in 10^11 is mistaken for one of
    sixteen others; it is then shown in the inbox, but not treated as new."""
    return bytes.fromhex(event.removeprefix("evt_")[: 2 * _DIGEST])


def _removal(message: MessageId) -> bytes:
    """Six bytes of the id: a message that has the same bytes as a removed one (one in 10^13) would
    be lost."""
    return blake2b(message.encode(), digest_size=_REMOVAL).digest()


def _tag(conversation: ConversationId) -> bytes:
    """Two bytes of a digest of a conversation's id. If two conversations of one customer share them
    (one case in 65,536), the only effect is that a conversation may stay open although an agent
    marked it as done from an old view."""
    return (crc32(conversation.encode()) & _TAG_BITS).to_bytes(_TAG - _DIGEST)
