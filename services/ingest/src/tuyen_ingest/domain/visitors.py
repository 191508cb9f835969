"""Who has the widget open, and what they write, in the form of a site's own webhook.

What a visitor writes is one body of the livechat channel, as their site could have sent it: the
same parser reads it, the same events follow from it, and it is stored raw and can be read again
like any other (P3). Everything is derived from the visitor and the id that their browser chose, so
that a request that is sent again changes nothing (R9.2).

Decides L4.
"""

from datetime import datetime
from hashlib import blake2b

import msgspec

from tuyen_channels.ports import Page
from tuyen_events.ids import (
    ConversationId,
    MessageId,
    customer_id,
    kept_media_id,
    message_id,
    message_thread_id,
)
from tuyen_events.media import attachment_url
from tuyen_events.outbound import AttachmentId

_GUEST = "guest-"


class SiteVisitor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A visitor of one page: the customer `id` of the site if the site said so by its `user_hash`,
    a stranger otherwise. `name` is what they, or the page that they look at, said of themselves."""

    app_id: str
    id: str
    name: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the site knows the visitor."""
        return not self.id.startswith(_GUEST)

    def find_thread(self, page: Page) -> ConversationId:
        """The one conversation of the visitor with the page."""
        return message_thread_id(customer_id(page.organization, page.id, self.id))


class VisitorPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is stored."""

    id: AttachmentId
    name: str | None = None


class WrittenMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor wrote, and where. `client_id` was chosen by their browser, a different one for
    each message."""

    client_id: str
    text: str | None = None
    picture: VisitorPicture | None = None
    page_url: str | None = None
    department: str | None = None
    region: str | None = None
    browser: str | None = None


def name_guest(random: str) -> str:
    """The id of a stranger. `random` must be unguessable: whoever knows an id of a guest cannot use
    it, but it is also the customer's id in the log."""
    return _GUEST + random


def derive_own_id(visitor: SiteVisitor, client_id: str) -> str:
    """The id of a visitor's message, as `event_id` of the livechat channel. Another visitor's
    message never has the same."""
    digest = blake2b(f"{visitor.id}\0{client_id}".encode(), digest_size=16).hexdigest()
    return f"widget-{digest}"


def derive_message_id(visitor: SiteVisitor, client_id: str, page: Page) -> MessageId:
    """The visitor's message in its thread."""
    return message_id(page.organization, page.id, derive_own_id(visitor, client_id))


def derive_picture_id(message: MessageId) -> AttachmentId:
    """The picture of a visitor's message: there is at most one."""
    return AttachmentId(kept_media_id(message, "picture"))


def encode_message(visitor: SiteVisitor, written: WrittenMessage) -> bytes:
    """The body of the livechat channel that says what the visitor wrote. The same message is always
    the same bytes; its time is that of its acceptance, since visitors' clocks are wrong."""
    pictures = []
    if written.picture is not None:
        url = attachment_url(written.picture.id)
        pictures.append({"type": "image", "url": url, "title": written.picture.name})
    return msgspec.json.encode(
        {
            "event_id": derive_own_id(visitor, written.client_id),
            "type": "message",
            "visitor": {"id": visitor.id, "name": visitor.name, "browser": written.browser},
            "page_url": written.page_url,
            "department": written.department,
            "region": written.region,
            "message": {"text": written.text, "attachments": pictures},
        }
    )


def encode_seen(visitor: SiteVisitor, until: datetime) -> bytes:
    """The body of the livechat channel that says that the visitor saw what was sent by then. The
    same fact is always the same bytes."""
    stamp = until.isoformat()
    return msgspec.json.encode(
        {
            "event_id": derive_own_id(visitor, f"seen {stamp}"),
            "type": "seen",
            "visitor": {"id": visitor.id},
            "until": stamp,
        }
    )
