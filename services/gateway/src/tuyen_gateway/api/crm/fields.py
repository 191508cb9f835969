"""Types of the fields of child entities: what they may contain."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_events.limits import EXTERNAL_ID_CHARACTERS, TEXT_CHARACTERS

LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
]

ReportedId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=EXTERNAL_ID_CHARACTERS),
]
"""An id that an integration chose."""

_YEARS = range(1970, 9_000)
"""Others cannot be written in every time zone."""


def _read_moment(given: datetime) -> datetime:
    """In UTC and in milliseconds, as it is stored."""
    if given.year not in _YEARS:
        raise PydanticCustomError("moment", "Give a time within the next years.")
    moment = given.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


MomentIn = Annotated[AwareDatetime, AfterValidator(_read_moment)]
"""A time with its zone."""
