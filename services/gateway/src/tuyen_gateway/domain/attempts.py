"""What is known of a reply besides its text: each request to send it, and the messages at the
channel that it became.

Requests, their results and the channel's echoes are read in whatever order. So each of them updates
fields that merge, and what the reply looks like follows from all of them: applying an update again,
or in another order, makes no difference.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from tuyen_events.ids import MessageId
from tuyen_events.outbound import (
    OutboundCancelled,
    OutboundError,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)

ActionTime = tuple[datetime, str]
"""When something was changed at the channel; the event's id decides between equal times."""


class ReplyState(StrEnum):
    """The state of a reply by its requests and results. Whether it was seen belongs to its
    conversation."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody can tell whether it went out."""
    CANCELLED = "cancelled"


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request to send the reply. `requested` is false while only its result is known."""

    id: str
    requested: bool = False
    requested_at: datetime | None = None
    retries: str | None = None
    """The earlier request that it repeats."""
    cancelled: bool = False
    outcome: OutboundOutcome | None = None
    settled_at: datetime | None = None
    error: OutboundError | None = None


class ReplyPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message at the channel that is the reply, or one of several that are. `at` is null until
    its echo has arrived."""

    id: MessageId
    number: int | None = None
    """Its place among the messages of one result; null until that is known."""
    external_id: str | None = None
    at: datetime | None = None
    incomplete: bool = False
    """Whether it was sent by a request of which other parts were not, as far as is known."""
    removed: bool = False
    text: str | None = None
    edited_at: ActionTime | None = None
    """Null unless its text was edited at the channel; then `text` is the new one."""


_RANKS = {
    OutboundOutcome.CANCELLED: 1,
    OutboundOutcome.FAILED: 2,
    OutboundOutcome.DONE: 3,
}
"""Of two results of one request the one with the higher rank counts, since the final result may
arrive after `unknown`. That has rank 0, as has every word of a later version."""


def with_request(
    attempts: Iterable[Attempt], event: OutboundRequested | OutboundCancelled | OutboundSettled
) -> tuple[Attempt, ...]:
    """The attempts after one event about them, in the order of their ids."""
    known = {one.id: one for one in attempts}
    before = known.get(event.request_id, Attempt(id=event.request_id))
    match event:
        case OutboundRequested():
            first = event.at if before.requested_at is None else min(event.at, before.requested_at)
            after = msgspec.structs.replace(
                before, requested=True, requested_at=first, retries=event.retries
            )
        case OutboundCancelled():
            after = msgspec.structs.replace(before, cancelled=True)
        case OutboundSettled():
            after = _settle(before, event)
    known[event.request_id] = after
    return tuple(one for _, one in sorted(known.items()))


def _settle(before: Attempt, event: OutboundSettled) -> Attempt:
    if before.outcome is not None and before.settled_at is not None:
        stored = _RANKS.get(before.outcome, 0), before.settled_at
        if stored >= (_RANKS.get(event.outcome, 0), event.at):
            return before
    return msgspec.structs.replace(
        before, outcome=event.outcome, settled_at=event.at, error=event.error
    )


def with_part(parts: Iterable[ReplyPart], part: ReplyPart) -> tuple[ReplyPart, ...]:
    """The parts with what is known of one of them, in the order of their ids."""
    known = {one.id: one for one in parts}
    before = known.get(part.id)
    known[part.id] = part if before is None else _merge(before, part)
    return tuple(one for _, one in sorted(known.items()))


def _merge(one: ReplyPart, other: ReplyPart) -> ReplyPart:
    numbers = [n for n in (one.number, other.number) if n is not None]
    removed = one.removed or other.removed
    edited = None if removed else _find_later_edit(one, other)
    return ReplyPart(
        id=one.id,
        number=min(numbers, default=None),
        external_id=one.external_id or other.external_id,
        at=one.at or other.at,
        incomplete=one.incomplete or other.incomplete,
        removed=removed,
        text=None if edited is None else edited.text,
        edited_at=None if edited is None else edited.edited_at,
    )


def _find_later_edit(one: ReplyPart, other: ReplyPart) -> ReplyPart | None:
    if one.edited_at is None:
        return None if other.edited_at is None else other
    return other if other.edited_at is not None and one.edited_at < other.edited_at else one


def find_current(attempts: Iterable[Attempt]) -> Attempt | None:
    """The latest request: the one that no other repeats. None while no request is known."""
    requested = [one for one in attempts if one.requested]
    repeated = {one.retries for one in requested}
    return max(
        (one for one in requested if one.id not in repeated), key=lambda one: one.id, default=None
    )


def find_state(
    attempts: Iterable[Attempt], parts: Iterable[ReplyPart], *, is_one_call: bool = True
) -> ReplyState:
    """The state of a reply. It is sent if any of its requests was carried out, or, if it takes
    `is_one_call`, if the channel has echoed it before the result of its last request is known: the
    echo of a part says nothing of the others. One of which a part was sent is not cancelled."""
    attempts, parts = tuple(attempts), tuple(parts)
    if any(one.outcome == OutboundOutcome.DONE for one in attempts):
        return ReplyState.SENT
    current = find_current(attempts)
    failed = current is not None and current.outcome == OutboundOutcome.FAILED
    echoed = any(part.at is not None and not part.incomplete for part in parts)
    if echoed and is_one_call and not failed:
        return ReplyState.SENT
    if current is None or current.outcome is None:
        cancelled = current is not None and current.cancelled and not parts
        return ReplyState.CANCELLED if cancelled else ReplyState.PENDING
    if current.outcome == OutboundOutcome.CANCELLED:
        return ReplyState.FAILED if parts else ReplyState.CANCELLED
    if current.outcome == OutboundOutcome.FAILED:
        return ReplyState.CANCELLED if current.cancelled and not parts else ReplyState.FAILED
    return ReplyState.UNKNOWN


def find_unsettled_since(attempts: Iterable[Attempt]) -> datetime | None:
    """When the first of those requests was made that have no result yet; null if all have one. One
    that was cancelled may be carried out all the same, until its result says that it was not."""
    begun = [one.requested_at for one in attempts if one.outcome is None]
    return min((at for at in begun if at is not None), default=None)


def find_error(attempts: Iterable[Attempt]) -> OutboundError | None:
    """Why the latest request failed."""
    current = find_current(attempts)
    return None if current is None else current.error


def find_sent_at(attempts: Iterable[Attempt], parts: Iterable[ReplyPart]) -> datetime | None:
    """When the last part of a reply was sent, by the channel's clock if it has echoed it."""
    echoed = [part.at for part in parts if part.at is not None]
    if echoed:
        return max(echoed)
    done = [one.settled_at for one in attempts if one.outcome == OutboundOutcome.DONE]
    return max((at for at in done if at is not None), default=None)


def find_external_id(parts: Iterable[ReplyPart]) -> str | None:
    """The id at the channel of a reply's first part, as far as it is known."""
    named = [part for part in parts if part.external_id is not None]
    return min(named, key=_place, default=_NO_PART).external_id


def list_sent_parts(parts: Iterable[ReplyPart]) -> tuple[str, ...]:
    """The ids at the channel of the parts that were sent, from the first one up to the first that
    was not, as far as results say."""
    numbered = {part.number: part.external_id for part in parts}
    found: list[str] = []
    while (sent := numbered.get(len(found))) is not None:
        found.append(sent)
    return tuple(found)


_NO_PART = ReplyPart(id=MessageId(""))


def _place(part: ReplyPart) -> tuple[bool, int, str]:
    return part.number is None, part.number or 0, part.id
