"""Repairs bodies that a strict JSON decoder refuses because of a single character or number, or
whose text cannot be stored."""

import json
import math
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from tuyen_events.limits import REPAIRED_BYTES, REPAIRED_ELEMENTS, count_elements

REPLACEMENT = "\ufffd"
"""Replaces an invalid character. No id of a channel contains it."""

_DIGITS = 64
_Read = TypeVar("_Read")
_HALF = re.compile("[\ud800-\udfff]")


class TooMuchToRepairError(ValueError):
    """A body's parts are more than may be repaired: they are not read."""


def needs_repair(body: bytes) -> bool:
    """Whether the body contains a NUL character, which a decoder would accept although it cannot be
    stored."""
    return b"\\u0000" in body


class Repairs:
    """Repairs the parts of one body, up to REPAIRED_BYTES and REPAIRED_ELEMENTS together (R9.5).

    A repair takes a hundred times as long as strict reading, and blocks the process meanwhile.
    """

    def __init__(self) -> None:
        self._bytes, self._elements = REPAIRED_BYTES, REPAIRED_ELEMENTS

    def repair(self, part: bytes) -> bytes:
        """The same JSON with REPLACEMENT for what cannot be a character, and with null for what
        cannot be a number.

        A half of an emoji (an unpaired surrogate) where a text was cut, a byte that is no UTF-8, or
        a NUL makes a whole body unreadable to a strict reader or to a store; the rest of the body
        is worth reading. Numbers without a value are NaN, infinities, and what is larger than any.
        Raises ValueError or RecursionError for what is no JSON even then, and TooMuchToRepairError.
        """
        self._bytes -= len(part)
        self._elements -= count_elements(part)
        if self._bytes < 0 or self._elements < 0:
            raise TooMuchToRepairError(
                f"not to be read as it is, and with more than {REPAIRED_BYTES} bytes or "
                f"{REPAIRED_ELEMENTS} values too long to be repaired"
            )
        found = json.loads(
            part.decode("utf-8", "replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_float=_float,
            parse_int=_int,
        )
        text = json.dumps(found, ensure_ascii=False)
        return _without_nul(_HALF.sub(REPLACEMENT, text)).encode()


def read_leniently(read: Callable[[bytes], _Read], body: bytes) -> _Read:
    """What `read` returns for a body with one part; for the repaired body, if `read` refuses this
    one as invalid JSON, or would accept a character that cannot be stored.

    Raises whatever `read` raises otherwise, and what `Repairs.repair` raises.
    """
    if not needs_repair(body):
        try:
            return read(body)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return read(Repairs().repair(body))


def _without_nul(text: str) -> str:
    """A JSON text with REPLACEMENT for its escaped NUL characters. Each pair of backslashes is
    replaced by an unescaped NUL meanwhile, so that what follows the pair is not taken for an
    escape."""
    return text.replace("\\\\", "\0").replace("\\u0000", REPLACEMENT).replace("\0", "\\\\")


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _int(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None
