"""What customers and pages did at a channel, in one form for all channels.

In `inbound`, keyed by organization, page and customer. Ingest makes them of webhooks, and the
service `outbound` of what the channel answers when it is asked who a customer or what a post is.
`occurred_at` is the channel's own time of the action, `accepted_at` the time at which the webhook,
or the answer, was accepted; both UTC.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import ConversationId, CustomerId, MessageId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, CommentOrigin, Moment


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A channel identity on one page. `external_id` is the channel's own id for it."""

    id: CustomerId
    external_id: str
    name: str | None = None
    picture: str | None = None
    phone: str | None = None
    """This field and the following ones are what a livechat's site says of its visitor (C1)."""
    email: str | None = None
    gender: str | None = None
    location: str | None = None
    browser: str | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a livechat's visitor was, and the department and region that they chose (L3)."""

    page_url: str | None = None
    department: str | None = None
    region: str | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that came with a message.

    `kind` is image, video, audio, file, sticker, link, location or template; `url` is the channel's
    own and may expire.
    """

    kind: str
    url: str | None = None
    title: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class Referral(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The link or advertisement through which a customer came."""

    ref: str | None = None
    source: str | None = None
    kind: str | None = None
    ad_id: str | None = None


class InboundEvent(Event, frozen=True, kw_only=True):
    """The common fields: organization, page, channel and times."""

    organization: OrganizationId
    page_id: PageId
    channel: Channel
    occurred_at: Moment
    accepted_at: Moment


class CustomerEvent(InboundEvent, frozen=True, kw_only=True):
    """An event in the message thread of one customer."""

    customer: Customer
    conversation_id: ConversationId


class MessageReceived(CustomerEvent, frozen=True, kw_only=True):
    """A customer wrote, sent something, or pressed a button. Assigned by R3."""

    type: ClassVar[str] = "message.received.v1"
    message_id: MessageId
    external_id: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    payload: str | None = None
    """The data for programs of a pressed button (postback, quick reply); `text` is its title."""
    reply_to: MessageId | None = None
    referral: Referral | None = None
    visit: Visit | None = None
    chat_external_id: str | None = None
    """The channel's id of the chat of a visitor whom it does not know otherwise: an answer has to
    name it."""


class MessageEchoed(CustomerEvent, frozen=True, kw_only=True):
    """The page's own message (P5b): shown as outgoing; never assigns, never counts as unread."""

    type: ClassVar[str] = "message.echoed.v1"
    message_id: MessageId
    external_id: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    sender_app: str | None = None
    client_id: str | None = None
    """Our own id of the reply, if the channel returns what was sent with it."""
    reply_to: MessageId | None = None
    automatic: bool = False
    """Whether it was sent by an app that the page lists as automatic (P5b)."""
    admin_id: str | None = None
    """The channel's id of the person at the page who wrote it, if the channel says that a person
    did: Zalo does so for what is written in its own chat tool."""


class MessageEdited(CustomerEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "message.edited.v1"
    message_id: MessageId
    text: str | None = None
    edit_number: int


class MessageDeleted(CustomerEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "message.deleted.v1"
    message_id: MessageId


class MessageReacted(CustomerEvent, frozen=True, kw_only=True):
    """The customer added a reaction to a message or removed it (`emoji` is null)."""

    type: ClassVar[str] = "message.reacted.v1"
    message_id: MessageId
    emoji: str | None = None


class MessagesDelivered(CustomerEvent, frozen=True, kw_only=True):
    """All our messages up to `watermark` reached the customer's device."""

    type: ClassVar[str] = "messages.delivered.v1"
    watermark: Moment


class MessagesSeen(CustomerEvent, frozen=True, kw_only=True):
    """The customer saw all our messages up to `watermark`."""

    type: ClassVar[str] = "messages.seen.v1"
    watermark: Moment


class CustomerDescribed(CustomerEvent, frozen=True, kw_only=True):
    """The channel said who a customer is, when it was asked: its webhooks of messages do not say.
    The name and the picture are those of `customer`, as far as the channel gave them. It is no
    message, and nothing is assigned."""

    type: ClassVar[str] = "customer.described.v1"


class CustomerFollowed(CustomerEvent, frozen=True, kw_only=True):
    """A customer follows the page. It is no message: the customer has a contact and a conversation
    from now on, and the conversation is assigned once they write."""

    type: ClassVar[str] = "customer.followed.v1"
    followed_from: str | None = None
    """Where at the channel they did it, in the channel's words."""


class CustomerUnfollowed(CustomerEvent, frozen=True, kw_only=True):
    """A customer follows the page no more."""

    type: ClassVar[str] = "customer.unfollowed.v1"
    unfollowed_from: str | None = None


class CustomerReferred(CustomerEvent, frozen=True, kw_only=True):
    """A customer came through a link or an advertisement; no message, nothing is assigned."""

    type: ClassVar[str] = "customer.referred.v1"
    referral: Referral


class CommentEvent(InboundEvent, frozen=True, kw_only=True):
    """Something about one comment.

    A visitor's post, a mention and a review are comments, too: roots, each in a thread of its own
    (P5d).

    `customer` is who acted: the author of an added comment. It is null when the page itself acted.
    `conversation_id` is null if it cannot be derived from the event alone (for what a page does
    below a livestream): then it is the conversation of `message_id` or of its parent.
    """

    message_id: MessageId
    external_id: str
    post_external_id: str
    parent_external_id: str | None = None
    """The root of the comment's thread, as far as it is known; null for a root comment. Below a
    livestream it is the parent comment."""
    customer: Customer | None = None
    conversation_id: ConversationId | None = None
    livestream: bool = False


class CommentAdded(CommentEvent, frozen=True, kw_only=True):
    """A comment or reply. Roots by customers are assigned by R4, livestream comments by R3; replies
    never."""

    type: ClassVar[str] = "comment.added.v1"
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    post_permalink: str | None = None
    """The address of the post at the channel, as far as the channel says it with a comment."""
    post_shows_video: bool = False
    origin: CommentOrigin = CommentOrigin.COMMENT
    recommends: bool | None = None
    """Whether a review recommends the page."""


class CommentEdited(CommentEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "comment.edited.v1"
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()


class CommentRemoved(CommentEvent, frozen=True, kw_only=True):
    """Removed at the channel; a later `comment.added` of the same comment does not restore it
    (P5c)."""

    type: ClassVar[str] = "comment.removed.v1"


class CommentHidden(CommentEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "comment.hidden.v1"


class CommentUnhidden(CommentEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "comment.unhidden.v1"


class PostEvent(InboundEvent, frozen=True, kw_only=True):
    post_external_id: str


class PostPublished(PostEvent, frozen=True, kw_only=True):
    """A page published a post, or a video with `video_external_id`."""

    type: ClassVar[str] = "post.published.v1"
    text: str | None = None
    video_external_id: str | None = None
    picture: str | None = None
    """The first picture's address, which may expire."""
    permalink: str | None = None
    """The address of the post at the channel."""
    livestream: bool = False
    """Whether it was known as a livestream when it was published."""


class PostEdited(PostEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "post.edited.v1"
    text: str | None = None


class PostDescribed(PostEvent, frozen=True, kw_only=True):
    """The channel said what a post of the page is, when it was asked: the webhooks of its comments
    hardly say it, and that of its publication may never have come."""

    type: ClassVar[str] = "post.described.v1"
    text: str | None = None
    picture: str | None = None
    """Its address, which may expire."""
    permalink: str | None = None
    published_at: Moment | None = None
    shows_video: bool = False
    livestream: bool = False
    """Whether the video is or was live (P5a)."""


class PostRemoved(PostEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "post.removed.v1"


class Reacted(PostEvent, frozen=True, kw_only=True):
    """Somebody reacted to a post or comment, or removed the reaction (`reaction` null)."""

    type: ClassVar[str] = "post.reacted.v1"
    comment_external_id: str | None = None
    customer: Customer | None = None
    reaction: str | None = None


class LivestreamChanged(InboundEvent, frozen=True, kw_only=True):
    """A live video started (`live` true) or ended."""

    type: ClassVar[str] = "livestream.changed.v1"
    video_external_id: str
    post_external_id: str | None = None
    live: bool
