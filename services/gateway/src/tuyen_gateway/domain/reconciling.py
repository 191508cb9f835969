"""A row brought into line with the messages of its thread, as these come to be.

All of it is idempotent, and what cannot be told from the row and one message is a `Doubt`.
"""

from datetime import datetime
from enum import Flag, auto

import msgspec

from tuyen_gateway.domain.inbox import Conversation, active, recounted
from tuyen_gateway.domain.previews import last_of
from tuyen_gateway.domain.reading import with_withdrawn
from tuyen_gateway.domain.threads import Direction, Instant, Message


class Doubt(Flag):
    """What of a row has to be asked of its thread."""

    NOTHING = 0
    LAST = auto()
    WAITING = auto()
    UNREAD = auto()
    """When the last inbound event that stands was accepted."""
    BORN = auto()
    """Whether any message came before its removal: a row without one is in no list (R4.6)."""


def reconcile(row: Conversation, message: Message) -> tuple[Conversation, Doubt]:
    """The row after its thread's message came to be as it is now. Idempotent.

    A removed message leaves the row where it is in the list, no text behind, and nothing unread.
    """
    moment = message.moment
    if moment is None:
        return row, Doubt.NOTHING
    row = active(_moved(row, moment[1]), moment[1])
    if message.direction is Direction.OUT:
        row, doubt = _answered(row, moment)
    else:
        row, doubt = _asked(row, message, moment)
    row, doubtful_text = _said(row, message, moment)
    if message.stillborn:
        return row, doubt | doubtful_text | Doubt.BORN
    return _born(row, message), doubt | doubtful_text if doubtful_text else doubt


def _born(row: Conversation, message: Message | None) -> Conversation:
    """The row in the lists of its organization, once it is known whose it is, and if there is a
    message in it that came before its removal."""
    shown = None if message is None or row.customer is None else message.organization
    if row.organization == shown:
        return row
    return msgspec.structs.replace(row, organization=shown)


def _moved(row: Conversation, at: datetime) -> Conversation:
    if row.updated_at is not None and row.updated_at >= at:
        return row
    return msgspec.structs.replace(row, updated_at=at)


def _answered(row: Conversation, moment: Instant) -> tuple[Conversation, Doubt]:
    if row.answered is not None and row.answered >= moment:
        return row, Doubt.NOTHING
    row = msgspec.structs.replace(row, answered=moment)
    if row.waiting is None or row.waiting > moment:
        return row, Doubt.NOTHING
    between = row.last_inbound is not None and row.last_inbound > moment
    return msgspec.structs.replace(row, waiting=None), Doubt.WAITING if between else Doubt.NOTHING


def _asked(row: Conversation, message: Message, moment: Instant) -> tuple[Conversation, Doubt]:
    if row.last_inbound is None or row.last_inbound < moment:
        row = msgspec.structs.replace(row, last_inbound=moment)
    if row.first_inbound_at is None or row.first_inbound_at > moment[1]:
        row = msgspec.structs.replace(row, first_inbound_at=moment[1])
    if message.removed:
        doubt = Doubt.WAITING if row.waiting == moment else Doubt.NOTHING
        if row.last_inbound_at == moment[1]:
            doubt |= Doubt.UNREAD
        return _withdrawn(row, message), doubt
    if row.last_inbound_at is None or row.last_inbound_at < moment[1]:
        row = msgspec.structs.replace(row, last_inbound_at=moment[1])
    if row.answered is not None and row.answered >= moment:
        return row, Doubt.NOTHING
    if row.waiting is not None and row.waiting <= moment:
        return row, Doubt.NOTHING
    return msgspec.structs.replace(row, waiting=moment), Doubt.NOTHING


def _withdrawn(row: Conversation, message: Message) -> Conversation:
    """The row after the event that added the message was taken back."""
    if message.offset is None or message.partition is None:
        return row
    withdrawn = with_withdrawn(row.withdrawn, (message.offset, message.partition))
    if withdrawn == row.withdrawn:
        return row
    return recounted(msgspec.structs.replace(row, withdrawn=withdrawn))


def _said(row: Conversation, message: Message, moment: Instant) -> tuple[Conversation, Doubt]:
    if message.removed:
        shown = row.last is not None and row.last.id == message.id
        return row, Doubt.LAST if shown else Doubt.NOTHING
    if row.last is not None and row.last.order > (*moment, message.id):
        return row, Doubt.NOTHING
    return msgspec.structs.replace(row, last=last_of(message)), Doubt.NOTHING


def settle_last(row: Conversation, newest: Message | None) -> Conversation:
    """The row with the newest message of its thread that was not removed."""
    return msgspec.structs.replace(row, last=None if newest is None else last_of(newest))


def settle_waiting(row: Conversation, first: Message | None) -> Conversation:
    """The row with the first inbound message after our last word that was not removed."""
    return msgspec.structs.replace(row, waiting=None if first is None else first.moment)


def settle_unread(row: Conversation, newest: Message | None) -> Conversation:
    """The row with the acceptance of the last inbound message that was not removed."""
    return msgspec.structs.replace(
        row, last_inbound_at=None if newest is None else newest.accepted_at
    )


def settle_born(row: Conversation, some: Message | None) -> Conversation:
    """The row with some message of its thread that came before its removal, or without any."""
    return _born(row, some)
