"""Odd things to put into a body, and what has to hold of an event whatever it was made of."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tuyen_channels.ports import ParsedEvent
from tuyen_channels.splitting import elements
from tuyen_events.codec import decode, encode
from tuyen_events.event import Envelope
from tuyen_events.limits import EVENT_BYTES, EXTERNAL_ID_CHARACTERS

ACCEPTED = datetime(2026, 11, 21, 8, 0, 1, tzinfo=UTC)
DEEP = b"[" * 1_500 + b"]" * 1_500
ODD = {
    "invalid UTF-8": b'"a\xffb"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "half an emoji": b'"a\\ud83d"',
    "an escaped NUL": b'"a\\u0000b"',
    "a control character": b'"a\x01\nb"',
    "an escape that is none": b'"\\x"',
    "deep nesting": DEEP,
    "a huge integer": b"9" * 5_000,
    "a large integer": b"1" + b"0" * 30,
    "a negative integer": b"-1",
    "a huge float": b"1e400",
    "no number": b"NaN",
    "no number as text": b'"nan"',
    "infinity": b"-Infinity",
    "a long text": b'"' + b"a" * 5_000 + b'"',
    "an empty text": b'""',
    "null": b"null",
    "true": b"true",
    "a list": b'["a"]',
    "an object": b'{"a":{"a":"a"}}',
    "an object with an odd name": b'{"a\xff":"a\\u0000"}',
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and element."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in list(items):
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, name))


def change_sample(sample: bytes, path: tuple[Any, ...], change: str) -> list[bytes]:
    """The sample with something else at the place: the sample's entries as they stand then."""
    whole = json.loads(sample)
    holder = whole["entry"]
    for name in path[:-1]:
        holder = holder[name]
    name = path[-1]
    mark = "@odd@"
    match change:
        case "removed":
            del holder[name]
        case "renamed":
            if isinstance(holder, dict):
                holder[mark] = holder.pop(name)
        case "doubled":
            if isinstance(holder, dict):
                holder[mark] = holder[name]
            else:
                holder.append(holder[name])
        case _:
            holder[name] = mark
    raw = json.dumps(whole["entry"]).encode()
    own = json.dumps(str(name)).encode()
    odd = {"renamed": b'"a\xff"', "doubled": own}.get(change) or ODD.get(change, b"")
    return elements(raw.replace(b'"@odd@"', odd))


def assert_sound(found: ParsedEvent) -> None:
    """The event can be written, read, and stored."""
    envelope = Envelope(
        id=found.id, source="test", subject=found.subject, time=ACCEPTED, data=found.event
    )
    value, headers = encode(envelope)
    assert decode(headers, value) == envelope
    assert len(value) <= EVENT_BYTES
    text = value.decode()
    assert "\\u0000" not in text
    assert not any("\ud800" <= letter <= "\udfff" for letter in text)
    assert len(found.key) < EXTERNAL_ID_CHARACTERS + 150
    assert not set(found.key + found.subject) & {"\0", "\ufffd"}
    assert 2004 <= found.event.occurred_at.year <= 2026
