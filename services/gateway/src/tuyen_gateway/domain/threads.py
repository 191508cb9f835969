"""Messages of the threads, folded from inbound events in whatever order their partitions are read.

A comment's own event, its edits, its hiding and its removal are in different partitions if
different people act. So a message is a set of fields that merge: what was added first in the log
stays, of two values the one with the later time of action at the channel counts, and a removal is
final (P5c). Folding an event again changes nothing.

Decides P5c.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tuyen_events.ids import (
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    message_id,
    reply_id,
)
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentEvent,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    Customer,
    InboundEvent,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    Reacted,
)
from tuyen_events.limits import CLOCK_AHEAD_S, CLOCK_BEHIND_S, NAME_CHARACTERS
from tuyen_events.media import MissedReason
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundError,
    OutboundRequested,
)
from tuyen_events.vocabulary import Channel, CommentOrigin
from tuyen_gateway.domain.attempts import ActionTime, Attempt, ReplyPart, ReplyState

Instant = tuple[datetime, datetime, int]
"""When something was said, by a believable clock, and, for equal times, when it was accepted here:
both in whole milliseconds, as the views store them, then the microseconds of the second one."""

_AHEAD = timedelta(seconds=CLOCK_AHEAD_S)
_BEHIND = timedelta(seconds=CLOCK_BEHIND_S)


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class FailedAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action on a comment that failed, and why."""

    action: OutboundAction
    error: OutboundError


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message or comment. Until it is added (`at` is null) it is in no thread.

    A reply that an agent requests is one from its request on: its id is derived from the caller's
    key. What it becomes at the channel is in other messages, its parts, whose ids are derived from
    the channel's: they are in no thread either (decision 29).
    """

    id: MessageId = msgspec.field(name="_id")
    organization: OrganizationId
    page_id: PageId
    at: datetime | None = None
    accepted_at: datetime | None = None
    accepted_us: int | None = None
    """The microseconds within the millisecond of `accepted_at`."""
    partition: int | None = None
    offset: int | None = None
    """The position in `inbound` of the event that added it: the first, if there is a duplicate
    (R9.2). Of a reply, that of its first request in `outbound`, whose partitions are numbered after
    those of `inbound`."""
    conversation_id: ConversationId | None = None
    via_parent: MessageId | None = None
    """The message whose conversation this one belongs to, if its own event does not say."""
    direction: Direction | None = None
    comment: bool = False
    external_id: str | None = None
    post_id: str | None = None
    parent_id: MessageId | None = None
    origin: CommentOrigin = CommentOrigin.COMMENT
    """The origin of a thread's root at the channel (P5d)."""
    recommends: bool | None = None
    """Whether a review recommends the page."""
    reply_to: MessageId | None = None
    parent_whole: MessageId | None = None
    """The reply that `parent_id` is a part of."""
    quoted_whole: MessageId | None = None
    """The reply that `reply_to` is a part of."""
    client_id: str | None = None
    customer_id: CustomerId | None = None
    customer_external_id: str | None = None
    customer_name: str | None = None
    chat_external_id: str | None = None
    """The chat at the channel that an answer has to name."""
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    kept: tuple[AttachmentId, ...] = ()
    """Those of its media that are stored here (`media_id`), in order."""
    missed: dict[AttachmentId, MissedReason] = {}
    """Those that will not be stored, unless they are among `kept`, and why."""
    content_at: ActionTime | None = None
    hidden: bool = False
    hidden_at: ActionTime | None = None
    liked: bool = False
    liked_at: ActionTime | None = None
    reaction: str | None = None
    reaction_at: ActionTime | None = None
    removed: bool = False
    removed_in: dict[str, int] = {}
    """By partition of `inbound`, the offset of the first event that removed it."""
    removed_first: tuple[datetime, int] | None = None
    """When the first of all these was accepted, with the microseconds."""
    stillborn: bool = False
    """Whether it was removed before it was added (R4.6)."""
    automatic: bool = False
    """Sent by an app that the page lists as automatic (P5b)."""
    by_person: bool = False
    """Whether the channel says that a person at the page wrote it."""
    claims: MessageId | None = None
    """The reply that this is a part of, if an agent requested such a reply: what the channel
    returned with it may also be another program's."""
    part_of: MessageId | None = None
    """The reply that this is a part of."""
    held: bool = False
    """Whether it may be a part of a reply that is not settled: no thread shows it (decision 29)."""
    shown: bool = False
    """Of what the page wrote at the channel: whether its thread ever showed it, at any write."""
    request: OutboundRequested | None = None
    """The first request of a reply; null for everything else."""
    attempts: tuple[Attempt, ...] = ()
    """All requests of a reply, and their results."""
    parts: tuple[ReplyPart, ...] = ()
    """The messages at the channel that the reply became."""
    state: ReplyState | None = None
    """The state of a reply, which is derived from its attempts and parts."""
    unsettled_since: datetime | None = None
    """When the first request of a reply was made whose result is not known."""
    private_reply: MessageId | None = None
    """The last private reply to this comment; it is in the customer's message thread."""
    private_reply_at: ActionTime | None = None
    problem: FailedAction | None = None
    """Why the last action on this comment that was settled failed; null if it did not."""
    problem_at: ActionTime | None = None
    absent: bool = False
    """Whether no row shows it: it was removed or cancelled, is a part of a reply or is held."""
    revision: int = 0
    """Rises with each write (I13); 0 before the first."""

    @property
    def moment(self) -> Instant | None:
        """When it was said; null until it is added."""
        if self.at is None or self.accepted_at is None or self.accepted_us is None:
            return None
        return self.at, self.accepted_at, self.accepted_us


class EventSource(msgspec.Struct, frozen=True):
    """The position of an event in the log, and its id."""

    event_id: str
    partition: int
    offset: int


def truncate_time(moment: datetime) -> datetime:
    """A time in whole milliseconds, the views' precision."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def shorten(text: str | None, characters: int) -> str | None:
    """At most so many characters of a text."""
    return None if text is None else text[:characters]


def acceptance_of(event: InboundEvent) -> tuple[datetime, int]:
    """When the event was accepted, as the views store it: milliseconds and microseconds."""
    return truncate_time(event.accepted_at), event.accepted_at.microsecond % 1000


def moment_of(event: InboundEvent) -> Instant:
    """When the action of an event happened. The sender's clock is used unless it is ahead of ours
    or, at a livechat's site, far behind; then the time of acceptance is used (I2)."""
    accepted_at, rest = acceptance_of(event)
    at = believe(event, event.occurred_at)
    late = event.channel is Channel.LIVECHAT and at < accepted_at - _BEHIND
    return (accepted_at if late else at), accepted_at, rest


def believe(event: InboundEvent, claimed: datetime) -> datetime:
    """A time in an event, or the time of acceptance if that time is ahead of our clock."""
    at, accepted_at = truncate_time(claimed), acceptance_of(event)[0]
    return accepted_at if at > accepted_at + _AHEAD else at


def message_of(event: InboundEvent) -> MessageId | None:
    """The message that an event is about; null if it is about none."""
    match event:
        case (
            CommentEvent()
            | MessageReceived()
            | MessageEchoed()
            | MessageEdited()
            | MessageDeleted()
            | MessageReacted()
        ):
            return event.message_id
        case Reacted(comment_external_id=str(comment), customer=None):
            return message_id(event.organization, event.page_id, comment)
        case _:
            return None


def fold_message(message: Message | None, event: InboundEvent, source: EventSource) -> Message:
    """The message after one event about it (`message_of`)."""
    if message is None:
        about = message_of(event)
        if about is None:
            raise ValueError(f"{event.type} is about no message")
        message = Message(id=about, organization=event.organization, page_id=event.page_id)
    after = message
    action = (moment_of(event)[0], source.event_id)
    match event:
        case MessageReceived() | MessageEchoed() | CommentAdded():
            after = _apply_added(message, event, source)
        case MessageEdited():
            edit = (action[0], f"{event.edit_number:09}")
            after = with_content(message, event.text, None, edit)
        case CommentEdited():
            after = with_content(message, event.text, event.attachments, action)
        case MessageDeleted() | CommentRemoved():
            after = _apply_removed(message, event, source)
        case CommentHidden() | CommentUnhidden():
            if is_later(message.hidden_at, action):
                hidden = isinstance(event, CommentHidden)
                after = msgspec.structs.replace(message, hidden=hidden, hidden_at=action)
        case MessageReacted() if is_later(message.reaction_at, action):
            after = msgspec.structs.replace(message, reaction=event.emoji, reaction_at=action)
        case Reacted() if is_later(message.liked_at, action):
            liked = event.reaction is not None
            after = msgspec.structs.replace(message, liked=liked, liked_at=action)
        case _:
            pass
    return derive(after)


def derive(message: Message) -> Message:
    """The message with the values that are derived from its other fields."""
    stillborn = _was_removed_before(message)
    cancelled = message.state is ReplyState.CANCELLED
    held = message.held and message.part_of is None
    absent = cancelled or held or message.part_of is not None or is_removed(message)
    if (stillborn, held, absent) == (message.stillborn, message.held, message.absent):
        return message
    return msgspec.structs.replace(message, stillborn=stillborn, held=held, absent=absent)


def is_removed(message: Message) -> bool:
    """Whether it was removed at the channel: of a reply, all of its parts."""
    parts = message.parts
    return message.removed or (bool(parts) and all(part.removed for part in parts))


def shown_text(message: Message) -> str | None:
    """The text as it is at the channel now: a part of a reply may have been edited there."""
    if message.absent:
        return None
    newest, text = message.content_at, message.text
    for part in message.parts:
        if part.edited_at is not None and is_later(newest, part.edited_at):
            newest, text = part.edited_at, part.text
    return text


def _was_removed_before(message: Message) -> bool:
    """By their order in the log if both are in one partition, by their acceptance otherwise."""
    if message.offset is None or message.moment is None or message.removed_first is None:
        return False
    removal = message.removed_in.get(str(message.partition))
    if removal is not None:
        return removal < message.offset
    return message.removed_first < message.moment[1:]


def _apply_removed(message: Message, event: InboundEvent, source: EventSource) -> Message:
    place, when = str(source.partition), acceptance_of(event)
    first = min(source.offset, message.removed_in.get(place, source.offset))
    return msgspec.structs.replace(
        message,
        removed=True,
        removed_in=dict(sorted({**message.removed_in, place: first}.items())),
        removed_first=when if message.removed_first is None else min(message.removed_first, when),
        text=None,
        attachments=(),
        content_at=None,
    )


def is_later(stored: ActionTime | None, action: ActionTime) -> bool:
    """Whether an action came after the one whose effect is stored."""
    return stored is None or stored < action


def with_content(
    message: Message,
    text: str | None,
    attachments: tuple[Attachment, ...] | None,
    action: ActionTime,
) -> Message:
    """The message with a newer content; with `attachments` null it keeps its own."""
    if message.removed or not is_later(message.content_at, action):
        return message
    if attachments is None:
        return msgspec.structs.replace(message, text=text, content_at=action)
    return msgspec.structs.replace(message, text=text, attachments=attachments, content_at=action)


def _apply_added(
    message: Message, event: MessageReceived | MessageEchoed | CommentAdded, source: EventSource
) -> Message:
    if message.at is not None:
        return message
    comment = event if isinstance(event, CommentAdded) else None
    echo = event if isinstance(event, MessageEchoed) else None
    parent = (
        None
        if comment is None or comment.parent_external_id is None
        else message_id(event.organization, event.page_id, comment.parent_external_id)
    )
    author: Customer | None = None if isinstance(event, MessageEchoed) else event.customer
    at, accepted_at, accepted_us = moment_of(event)
    own_text = not message.removed and is_later(message.content_at, (at, ""))
    # An edit of a comment contains its attachments, an edit of a message does not.
    own_attachments = own_text or (comment is None and not message.removed)
    return msgspec.structs.replace(
        message,
        at=at,
        accepted_at=accepted_at,
        accepted_us=accepted_us,
        partition=source.partition,
        offset=source.offset,
        conversation_id=event.conversation_id,
        via_parent=parent if event.conversation_id is None else None,
        direction=Direction.OUT if author is None else Direction.IN,
        comment=comment is not None,
        external_id=event.external_id,
        post_id=None if comment is None else comment.post_external_id,
        parent_id=parent,
        origin=CommentOrigin.COMMENT if comment is None else comment.origin,
        recommends=None if comment is None else comment.recommends,
        reply_to=None if isinstance(event, CommentAdded) else event.reply_to,
        client_id=None if echo is None else echo.client_id,
        claims=None
        if echo is None or echo.client_id is None
        else reply_id(echo.conversation_id, echo.client_id),
        # Until it is compared with the replies of its conversation (`hold_or_show`).
        held=author is None,
        automatic=echo is not None and echo.automatic,
        by_person=echo is not None and echo.admin_id is not None,
        customer_id=None if author is None else author.id,
        customer_external_id=None if author is None else author.external_id,
        customer_name=None if author is None else shorten(author.name, NAME_CHARACTERS),
        chat_external_id=event.chat_external_id if isinstance(event, MessageReceived) else None,
        text=event.text if own_text else message.text,
        attachments=event.attachments if own_attachments else message.attachments,
        content_at=(at, "") if own_text else message.content_at,
    )
