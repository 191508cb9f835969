"""The ring of a customer's recent events: what was handled before (R9.2), and what is news (I12).

An entry is sixteen bytes: eight of the event's id, two that tell its conversation from the few
others of the customer, and six of its inbound offset.
"""

from enum import Enum, auto
from zlib import crc32

from tuyen_events.ids import ConversationId, EventId

REMEMBERED_EVENTS = 16
"""Of each customer. The webhook of one that is older, delivered once more, is taken for news: as if
they had written again. Their messages and unread counts have ids of their own against that."""
_DIGEST = 8
_OFFSET = 10
_ENTRY = 16


class Seen(Enum):
    """What a customer's ring of recent events says of one more (R9.2)."""

    NEVER = auto()
    BEFORE = auto()
    """The record itself was handled: it comes again after a crash."""
    AS_ANOTHER = auto()
    """Another record of the same event was handled: its webhook was delivered twice."""


def arrival_of(seen: bytes, event: EventId, offset: int) -> Seen:
    """Whether an event, at an inbound offset, was handled before.

    A customer's events are handled in the order of their offsets, so what stands at or below the
    last one in the ring was handled, even when the ring has forgotten it.
    """
    digest = _digest(event)
    at = seen.find(digest)
    while at % _ENTRY and at >= 0:  # the bytes of two entries can look like it
        at = seen.find(digest, at + 1)
    if at >= 0:
        first = int.from_bytes(seen[at + _OFFSET : at + _ENTRY])
        return Seen.BEFORE if first == offset else Seen.AS_ANOTHER
    last = int.from_bytes(seen[_OFFSET - _ENTRY :]) if seen else -1
    return Seen.BEFORE if offset <= last else Seen.NEVER


def with_seen(seen: bytes, event: EventId, conversation: ConversationId, offset: int) -> bytes:
    """The ring with one more event in it; the oldest of more than there may be is forgotten."""
    entry = _digest(event) + _tag(conversation) + offset.to_bytes(_ENTRY - _OFFSET)
    return (seen + entry)[-REMEMBERED_EVENTS * _ENTRY :]


def came_after(seen: bytes, conversation: ConversationId, offset: int) -> bool:
    """Whether an event of the conversation stands in the ring behind an inbound offset."""
    tag = _tag(conversation)
    return any(
        seen[start + _DIGEST : start + _OFFSET] == tag
        and int.from_bytes(seen[start + _OFFSET : start + _ENTRY]) > offset
        for start in range(0, len(seen), _ENTRY)
    )


def _digest(event: EventId) -> bytes:
    """Eight bytes of an id, which is itself a digest."""
    return bytes.fromhex(event.removeprefix("evt_")[: 2 * _DIGEST])


def _tag(conversation: ConversationId) -> bytes:
    """Two bytes of a conversation's id. Two of one customer that share them (one in 65,536) can
    only leave a conversation open that an agent called done on an old view of it."""
    return (crc32(conversation.encode()) & 0xFFFF).to_bytes(_OFFSET - _DIGEST)
