"""What the sentences of all entities have in common (C8)."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.deals import Money
from tuyen_events.crm.records import ChildEvent
from tuyen_events.limits import ROW_TEXT_CHARACTERS
from tuyen_views.history import Change


def describe_child(
    event: ChildEvent,
    before: msgspec.Struct | None,
    after: msgspec.Struct | None,
    words: tuple[str, str, str | None],
    fields: Mapping[str, str],
) -> EventDescription:
    """Describes an event of a child. `words` are what was done to it in Vietnamese and in English,
    and its title; None if there is no document of it. `fields` are the names of its fields in the
    document, with those that callers know."""
    vi, en, title = words
    called = f" “{_shorten(title)}”" if title else ""
    return EventDescription(
        by=event.by,
        vi=f"{vi}{called}.",
        en=f"{en}{called}.",
        changes=tuple(
            msgspec.structs.replace(each, field=fields[each.field])
            for each in list_changes(before, after, fields)
        ),
    )


def describe_reminder(vi: str, en: str, title: str | None) -> EventDescription:
    """Describes the reminder of a child, which nobody did. `vi` and `en` are what it is called."""
    called = f" “{_shorten(title)}”" if title else ""
    return EventDescription(
        vi=f"Đến giờ nhắc {vi}{called}.", en=f"It was time for the reminder of the {en}{called}."
    )


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
    return show_value(getattr(document, field, None))


def show_value(value: object) -> str | None:
    """The value as the history lists it; of a long text the beginning."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return f"{value.amount} {value.currency}"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:ROW_TEXT_CHARACTERS]


def _shorten(title: str) -> str:
    return title if len(title) <= ROW_TEXT_CHARACTERS else title[: ROW_TEXT_CHARACTERS - 1] + "…"
