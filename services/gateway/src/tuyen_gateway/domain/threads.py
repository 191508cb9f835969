"""Messages of the threads, folded from inbound events in whatever order their partitions are read.

A comment's own event, its edits, its hiding and its removal are in different partitions if
different people act. So a message is a set of facts that merge: what was added first in the log
stays, of two values the one with the later time of action at the channel counts, and a removal is
final (P5c). Folding a fact again changes nothing.

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
from tuyen_events.vocabulary import Channel

Instant = tuple[datetime, datetime, int]
"""When something was said, by a believable clock, and, for equal times, when it was accepted here:
both in whole milliseconds, as the views store them, then the microseconds of the second one."""

_AHEAD = timedelta(seconds=CLOCK_AHEAD_S)
_BEHIND = timedelta(seconds=CLOCK_BEHIND_S)

ActionTime = tuple[datetime, str]
"""When something was changed at the channel; the event's id decides between equal times."""


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message or comment. Until it is added (`at` is null) it is in no thread."""

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
    (R9.2)."""
    conversation_id: ConversationId | None = None
    via_parent: MessageId | None = None
    """The message whose conversation this one belongs to, if its own event does not say."""
    direction: Direction | None = None
    comment: bool = False
    external_id: str | None = None
    post_id: str | None = None
    parent_id: MessageId | None = None
    reply_to: MessageId | None = None
    client_id: str | None = None
    customer_id: CustomerId | None = None
    customer_name: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
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
            after = _with_content(message, event.text, None, edit)
        case CommentEdited():
            after = _with_content(message, event.text, event.attachments, action)
        case MessageDeleted() | CommentRemoved():
            after = _apply_removed(message, event, source)
        case CommentHidden() | CommentUnhidden():
            if _newer(message.hidden_at, action):
                hidden = isinstance(event, CommentHidden)
                after = msgspec.structs.replace(message, hidden=hidden, hidden_at=action)
        case MessageReacted() if _newer(message.reaction_at, action):
            after = msgspec.structs.replace(message, reaction=event.emoji, reaction_at=action)
        case Reacted() if _newer(message.liked_at, action):
            liked = event.reaction is not None
            after = msgspec.structs.replace(message, liked=liked, liked_at=action)
        case _:
            pass
    stillborn = _was_removed_before(after)
    if stillborn == after.stillborn:
        return after
    return msgspec.structs.replace(after, stillborn=stillborn)


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


def _newer(stored: ActionTime | None, action: ActionTime) -> bool:
    return stored is None or stored < action


def _with_content(
    message: Message,
    text: str | None,
    attachments: tuple[Attachment, ...] | None,
    action: ActionTime,
) -> Message:
    """The message with a newer content; with `attachments` null it keeps its own."""
    if message.removed or not _newer(message.content_at, action):
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
    parent = (
        None
        if comment is None or comment.parent_external_id is None
        else message_id(event.organization, event.page_id, comment.parent_external_id)
    )
    author: Customer | None = None if isinstance(event, MessageEchoed) else event.customer
    at, accepted_at, accepted_us = moment_of(event)
    own_text = not message.removed and _newer(message.content_at, (at, ""))
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
        reply_to=None if isinstance(event, CommentAdded) else event.reply_to,
        client_id=event.client_id if isinstance(event, MessageEchoed) else None,
        customer_id=None if author is None else author.id,
        customer_name=None if author is None else shorten(author.name, NAME_CHARACTERS),
        text=event.text if own_text else message.text,
        attachments=event.attachments if own_attachments else message.attachments,
        content_at=(at, "") if own_text else message.content_at,
    )
