"""Media of messages, and pictures of posts, that are kept here, because their addresses at the
channel expire; and those that could not be kept.

They are in `media`, in the partition of the events that name them, keyed by message or post.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import MessageId, OrganizationId, PageId, kept_media_id, message_id
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Moment, OpenWord


class KeptMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched from the channel. `kind` is image, video, audio or file; `size` is in
    bytes."""

    id: AttachmentId
    kind: str
    content_type: str
    size: int


class MediaKept(Event, frozen=True, kw_only=True):
    """Media of a message, or the picture of a post, were fetched from its channel and stored. There
    may be several such events for one message, each with those that were stored by then."""

    type: ClassVar[str] = "media.kept.v1"
    organization: OrganizationId
    page_id: PageId
    message_id: MessageId
    """Of a post, the id that it would have as a message (`post_media_owner`)."""
    media: tuple[KeptMedium, ...]
    at: Moment
    """When the message, or what named the picture, was accepted."""
    post_external_id: str | None = None
    """The post whose picture it is; null for a message."""


class MissedReason(OpenWord):
    """Why a medium is not kept."""

    TOO_MANY = "too_many"
    """Too many media of the organization waited to be fetched."""
    REFUSED = "refused"
    """It is gone, too large, or not at one of the channel's hosts."""
    UNAVAILABLE = "unavailable"
    """It could not be had until its address had expired."""


class MediaMissed(Event, frozen=True, kw_only=True):
    """Media of a message will not be kept here. What is stored all the same, because its message is
    read again later, is in a `media.kept`."""

    type: ClassVar[str] = "media.missed.v1"
    organization: OrganizationId
    page_id: PageId
    message_id: MessageId
    media: tuple[AttachmentId, ...]
    reason: MissedReason
    at: Moment
    """When the message was accepted."""


def media_id(message: MessageId, url: str) -> AttachmentId:
    """The id of what is kept of the attachment with this address at the channel."""
    return AttachmentId(kept_media_id(message, url))


def post_media_owner(organization: OrganizationId, page: PageId, post: str) -> MessageId:
    """To what the picture of a post belongs."""
    return message_id(organization, page, post)


def picture_id(owner: MessageId, url: str) -> AttachmentId:
    """The id of what is kept of a post's picture. The query of its address is different each time
    that the channel names it, so that it is left out."""
    return media_id(owner, url.partition("?")[0])


def attachment_url(attachment_id: str) -> str:
    """Where the gateway serves a stored file, relative to its address."""
    return f"/v1/attachments/{attachment_id}"
