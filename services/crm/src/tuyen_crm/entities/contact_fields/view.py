"""The documents of fields of contacts, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.contact_fields import ContactFieldChanged, ContactFieldRemoved
from tuyen_views.contact_fields import ContactFieldDocument
from tuyen_views.view import build_entity_fields

ContactFieldEvents = ContactFieldChanged | ContactFieldRemoved

_SHOWN = ("name", "type", "choices", "required")


def fold(
    document: ContactFieldDocument | None, event: ContactFieldEvents
) -> ContactFieldDocument | None:
    match event:
        case ContactFieldChanged():
            fields = build_entity_fields(document, event)
            return ContactFieldDocument(**fields, definition=event.definition)
        case ContactFieldRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: ContactFieldEvents,
    before: ContactFieldDocument | None,
    after: ContactFieldDocument | None,
) -> EventDescription:
    known = after or before
    name = f"“{known.definition.name if known else event.id}”"
    match event:
        case ContactFieldChanged() if before is None:
            vi, en = f"tạo trường {name}.", f"created the field {name}."
        case ContactFieldChanged():
            vi, en = f"sửa trường {name}.", f"changed the field {name}."
        case ContactFieldRemoved():
            vi, en = f"xóa trường {name}.", f"removed the field {name}."
        case _:
            assert_never(event)
    changes = list_changes(before and before.definition, after and after.definition, _SHOWN)
    return EventDescription(by=event.by, vi=vi, en=en, changes=changes)
