"""Chooses the media of inbound events that are fetched and stored.

The channels' addresses of media expire, so these are fetched as soon as the event is in the log.
"""

from datetime import datetime
from urllib.parse import unquote, urlsplit

import msgspec

from tuyen_events.ids import MessageId, OrganizationId, PageId, reply_id
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentRemoved,
    InboundEvent,
    MessageDeleted,
    MessageEchoed,
    MessageReceived,
    PostDescribed,
    PostPublished,
    PostRemoved,
)
from tuyen_events.media import media_id, picture_id, post_media_owner
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel

WITH_PICTURE = (PostPublished, PostDescribed)
WITH_MEDIA = (MessageReceived, MessageEchoed, CommentAdded, CommentEdited, *WITH_PICTURE)
WITHDRAWALS = (MessageDeleted, CommentRemoved, PostRemoved)

_KINDS = frozenset({"image", "video", "audio", "file", "sticker"})
"""The kinds of attachments that are stored. Links, templates and locations have no content to
store."""


class WaitingMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium to be fetched. `partition` is that of its message's event; nobody fetches it before
    `due`; `attempts` were made so far."""

    id: AttachmentId = msgspec.field(name="_id")
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    message_id: MessageId
    url: str
    name: str | None
    partition: int
    accepted_at: datetime
    due: datetime
    attempts: int = 0
    post_external_id: str | None = None
    """The post whose picture it is: then `message_id` is its `post_media_owner`."""
    claims: MessageId | None = None
    """The reply that an echo says to be a part of. If it was requested here, its files are stored
    already; another program may send the same kind of note with what it writes."""

    @property
    def seen_on(self) -> PageId | None:
        """The page whose viewers may see it; None if it belongs to a conversation."""
        return None if self.post_external_id is None else self.page_id


def find_media_owner(event: MessageDeleted | CommentRemoved | PostRemoved) -> MessageId:
    """To what the media belong that are removed with the event."""
    if isinstance(event, PostRemoved):
        return post_media_owner(event.organization, event.page_id, event.post_external_id)
    return event.message_id


def list_media(event: InboundEvent, partition: int) -> list[WaitingMedium]:
    """The media of an event, each once."""
    if not isinstance(event, WITH_MEDIA):
        return []
    if isinstance(event, WITH_PICTURE):
        return _list_picture(event, partition)
    claims = None
    if isinstance(event, MessageEchoed) and event.client_id is not None:
        claims = reply_id(event.conversation_id, event.client_id)
    found = {
        media_id(event.message_id, one.url): one
        for one in event.attachments
        if one.kind in _KINDS and one.url
    }
    return [
        WaitingMedium(
            id=identity,
            organization=event.organization,
            page_id=event.page_id,
            channel=event.channel,
            message_id=event.message_id,
            url=one.url or "",
            name=_name_of(one),
            partition=partition,
            accepted_at=event.accepted_at,
            due=event.accepted_at,
            claims=claims,
        )
        for identity, one in found.items()
    ]


def _list_picture(event: PostPublished | PostDescribed, partition: int) -> list[WaitingMedium]:
    if not event.picture:
        return []
    owner = post_media_owner(event.organization, event.page_id, event.post_external_id)
    return [
        WaitingMedium(
            id=picture_id(owner, event.picture),
            organization=event.organization,
            page_id=event.page_id,
            channel=event.channel,
            message_id=owner,
            url=event.picture,
            name=None,
            partition=partition,
            accepted_at=event.accepted_at,
            due=event.accepted_at,
            post_external_id=event.post_external_id,
        )
    ]


def _name_of(attachment: Attachment) -> str | None:
    """The name of a file: its title, or the end of its address."""
    if attachment.title or attachment.kind != "file":
        return attachment.title
    try:
        path = urlsplit(attachment.url or "").path
    except ValueError:
        return None
    return unquote(path.rpartition("/")[2]) or None
