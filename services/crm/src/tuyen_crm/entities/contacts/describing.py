"""The history of contacts in words.

Decides C8.
"""

from collections.abc import Iterator
from typing import assert_never

from tuyen_crm.entities.contacts.evolve import OwnContactEvent
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes, show_value
from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactCreated,
    ContactMerged,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ContactSeparated,
)
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change

_CUSTOM = "custom."
_SHOWN = (
    "name",
    "phones",
    "emails",
    "gender",
    "birthday",
    "address",
    "location",
    "warehouse_id",
    "assignee",
    "campaign_id",
    "care_status",
)
_WORDS = {
    "name": ("tên", "the name"),
    "phones": ("số điện thoại", "the phone numbers"),
    "emails": ("email", "the emails"),
    "gender": ("giới tính", "the gender"),
    "birthday": ("ngày sinh", "the birthday"),
    "address": ("địa chỉ", "the address"),
    "location": ("khu vực", "the location"),
    "warehouse_id": ("kho", "the warehouse"),
    "assignee": ("người phụ trách", "the assignee"),
    "campaign_id": ("chiến dịch", "the campaign"),
    "care_status": ("tình trạng chăm sóc", "the care status"),
}


def describe(
    event: OwnContactEvent, before: ContactDocument | None, after: ContactDocument | None
) -> EventDescription:
    """Describes the event (C8)."""
    changes: tuple[Change, ...] = ()
    match event:
        case ContactCreated():
            channel = event.channel.capitalize()
            vi = f"Khách liên hệ lần đầu qua {channel}."
            en = f"The customer got in touch for the first time, by {channel}."
            changes = _name_change(None, event.name)
        case ContactNamed():
            vi = f"Kênh cho biết tên của khách: “{event.name}”."
            en = f"The channel said the customer's name: “{event.name}”."
            changes = () if event.renamed else _name_change(None, event.name)
        case ContactRenamed():
            vi, en = _describe_name(event)
            changes = _name_change(event.previous_name, event.name)
        case ContactAdded() | ContactPatched():
            changes = (*list_changes(before, after, _SHOWN), *_list_custom(before, after))
            vi, en = _describe_changes(event, changes)
        case ContactRemoved():
            vi, en = "xóa khách.", "removed the contact."
        case ContactMerged() if event.by is None:
            vi, en = "Khách được gộp vào khách cũ hơn.", "The contact was merged into an older one."
        case ContactMerged():
            vi, en = "gộp khách vào khách cũ hơn.", "merged the contact into an older one."
        case ContactSeparated():
            vi, en = "tách khách ra như trước khi gộp.", "separated the contact again."
        case _:
            assert_never(event)
    return EventDescription(by=getattr(event, "by", None), vi=vi, en=en, changes=changes)


def _describe_changes(
    event: ContactAdded | ContactPatched, changes: tuple[Change, ...]
) -> tuple[str, str]:
    if isinstance(event, ContactAdded):
        if event.by is None:
            return "Khách được thêm từ một nguồn dữ liệu.", "The contact came from a data source."
        return "thêm khách.", "added the contact."
    words = [_find_words(event, change.field) for change in changes]
    vi = ", ".join(each for each, _ in words) or "thông tin"
    en = ", ".join(each for _, each in words) or "the contact"
    if event.by is None:
        return f"Đã bổ sung {vi}.", f"Completed {en}."
    return f"sửa {vi}.", f"changed {en}."


def _find_words(event: ContactPatched, field: str) -> tuple[str, str]:
    """A custom field is called by the name that it had."""
    if field in _WORDS:
        return _WORDS[field]
    field_id = field.removeprefix(_CUSTOM)
    name = f"“{event.custom_names.get(field_id, field_id)}”"
    return name, name


def _list_custom(before: ContactDocument | None, after: ContactDocument | None) -> Iterator[Change]:
    was, now = ({} if each is None else each.custom for each in (before, after))
    for field_id in sorted({*was, *now}):
        values = [show_value(each.get(field_id)) for each in (was, now)]
        if values[0] != values[1]:
            yield Change(field=f"{_CUSTOM}{field_id}", before=values[0], after=values[1])


def _describe_name(event: ContactRenamed) -> tuple[str, str]:
    if event.name is None:
        return "xóa tên của khách.", "removed the contact's name."
    if event.previous_name is None:
        return f"đặt tên cho khách là “{event.name}”.", f"named the contact “{event.name}”."
    return (
        f"đổi tên khách từ “{event.previous_name}” thành “{event.name}”.",
        f"renamed the contact from “{event.previous_name}” to “{event.name}”.",
    )


def _name_change(before: str | None, after: str | None) -> tuple[Change, ...]:
    return () if before == after else (Change(field="name", before=before, after=after),)
