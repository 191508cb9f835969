"""Who has read what (I5), from a row's inbound events and the agents' marks.

Inbound events are identified by their positions in the log. A mark says how many an agent has seen
and, by partition, up to which offset, so that an event that its author removes later is subtracted
from the unread counts of exactly those agents who had not seen it (R4.6).

Decides I5.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from tuyen_events.ids import AgentId
from tuyen_events.limits import AGENTS, WITHDRAWN_EVENTS
from tuyen_events.marks import ConversationRead

NONE_YET = -1
"""An offset before the first."""

EventPlace = tuple[int, int]
"""The offset and the partition of an inbound event."""


class ReadMark(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a conversation an agent has seen."""

    agent_id: AgentId
    seen_events: int
    seen: dict[str, int] | None = None
    """By partition of `inbound`, the last offset among them; null in marks that are older than this
    field."""
    offset: int = NONE_YET
    """The position of the mark in its partition of `marks`."""


def add_read_mark(
    reads: Collection[ReadMark], event: ConversationRead, offset: int
) -> tuple[ReadMark, ...]:
    """The marks with one more, in the order of the agents' ids. If there are more agents than one
    organization can have at a time, the oldest marks are forgotten."""
    marks = {read.agent_id: read for read in reads}
    marks[event.agent_id] = ReadMark(
        agent_id=event.agent_id, seen_events=event.seen_events, seen=event.seen, offset=offset
    )
    kept = sorted(marks.values(), key=lambda read: read.offset)[-AGENTS:]
    return tuple(sorted(kept, key=lambda read: read.agent_id))


def add_withdrawn(withdrawn: tuple[EventPlace, ...], place: EventPlace) -> tuple[EventPlace, ...]:
    """The positions of the removed events, with one more; the last ones are kept. The order in
    which they are read makes no difference."""
    if place in withdrawn:
        return withdrawn
    return tuple(sorted({*withdrawn, place})[-WITHDRAWN_EVENTS:])


def count_live_events(
    inbound_events: int, counted: Mapping[str, int], withdrawn: Collection[EventPlace]
) -> int:
    """The number of counted events that were not removed."""
    return inbound_events - sum(_has_reached(counted, place) for place in withdrawn)


def count_unread_events(
    read: ReadMark,
    inbound_events: int,
    counted: Mapping[str, int],
    withdrawn: Collection[EventPlace],
) -> int:
    """The number of events that were not removed and that the agent has not seen."""
    unread = inbound_events - read.seen_events
    if read.seen is not None:
        unread -= sum(
            _has_reached(counted, place) and not _has_reached(read.seen, place)
            for place in withdrawn
        )
    return max(0, unread)


def _has_reached(offsets: Mapping[str, int], place: EventPlace) -> bool:
    offset, partition = place
    return offsets.get(str(partition), NONE_YET) >= offset


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPosition:
    """How far somebody has seen a conversation: the content of a mark."""

    events: int
    until: Mapping[str, int]
    """By partition of `inbound`, the last offset among them."""


def find_position_before(
    inbound_events: int, counted: Mapping[str, int], unseen: Mapping[int, int], unseen_events: int
) -> ReadPosition:
    """Everything that was counted, without the events at or after the offsets `unseen` of their
    partitions, of which there are `unseen_events`."""
    until = dict(counted)
    for partition, offset in unseen.items():
        place = str(partition)
        until[place] = min(until.get(place, NONE_YET), offset - 1)
    return ReadPosition(events=max(0, inbound_events - unseen_events), until=until)
