"""The part of Meta's payloads that is read. Decoding is tolerant: other fields are ignored.

Ids are strings or numbers and times are numbers or strings of digits, so decoders are lax. Parts of
a body stay undecoded until each is read by itself: a malformed one fails alone.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from tuyen_channels.bounds import BlankId, EpochTime, Id, TextId


class FacebookBody(msgspec.Struct, frozen=True):
    entry: list[Raw] = []


class Entry(msgspec.Struct, frozen=True):
    """`time` is in milliseconds for messaging and in seconds for changes; it is the time of the
    delivery, so it differs when the entry is delivered again."""

    id: Id
    time: EpochTime | None = None
    messaging: list[Raw] | None = None
    standby: list[Raw] | None = None
    changes: list[Raw] | None = None


class Party(msgspec.Struct, frozen=True):
    id: Id


class Coordinates(msgspec.Struct, frozen=True):
    lat: float | None = None
    long: float | None = None


class Payload(msgspec.Struct, frozen=True):
    url: str | None = None
    title: str | None = None
    sticker_id: Id | None = None
    coordinates: Coordinates | None = None


class FacebookAttachment(msgspec.Struct, frozen=True):
    type: str
    title: str | None = None
    url: str | None = None
    payload: Raw = Raw(b"null")
    """A `Payload`; for a `fallback` also a text, and other types have occurred."""


class QuickReply(msgspec.Struct, frozen=True):
    payload: str | None = None


class ReplyTo(msgspec.Struct, frozen=True):
    mid: BlankId | None = None


class FacebookReferral(msgspec.Struct, frozen=True):
    ref: str | None = None
    source: str | None = None
    type: str | None = None
    ad_id: Id | None = None


class FacebookMessage(msgspec.Struct, frozen=True):
    mid: TextId
    text: str | None = None
    attachments: list[FacebookAttachment] | None = None
    quick_reply: QuickReply | None = None
    reply_to: ReplyTo | None = None
    referral: FacebookReferral | None = None
    sticker_id: Id | None = None
    is_echo: bool | None = None
    is_deleted: bool | None = None
    app_id: Id | None = None
    metadata: str | None = None


class MessageEdit(msgspec.Struct, frozen=True):
    mid: TextId
    num_edit: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    text: str | None = None


class Postback(msgspec.Struct, frozen=True):
    mid: BlankId | None = None
    title: str | None = None
    payload: str | None = None
    referral: FacebookReferral | None = None


class Reaction(msgspec.Struct, frozen=True):
    mid: TextId
    action: str
    emoji: str | None = None
    reaction: str | None = None


class Watermark(msgspec.Struct, frozen=True):
    watermark: EpochTime


class Messaging(msgspec.Struct, frozen=True):
    """One update of a message thread; which key exists says what it is."""

    sender: Party | None = None
    recipient: Party | None = None
    timestamp: EpochTime | None = None
    message: FacebookMessage | None = None
    message_edit: MessageEdit | None = None
    postback: Postback | None = None
    reaction: Reaction | None = None
    read: Watermark | None = None
    delivery: Watermark | None = None
    referral: FacebookReferral | None = None


class FeedChange(msgspec.Struct, frozen=True):
    field: str
    value: Raw = Raw(b"null")


class Author(msgspec.Struct, frozen=True):
    id: Id | None = None
    name: str | None = None


class Post(msgspec.Struct, frozen=True):
    status_type: str | None = None
    permalink_url: Raw = Raw(b"null")
    """A text; anything else is ignored."""


class FeedValue(msgspec.Struct, frozen=True, rename={"author": "from"}):
    """One change of the page's feed. `created_time` is the time of the action, not of the
    object."""

    item: str
    verb: str
    author: Author | None = None
    post: Post | None = None
    post_id: Id | None = None
    comment_id: Id | None = None
    parent_id: Id | None = None
    created_time: EpochTime | None = None
    message: str | None = None
    photo: str | None = None
    video: str | None = None
    video_id: Id | None = None
    reaction_type: str | None = None
    link: str | None = None
    photos: list[str] | None = None
    sender_id: Id | None = None
    """The author where there is no `from`."""
    sender_name: str | None = None
    reviewer_id: Id | None = None
    reviewer_name: str | None = None
    review_text: str | None = None
    recommendation_type: str | None = None
    open_graph_story_id: Id | None = None
    """The review that a rating is."""


class LiveVideo(msgspec.Struct, frozen=True):
    """`id` may be that of the live video or of the video that the post shows."""

    id: Id
    status: str


body_of = msgspec.json.Decoder(FacebookBody).decode
entry_of = msgspec.json.Decoder(Entry, strict=False).decode
messaging_of = msgspec.json.Decoder(Messaging, strict=False).decode
change_of = msgspec.json.Decoder(FeedChange).decode
feed_value_of = msgspec.json.Decoder(FeedValue, strict=False).decode
live_video_of = msgspec.json.Decoder(LiveVideo, strict=False).decode
payload_of = msgspec.json.Decoder(Payload | None, strict=False).decode
text_of = msgspec.json.Decoder(str).decode
id_of = msgspec.json.Decoder(Id, strict=False).decode
clock_of = msgspec.json.Decoder(EpochTime | None, strict=False).decode
keys_of = msgspec.json.Decoder(dict[str, Any]).decode
