"""Bodies that a strict reader of JSON refuses for a single character or number."""

import json


def mended(body: bytes) -> bytes:
    """The same JSON with what cannot be a character replaced, and with null for NaN and infinities.

    A half of an emoji (an unpaired surrogate), where a text was cut, makes a whole body unreadable
    to a strict reader; everything but that character is worth having. Raises ValueError or
    RecursionError for what is no JSON either way.
    """
    found = json.loads(body, parse_constant=lambda _: None)
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
