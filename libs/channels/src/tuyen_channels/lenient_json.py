"""Bodies that a strict reader of JSON refuses for a single character or number, or whose text
nothing can store."""

import json
import math
import re

REPLACEMENT = "\ufffd"
"""What stands for a character that is none. No id of a channel has one."""

_DIGITS = 64
_HALF = re.compile("[\ud800-\udfff]")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def needs_mending(body: bytes) -> bool:
    """Whether a reader would take the body and find a NUL character in it, which is no text."""
    return b"\\u0000" in body


def mended(body: bytes) -> bytes:
    """The same JSON with REPLACEMENT for what cannot be a character, and with null for what cannot
    be a number.

    A half of an emoji (an unpaired surrogate) where a text was cut, a byte that is no UTF-8, or a
    NUL makes a whole body unreadable to a strict reader or to a store; everything but that
    character is worth having. Numbers without a value are NaN, infinities, and what is larger than
    any. Raises ValueError or RecursionError for what is no JSON either way.
    """
    found = json.loads(
        body.decode("utf-8", "replace"),
        strict=False,
        parse_constant=lambda _: None,
        parse_float=_float,
        parse_int=_int,
    )
    text = json.dumps(found, ensure_ascii=False)
    text = _HALF.sub(REPLACEMENT, text)
    return _NUL.sub(rf"\1{REPLACEMENT}", text).encode()


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _int(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None
