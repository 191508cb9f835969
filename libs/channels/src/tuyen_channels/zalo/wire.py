"""The part of Zalo's payloads that is read. Decoding is tolerant: other fields are ignored.

Ids and times are strings of digits, some beyond what a float holds exactly; where one is a number,
it is read as an integer, with all its digits. A body contains one event, whose name says which
fields it has; so the name and the parties are read first, and the rest as that event.
"""

import msgspec
from msgspec import Raw

from tuyen_channels.bounds import EpochTime, Id

_NOTHING = Raw(b"null")


class ZaloName(msgspec.Struct, frozen=True):
    """What a body is, whatever else is in it."""

    event_name: str = ""


class ZaloParties(msgspec.Struct, frozen=True):
    """Those among whom an account may be: each may have any shape, or be missing."""

    oa_id: Raw = _NOTHING
    sender: Raw = _NOTHING
    recipient: Raw = _NOTHING


class ZaloParty(msgspec.Struct, frozen=True):
    id: Id
    admin_id: Id | None = None
    """Of the person who wrote it in Zalo's own chat tool."""


class ZaloCoordinates(msgspec.Struct, frozen=True):
    latitude: float | None = None
    longitude: float | None = None


class ZaloPayload(msgspec.Struct, frozen=True):
    url: str | None = None
    thumbnail: str | None = None
    description: str | None = None
    """A caption; of a business card a `ZaloCard`, as JSON in a string."""
    name: str | None = None
    text: str | None = None
    link_url: str | None = None
    coordinates: ZaloCoordinates | None = None


class ZaloCard(msgspec.Struct, frozen=True):
    """A contact that a customer passed on."""

    name: str | None = None
    phone: str | None = None


class ZaloAttachment(msgspec.Struct, frozen=True):
    type: str
    payload: Raw = _NOTHING
    """A `ZaloPayload`, or of another shape."""


class ZaloMessage(msgspec.Struct, frozen=True):
    msg_id: Id
    text: str | None = None
    attachments: list[ZaloAttachment] | None = None
    quote_msg_id: Id | None = None
    conversation_id: Id | None = None
    """The chat of a visitor without an account."""


class ZaloMessageEvent(msgspec.Struct, frozen=True):
    sender: ZaloParty
    recipient: ZaloParty
    message: ZaloMessage
    timestamp: EpochTime | None = None


class ZaloReaction(msgspec.Struct, frozen=True):
    msg_id: Id
    react_icon: str | None = None


class ZaloReactionEvent(msgspec.Struct, frozen=True):
    sender: ZaloParty
    message: ZaloReaction
    timestamp: EpochTime | None = None


class ZaloReceipt(msgspec.Struct, frozen=True):
    msg_id: Id | None = None
    msg_ids: list[Id] | None = None
    tracking_id: str | None = None
    """Only in receipts of ZNS, messages to a phone number that no agent writes."""


class ZaloReceiptEvent(msgspec.Struct, frozen=True):
    sender: ZaloParty
    recipient: ZaloParty
    message: ZaloReceipt
    timestamp: EpochTime | None = None


class ZaloFollowEvent(msgspec.Struct, frozen=True):
    follower: ZaloParty
    source: str | None = None
    timestamp: EpochTime | None = None


class ZaloClickEvent(msgspec.Struct, frozen=True):
    user_id: Id
    timestamp: EpochTime | None = None


class ZaloAddress(msgspec.Struct, frozen=True):
    user_address: str | None = None
    user_ward: str | None = None
    user_city: str | None = None


class ZaloInfo(msgspec.Struct, frozen=True):
    """What a customer entered into a form. An address is in `full_address`, or in separate
    fields."""

    name: str | None = None
    phone: str | int | None = None
    user_dob: str | None = None
    gender: str | None = None
    full_address: ZaloAddress | str | None = None
    address: str | None = None
    ward: str | None = None
    district: str | None = None
    city: str | None = None


class ZaloInfoEvent(msgspec.Struct, frozen=True):
    sender: ZaloParty
    info: ZaloInfo
    timestamp: EpochTime | None = None


name_of = msgspec.json.Decoder(ZaloName).decode
parties_of = msgspec.json.Decoder(ZaloParties).decode
party_of = msgspec.json.Decoder(ZaloParty, strict=False).decode
account_of = msgspec.json.Decoder(Id, strict=False).decode
payload_of = msgspec.json.Decoder(ZaloPayload | None, strict=False).decode
card_of = msgspec.json.Decoder(ZaloCard, strict=False).decode
message_of = msgspec.json.Decoder(ZaloMessageEvent, strict=False).decode
reaction_of = msgspec.json.Decoder(ZaloReactionEvent, strict=False).decode
receipt_of = msgspec.json.Decoder(ZaloReceiptEvent, strict=False).decode
follow_of = msgspec.json.Decoder(ZaloFollowEvent, strict=False).decode
click_of = msgspec.json.Decoder(ZaloClickEvent, strict=False).decode
info_of = msgspec.json.Decoder(ZaloInfoEvent, strict=False).decode
