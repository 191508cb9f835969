"""Updates a row from the messages of its thread.

All of it is idempotent. What cannot be derived from the row and one message is a `NeedsRecheck`.
"""

from datetime import datetime
from enum import Flag, auto

import msgspec

from tuyen_gateway.domain.inbox import InboxRow, active, recount
from tuyen_gateway.domain.previews import last_of
from tuyen_gateway.domain.reading import with_withdrawn
from tuyen_gateway.domain.threads import Direction, Instant, Message


class NeedsRecheck(Flag):
    """What of a row has to be read from its thread."""

    NOTHING = 0
    LAST = auto()
    WAITING = auto()
    UNREAD = auto()
    """When the last inbound event that was not removed was accepted."""
    LISTED = auto()
    """Whether any message arrived before its removal: a row without one is in no list (R4.6)."""


def reconcile(row: InboxRow, message: Message) -> tuple[InboxRow, NeedsRecheck]:
    """The row after a message of its thread changed to its present state. Idempotent.

    When a message is removed, the row keeps its place in the list, and shows no text and nothing
    unread of it.
    """
    moment = message.moment
    if moment is None:
        return row, NeedsRecheck.NOTHING
    row = active(_note_activity(row, moment[1]), moment[1])
    if message.direction is Direction.OUT:
        row, recheck = _note_reply(row, moment)
    else:
        row, recheck = _note_inbound(row, message, moment)
    row, recheck_last = _note_last(row, message, moment)
    if message.stillborn:
        return row, recheck | recheck_last | NeedsRecheck.LISTED
    return _list_row(row, message), recheck | recheck_last if recheck_last else recheck


def _list_row(row: InboxRow, message: Message | None) -> InboxRow:
    """Puts the row into its organization's lists once its customer is known and it has a message
    that arrived before its removal; without such a message (None), takes it out of them, unless the
    customer has followed the page."""
    if message is None and row.follow_changed is not None:
        return row
    shown = None if message is None or row.customer is None else message.organization
    if row.organization == shown:
        return row
    return msgspec.structs.replace(row, organization=shown)


def _note_activity(row: InboxRow, at: datetime) -> InboxRow:
    if row.updated_at is not None and row.updated_at >= at:
        return row
    return msgspec.structs.replace(row, updated_at=at)


def _note_reply(row: InboxRow, moment: Instant) -> tuple[InboxRow, NeedsRecheck]:
    if row.answered is not None and row.answered >= moment:
        return row, NeedsRecheck.NOTHING
    row = msgspec.structs.replace(row, answered=moment)
    if row.waiting is None or row.waiting > moment:
        return row, NeedsRecheck.NOTHING
    between = row.last_inbound is not None and row.last_inbound > moment
    return msgspec.structs.replace(
        row, waiting=None
    ), NeedsRecheck.WAITING if between else NeedsRecheck.NOTHING


def _note_inbound(
    row: InboxRow, message: Message, moment: Instant
) -> tuple[InboxRow, NeedsRecheck]:
    if row.last_inbound is None or row.last_inbound < moment:
        row = msgspec.structs.replace(row, last_inbound=moment)
    if row.first_inbound_at is None or row.first_inbound_at > moment[1]:
        row = msgspec.structs.replace(row, first_inbound_at=moment[1])
    if message.removed:
        recheck = NeedsRecheck.WAITING if row.waiting == moment else NeedsRecheck.NOTHING
        if row.last_inbound_at == moment[1]:
            recheck |= NeedsRecheck.UNREAD
        return _note_removal(row, message), recheck
    if row.last_inbound_at is None or row.last_inbound_at < moment[1]:
        row = msgspec.structs.replace(row, last_inbound_at=moment[1])
    if row.answered is not None and row.answered >= moment:
        return row, NeedsRecheck.NOTHING
    if row.waiting is not None and row.waiting <= moment:
        return row, NeedsRecheck.NOTHING
    return msgspec.structs.replace(row, waiting=moment), NeedsRecheck.NOTHING


def _note_removal(row: InboxRow, message: Message) -> InboxRow:
    """Notes that an inbound message was removed."""
    if message.offset is None or message.partition is None:
        return row
    withdrawn = with_withdrawn(row.withdrawn, (message.offset, message.partition))
    if withdrawn == row.withdrawn:
        return row
    return recount(msgspec.structs.replace(row, withdrawn=withdrawn))


def _note_last(row: InboxRow, message: Message, moment: Instant) -> tuple[InboxRow, NeedsRecheck]:
    if message.removed:
        shown = row.last is not None and row.last.id == message.id
        return row, NeedsRecheck.LAST if shown else NeedsRecheck.NOTHING
    if row.last is not None and row.last.order > (*moment, message.id):
        return row, NeedsRecheck.NOTHING
    return msgspec.structs.replace(row, last=last_of(message)), NeedsRecheck.NOTHING


def settle_last(row: InboxRow, newest: Message | None) -> InboxRow:
    """The row with the newest message of its thread that was not removed."""
    return msgspec.structs.replace(row, last=None if newest is None else last_of(newest))


def settle_waiting(row: InboxRow, first: Message | None) -> InboxRow:
    """The row with the first inbound message after our last reply that was not removed."""
    return msgspec.structs.replace(row, waiting=None if first is None else first.moment)


def settle_unread(row: InboxRow, newest: Message | None) -> InboxRow:
    """The row with the acceptance time of the last inbound message that was not removed."""
    return msgspec.structs.replace(
        row, last_inbound_at=None if newest is None else newest.accepted_at
    )


def settle_listed(row: InboxRow, some: Message | None) -> InboxRow:
    """The row with some message of its thread that arrived before its removal, or without any."""
    return _list_row(row, some)
