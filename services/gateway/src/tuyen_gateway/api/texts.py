"""Finds texts that cannot be stored, wherever they are in a request."""

import json
import re
from urllib.parse import parse_qsl

from tuyen_events.limits import PLACE_CHARACTERS

_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""NUL ends a text for MongoDB's patterns; a lone surrogate has no UTF-8 encoding."""

_MAY_BE_UNFIT = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]|\0")
"""How either can occur in JSON: escaped, and a lone surrogate also as the three bytes that UTF-8
forbids and JSON's own decoder accepts. It accepts UTF-16 and UTF-32 as well, in which every JSON
contains NUL."""

_Place = tuple["_Place | None", str | int]
"""A place in a body: the place of the enclosing object or array, and the name or index in it. They
are linked, so that the path is written out for the reported place alone."""


def find_unfit_place(path: str, query: bytes) -> str | None:
    """The place of such a text in a request's address, in the form of a problem's `field`; None if
    there is none."""
    if _UNFIT.search(path):
        return "path"
    if b"%00" in query or b"\0" in query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if _UNFIT.search(name):
                return "query"
            if _UNFIT.search(value):
                return f"query.{name}"
    return None


def find_unfit_field(body: bytes) -> str | None:
    """The field of a JSON body that contains such a text, in its value or in a name; None if there
    is none, or if the body is not JSON, which its reader reports."""
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
                return _format_place(place)
            case dict():
                if any(_UNFIT.search(name) for name in value):
                    return _format_place(place)
                left.extend(((place, name), held) for name, held in value.items())
            case list():
                left.extend(((place, index), held) for index, held in enumerate(value))
            case _:
                pass
    return None


def _format_place(place: _Place | None) -> str:
    parts = []
    while place is not None:
        place, part = place
        parts.append(str(part)[:PLACE_CHARACTERS])
    return ".".join(reversed(parts))
