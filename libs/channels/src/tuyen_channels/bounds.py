"""What a channel says, cut to what the log, the views and the workers hold (R9.5, R9.6).

What only describes is cut or left out, so that the customer's words go through; a part whose ids
are longer than an id can be is not read at all.
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
"""An id of a channel as text: without the characters that stand for none."""

BlankId = Annotated[str, Meta(max_length=EXTERNAL_ID_CHARACTERS, pattern=_OF_AN_ID)]
"""The same where it may be left empty."""

Id = TextId | Annotated[int, Meta(ge=0, le=2**63 - 1)]

_EARLIEST = datetime(CLOCK_BELIEVED_FROM, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(seconds=CLOCK_BELIEVED_AHEAD_S)


def cut(text: str | None, characters: int) -> str | None:
    """The beginning of a text."""
    return text if text is None else text[:characters]


def whole_or_none(text: str | None, characters: int) -> str | None:
    """A text of which a beginning would be another one: an address, a number."""
    return None if text is None or len(text) > characters else text


def page_address(url: str | None) -> str | None:
    """A page's address. Of one that is too long, query and fragment are the least (R1.6)."""
    if url is None or len(url) <= URL_CHARACTERS:
        return url
    return url.partition("#")[0].partition("?")[0][:URL_CHARACTERS]


def believable(moment: datetime, accepted_at: datetime) -> datetime:
    """A sender's time, or that of acceptance where the sender's clock cannot be right (I2)."""
    return moment if _EARLIEST <= moment <= accepted_at + _AHEAD else accepted_at


def degrees(value: float | None) -> float | None:
    """A latitude or longitude; None for a number that is no place."""
    return value if value is not None and math.isfinite(value) else None
