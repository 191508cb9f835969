"""Events to Kafka records and back: CloudEvents 1.0 in binary mode, values in JSON."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.event import Envelope, Event
from tuyen_events.upcasters import UPCASTERS

Headers = Sequence[tuple[str, bytes]]

_CONSTANT_HEADERS = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))
_encoder = msgspec.json.Encoder()
_decoders = {name.encode(): msgspec.json.Decoder(cls) for name, cls in EVENT_TYPES.items()}


class UnreadableEventError(ValueError):
    """A record that is no event of ours: `reason` says what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownTypeError(UnreadableEventError):
    """A well-formed event of a type that this version does not know: to be skipped and counted."""


class KeyedEvent(NamedTuple):
    """The content of a record: its key, and the event with its id. A tombstone has no event."""

    key: str
    event: Event | None
    id: str


class KeyedBytes(NamedTuple):
    """The content of a record that is no event: its key and its value. A tombstone has no value."""

    key: str
    value: bytes | None


def encode_time(moment: datetime) -> bytes:
    """A time as RFC 3339 in UTC."""
    return _encoder.encode(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[1:-1]


def encode_data(event: Event) -> bytes:
    """The JSON of an event's data."""
    return _encoder.encode(event)


def headers_of(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The CloudEvents attributes as Kafka headers."""
    type_and_source = _type_and_source(envelope.data.type, envelope.source)
    return [
        ("ce_id", envelope.id.encode()),
        *type_and_source,
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", encode_time(envelope.time)),
        *_CONSTANT_HEADERS,
    ]


@lru_cache(maxsize=1024)
def _type_and_source(name: str, source: str) -> Headers:
    return (("ce_type", name.encode()), ("ce_source", source.encode()))


def encode(envelope: Envelope) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The value and headers of the record that carries `envelope`."""
    return _encoder.encode(envelope.data), headers_of(envelope)


def find_header(headers: Iterable[tuple[str, bytes]], name: str) -> bytes | None:
    """One header's value, or None."""
    for key, value in headers:
        if key == name:
            return value
    return None


def decode_data(headers: Headers, value: bytes) -> Event:
    """The event's data alone, brought to today's version; the hot path's half of `decode`.

    Raises UnknownTypeError for a type that is not in the catalogue, UnreadableEventError for a
    value that does not fit its type.
    """
    name = find_header(headers, "ce_type")
    if name is None:
        raise UnreadableEventError("the record has no ce_type header")
    return decode_typed(name, value)


def read_event(key: bytes | None, headers: Headers, value: bytes | None) -> KeyedEvent:
    """What tables and views need of a record. Raises as `decode_data` does. A key or id that is not
    UTF-8 is readable in part."""
    return KeyedEvent(
        key=_text(key or b""),
        event=None if value is None else decode_data(headers, value),
        id=_text(find_header(headers, "ce_id") or b""),
    )


def read_bytes(key: bytes | None, _headers: Headers, value: bytes | None) -> KeyedBytes:
    """The same for a topic that does not contain events."""
    return KeyedBytes(_text(key or b""), value)


def decode_typed(name: bytes, value: bytes) -> Event:
    """As `decode_data`, for a caller who has read the `ce_type` header already."""
    decoder = _decoders.get(name)
    if decoder is None:
        raise UnknownTypeError(f"no event type {_text(name)!r} is known here")
    try:
        event = decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # msgspec lets the last two through: text that is not UTF-8, and a thousand brackets.
        raise UnreadableEventError(f"{_text(name)}: {error}") from error
    while (upcast := UPCASTERS.get(event.type)) is not None:
        event = upcast(event)
    return event


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def decode(headers: Headers, value: bytes) -> Envelope:
    """A record as an envelope.

    Raises UnreadableEventError, as `decode_data` does, also for a missing id.
    """
    data = decode_data(headers, value)
    attributes = dict(headers)
    try:
        return Envelope(
            id=attributes["ce_id"].decode(),
            source=attributes.get("ce_source", b"").decode(),
            subject=attributes.get("ce_subject", b"").decode(),
            time=datetime.fromisoformat(attributes["ce_time"].decode()),
            data=data,
        )
    except (KeyError, ValueError) as error:
        raise UnreadableEventError(f"{data.type}: headers are incomplete: {error}") from error
