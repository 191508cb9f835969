"""Updates a row from the messages of its thread.

All of it is idempotent. What cannot be derived from the row and one message is a `NeedsRecheck`.

Only a person's word ends the customer's wait: a reply of ours that was sent, and an echo of what
was written at the channel itself, unless the channel answered automatically (P5b). Where the
channel names the person who wrote, it does, however soon it came.

Decides P5b.
"""

from datetime import datetime, timedelta
from enum import Enum, Flag, auto

import msgspec

from tuyen_events.outbound_limits import AUTOMATIC_WITHIN_S
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.inbox import InboxRow, note_activity, note_interaction, recount
from tuyen_gateway.domain.previews import build_last_message
from tuyen_gateway.domain.read_marks import add_withdrawn
from tuyen_gateway.domain.threads import Direction, Instant, Message


class NeedsRecheck(Flag):
    """The fields of a row that have to be read from its thread."""

    NOTHING = 0
    LAST = auto()
    WAITING = auto()
    UNREAD = auto()
    """When the last inbound event that was not removed was accepted."""
    LISTED = auto()
    """Whether any message arrived before its removal: a row without one is in no list (R4.6)."""
    ANSWERED = auto()
    """When a person on our side replied last; then WAITING as well."""


AUTOMATIC_WITHIN = timedelta(seconds=AUTOMATIC_WITHIN_S)


class EndsWait(Enum):
    """Whether a message of ours ends the customer's wait."""

    YES = auto()
    NO = auto()
    UNLESS_PROMPT = auto()
    """It does, unless the customer wrote within AUTOMATIC_WITHIN before it."""


def answer_in(message: Message) -> EndsWait:
    """Whether a message ends the customer's wait, as far as it says itself."""
    if message.direction is not Direction.OUT:
        return EndsWait.NO
    if message.request is not None:
        return EndsWait.YES if message.state is ReplyState.SENT else EndsWait.NO
    if message.part_of is not None or message.by_person:
        return EndsWait.YES
    return EndsWait.NO if message.automatic else EndsWait.UNLESS_PROMPT


def reconcile(row: InboxRow, message: Message) -> tuple[InboxRow, NeedsRecheck]:
    """The row after a message of its thread changed to its present state. Idempotent.

    When a message is removed, the row keeps its place in the list, and shows no text and nothing
    unread of it.
    """
    moment = message.moment
    if moment is None:
        return row, NeedsRecheck.NOTHING
    row = note_activity(_note_later_activity(row, moment[1]), moment[1])
    if message.direction is Direction.OUT:
        row, recheck = _note_outgoing(row, message, moment)
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


def _note_later_activity(row: InboxRow, at: datetime) -> InboxRow:
    if row.updated_at is not None and row.updated_at >= at:
        return row
    return msgspec.structs.replace(row, updated_at=at)


def _note_outgoing(
    row: InboxRow, message: Message, moment: Instant
) -> tuple[InboxRow, NeedsRecheck]:
    answer = answer_in(message)
    if answer is EndsWait.NO or (row.answered is not None and row.answered >= moment):
        return row, NeedsRecheck.NOTHING
    if answer is EndsWait.UNLESS_PROMPT and row.last_inbound is not None:
        since = moment[0] - row.last_inbound[0]
        if since < timedelta(0):  # the customer has written since, and perhaps just before it
            return row, NeedsRecheck.ANSWERED | NeedsRecheck.WAITING
        if since <= AUTOMATIC_WITHIN:
            return row, NeedsRecheck.NOTHING
    return _note_reply(row, moment)


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
    if not message.comment:
        row = note_interaction(row, moment[0])
    prompted = _may_have_prompted(row, moment)
    if message.removed:
        recheck = prompted
        if row.waiting == moment:
            recheck |= NeedsRecheck.WAITING
        if row.last_inbound_at == moment[1]:
            recheck |= NeedsRecheck.UNREAD
        return _note_removal(row, message), recheck
    if row.last_inbound_at is None or row.last_inbound_at < moment[1]:
        row = msgspec.structs.replace(row, last_inbound_at=moment[1])
    if row.answered is not None and row.answered >= moment:
        return row, prompted
    if row.waiting is not None and row.waiting <= moment:
        return row, prompted
    return msgspec.structs.replace(row, waiting=moment), prompted


def _may_have_prompted(row: InboxRow, moment: Instant) -> NeedsRecheck:
    """Whether what counts as the last answer came so soon after an inbound message that it may be
    automatic: that message may be read later than the answer."""
    if row.answered is None:
        return NeedsRecheck.NOTHING
    since = row.answered[0] - moment[0]
    if timedelta(0) <= since <= AUTOMATIC_WITHIN:
        return NeedsRecheck.ANSWERED | NeedsRecheck.WAITING
    return NeedsRecheck.NOTHING


def _note_removal(row: InboxRow, message: Message) -> InboxRow:
    """Notes that an inbound message was removed."""
    if message.offset is None or message.partition is None:
        return row
    withdrawn = add_withdrawn(row.withdrawn, (message.offset, message.partition))
    if withdrawn == row.withdrawn:
        return row
    return recount(msgspec.structs.replace(row, withdrawn=withdrawn))


def _note_last(row: InboxRow, message: Message, moment: Instant) -> tuple[InboxRow, NeedsRecheck]:
    if message.absent:
        shown = row.last is not None and row.last.id == message.id
        return row, NeedsRecheck.LAST if shown else NeedsRecheck.NOTHING
    if row.last is not None and row.last.order > (*moment, message.id):
        return row, NeedsRecheck.NOTHING
    return msgspec.structs.replace(row, last=build_last_message(message)), NeedsRecheck.NOTHING


def settle_answered(row: InboxRow, answer: Message | None) -> InboxRow:
    """The row with the newest message of its thread that ends the customer's wait."""
    return msgspec.structs.replace(row, answered=None if answer is None else answer.moment)


def settle_last(row: InboxRow, newest: Message | None) -> InboxRow:
    """The row with the newest message of its thread that is not absent."""
    return msgspec.structs.replace(row, last=None if newest is None else build_last_message(newest))


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
