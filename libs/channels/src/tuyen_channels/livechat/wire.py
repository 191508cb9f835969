"""The part of a site's payload that is read. Decoding is tolerant: other fields are ignored.

Ids are strings or numbers. A field that a visitor left empty counts as missing.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tuyen_channels.bounds import Id


class LivechatKind(msgspec.Struct, frozen=True):
    """The type of a body, whatever else is in it."""

    type: str


class Visitor(msgspec.Struct, frozen=True):
    id: Id
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    gender: str | None = None
    location: str | None = None
    browser: str | None = None


class LivechatAttachment(msgspec.Struct, frozen=True):
    type: str
    url: str | None = None
    title: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class LivechatMessage(msgspec.Struct, frozen=True):
    text: str | None = None
    attachments: list[LivechatAttachment] | None = None


class LivechatBody(msgspec.Struct, frozen=True):
    """A visitor's message. `timestamp` is RFC 3339, with a zone."""

    event_id: Id
    visitor: Visitor
    message: LivechatMessage
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    page_url: str | None = None
    department: str | None = None
    region: str | None = None


class LivechatSeen(msgspec.Struct, frozen=True):
    """A visitor saw all replies that were sent by the time `until`."""

    event_id: Id
    visitor: Visitor
    until: Annotated[datetime, Meta(tz=True)]
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None


kind_of = msgspec.json.Decoder(LivechatKind).decode
body_of = msgspec.json.Decoder(LivechatBody).decode
seen_of = msgspec.json.Decoder(LivechatSeen).decode
