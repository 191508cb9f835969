"""Repairs bodies that a strict JSON decoder refuses because of a single character or number, or
whose text cannot be stored."""

import json
import math
import re

REPLACEMENT = "\ufffd"
"""Replaces an invalid character. No id of a channel contains it."""

_DIGITS = 64
_HALF = re.compile("[\ud800-\udfff]")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def needs_mending(body: bytes) -> bool:
    """Whether the body contains a NUL character, which a decoder would accept although it cannot be
    stored."""
    return b"\\u0000" in body


def mended(body: bytes) -> bytes:
    """The same JSON with REPLACEMENT for invalid characters, and with null for invalid numbers.

    Half of an emoji (a lone surrogate) where a text was cut, a byte that is not UTF-8, or a NUL
    makes the whole body unreadable for a strict decoder, or impossible to store; everything except
    that character is still useful. Invalid numbers are NaN, infinities, and numbers that are too
    large. Raises ValueError or RecursionError if it is not JSON at all.
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
