"""Which media of what happened at a channel are fetched and kept.

The channels' addresses of media expire, so these are fetched as soon as the event is in the log.
"""

from datetime import datetime
from urllib.parse import unquote, urlsplit

import msgspec

from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentRemoved,
    InboundEvent,
    MessageDeleted,
    MessageEchoed,
    MessageReceived,
)
from tuyen_events.media import media_id
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel

WITH_MEDIA = (MessageReceived, MessageEchoed, CommentAdded, CommentEdited)
WITHDRAWALS = (MessageDeleted, CommentRemoved)

_KINDS = frozenset({"image", "video", "audio", "file", "sticker"})
"""Of links, templates and locations there is nothing to keep."""


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


def list_media(event: InboundEvent, partition: int) -> list[WaitingMedium]:
    """The media of an event, each once. What we sent ourselves is stored already."""
    if not isinstance(event, WITH_MEDIA):
        return []
    if isinstance(event, MessageEchoed) and event.client_id is not None:
        return []
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
        )
        for identity, one in found.items()
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
