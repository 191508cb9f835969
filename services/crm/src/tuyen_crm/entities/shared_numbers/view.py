"""The documents of shared numbers, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.shared_numbers import SharedNumberAdded, SharedNumberRemoved
from tuyen_views.shared_numbers import SharedNumberDocument
from tuyen_views.view import build_entity_fields

SharedNumberEvents = SharedNumberAdded | SharedNumberRemoved


def fold(
    document: SharedNumberDocument | None, event: SharedNumberEvents
) -> SharedNumberDocument | None:
    match event:
        case SharedNumberAdded():
            return SharedNumberDocument(**build_entity_fields(document, event))
        case SharedNumberRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: SharedNumberEvents,
    _before: SharedNumberDocument | None,
    _after: SharedNumberDocument | None,
) -> EventDescription:
    match event:
        case SharedNumberAdded():
            vi = f"đánh dấu {event.id} là dùng chung."
            en = f"marked {event.id} as shared by many people."
        case SharedNumberRemoved():
            vi = f"bỏ đánh dấu dùng chung của {event.id}."
            en = f"no longer marks {event.id} as shared."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en)
