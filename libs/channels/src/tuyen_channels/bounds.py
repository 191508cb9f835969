"""Limits what a channel sends to what the log, the views and the workers can store (R9.5, R9.6).

A value that only describes something is cut or dropped, so that the customer's text is accepted; a
part whose ids are longer than an id may be is not read at all.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from tuyen_events.limits import (
    CLOCK_BELIEVED_AHEAD_S,
    CLOCK_BELIEVED_FROM,
    EXTERNAL_ID_CHARACTERS,
    URL_CHARACTERS,
)

_OF_AN_ID = "\\A[^\0\ufffd]*\\Z"

TextId = Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS, pattern=_OF_AN_ID)]
"""A channel's id as text: without NUL and replacement characters."""

BlankId = Annotated[str, Meta(max_length=EXTERNAL_ID_CHARACTERS, pattern=_OF_AN_ID)]
"""The same where it may be empty."""

Id = TextId | Annotated[int, Meta(ge=0, le=2**63 - 1)]

EpochTime = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Seconds or milliseconds since 1970, whatever the field is documented to contain."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM = 100_000_000_000
"""Seconds reach this in the year 5138; milliseconds passed it in 1973."""
_LATEST = 253_402_300_799
"""The last second of the year 9999."""

_EARLIEST = datetime(CLOCK_BELIEVED_FROM, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(seconds=CLOCK_BELIEVED_AHEAD_S)


def cut(text: str | None, characters: int) -> str | None:
    """The beginning of a text."""
    return text if text is None else text[:characters]


def whole_or_none(text: str | None, characters: int) -> str | None:
    """The text, or None if it is too long and its beginning would mean something else: an address,
    a number."""
    return None if text is None or len(text) > characters else text


def page_address(url: str | None) -> str | None:
    """A page's address. One that is too long loses query and fragment first, which matter least
    (R1.6)."""
    if url is None or len(url) <= URL_CHARACTERS:
        return url
    return url.partition("#")[0].partition("?")[0][:URL_CHARACTERS]


def read_id(given: str | int | None) -> str | None:
    """A channel's id in an answer, as text; None for what is none, or cannot be stored."""
    text = "" if given is None else str(given)
    return text if 0 < len(text) <= EXTERNAL_ID_CHARACTERS and "\0" not in text else None


def believable(moment: datetime, accepted_at: datetime) -> datetime:
    """The sender's time, or the time of acceptance if the sender's clock cannot be right (I2)."""
    return moment if _EARLIEST <= moment <= accepted_at + _AHEAD else accepted_at


def believable_epoch(clock: int | None, accepted_at: datetime) -> datetime:
    """The same for an `EpochTime`: seconds and milliseconds are distinguished by their size, since
    fields for one have been sent with the other. Without a time, that of acceptance."""
    if clock is None:
        return accepted_at
    seconds, thousandths = divmod(clock, 1000) if clock >= _MILLIS_FROM else (clock, 0)
    if seconds > _LATEST:
        return accepted_at
    return believable(_EPOCH + timedelta(seconds=seconds, milliseconds=thousandths), accepted_at)


def degrees(value: float | None) -> float | None:
    """A latitude or longitude; None if the number is not finite."""
    return value if value is not None and math.isfinite(value) else None
