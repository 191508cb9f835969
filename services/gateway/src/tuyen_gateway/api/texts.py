"""Texts that no store takes whole, wherever in a request they stand."""

import json
import re
from urllib.parse import parse_qsl

from tuyen_events.limits import PLACE_CHARACTERS

_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""NUL ends a text for MongoDB's patterns; half of a surrogate pair has no UTF-8."""

_MAY_BE_UNFIT = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]|\0")
"""How either may stand in JSON: escaped, half a pair also in the three bytes that UTF-8 forbids and
JSON's own reader takes. It takes UTF-16 and UTF-32 as well, in which no JSON is without NUL."""

_Place = tuple["_Place | None", str | int]
"""Where in a body something stands: in what, and there under which name or at which index. What
holds thousands is written down for none of them."""


def unfit_place(path: str, query: bytes) -> str | None:
    """Where in a request's address such a text stands, in problems' words; None for nowhere."""
    if _UNFIT.search(path):
        return "path"
    if b"%00" in query or b"\0" in query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if _UNFIT.search(name):
                return "query"
            if _UNFIT.search(value):
                return f"query.{name}"
    return None


def unfit_field(body: bytes) -> str | None:
    """Which field of a JSON body holds such a text, or is named by one; None for none.

    What is no JSON has none: whoever reads the body says so.
    """
    if not _MAY_BE_UNFIT.search(body):
        return None
    try:
        left: list[tuple[_Place, object]] = [((None, "body"), json.loads(body))]
    except (ValueError, RecursionError):
        return None
    while left:
        place, value = left.pop()
        match value:
            case str() if _UNFIT.search(value):
                return _written(place)
            case dict():
                if any(_UNFIT.search(name) for name in value):
                    return _written(place)
                left.extend(((place, name), held) for name, held in value.items())
            case list():
                left.extend(((place, index), held) for index, held in enumerate(value))
            case _:
                pass
    return None


def _written(place: _Place | None) -> str:
    parts = []
    while place is not None:
        place, part = place
        parts.append(str(part)[:PLACE_CHARACTERS])
    return ".".join(reversed(parts))
