"""Ids in the paths of addresses that are called."""

from urllib.parse import quote

_NO_ID = "-"
"""What no channel has as an id: it answers that there is no such thing."""


def name_segment(external_id: str | None) -> str:
    """An id as one segment of a path, whatever is in it. What would be no segment, or a step within
    the path (`.`, `..`), would change what is called: then the segment is that of no id."""
    quoted = quote(external_id or "", safe="")
    return _NO_ID if quoted in ("", ".", "..") else quoted
