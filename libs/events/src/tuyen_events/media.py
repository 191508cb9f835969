"""Media of customers' messages that are kept here, because their addresses at the channel expire.

They are in `media`, in the partition of the customer's events, keyed by message.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import MessageId, OrganizationId, PageId, kept_media_id
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Moment


class KeptMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched from the channel. `kind` is image, video, audio or file; `size` is in
    bytes."""

    id: AttachmentId
    kind: str
    content_type: str
    size: int


class MediaKept(Event, frozen=True, kw_only=True):
    """Media of a message were fetched from its channel and stored. There may be several such events
    for one message, each with those that were stored by then."""

    type: ClassVar[str] = "media.kept.v1"
    organization: OrganizationId
    page_id: PageId
    message_id: MessageId
    media: tuple[KeptMedium, ...]
    at: Moment
    """When the message was accepted."""


def media_id(message: MessageId, url: str) -> AttachmentId:
    """The id of what is kept of the attachment with this address at the channel."""
    return AttachmentId(kept_media_id(message, url))


def attachment_url(attachment_id: str) -> str:
    """Where the gateway serves a stored file, relative to its address."""
    return f"/v1/attachments/{attachment_id}"
