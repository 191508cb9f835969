"""What the sentences of all entities have in common."""

from collections.abc import Iterable
from datetime import date

import msgspec

from tuyen_events.limits import ROW_TEXT_CHARACTERS
from tuyen_views.history import Change


def list_changes(
    before: msgspec.Struct | None, after: msgspec.Struct | None, fields: Iterable[str]
) -> tuple[Change, ...]:
    """The fields whose values differ in two documents, of which one may not exist. Of a long text
    the beginning is listed."""
    return tuple(
        Change(field=field, before=was, after=now)
        for field in fields
        if (was := _read(before, field)) != (now := _read(after, field))
    )


def _read(document: msgspec.Struct | None, field: str) -> str | None:
    value: object = getattr(document, field, None)
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:ROW_TEXT_CHARACTERS]
