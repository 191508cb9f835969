"""The documents of notes, and the history of notes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.notes import NoteAdded, NoteChanged, NoteReceived, NoteRemoved
from tuyen_events.crm.records import ChildEvent
from tuyen_views.notes import NoteDocument
from tuyen_views.view import add_document, change_document

NoteEvents = NoteAdded | NoteReceived | NoteChanged | NoteRemoved

_SHOWN = ("text",)


def fold(document: NoteDocument | None, event: NoteEvents) -> NoteDocument | None:
    match event:
        case NoteAdded() | NoteReceived():
            return add_document(NoteDocument, event, _SHOWN)
        case NoteChanged():
            return change_document(document, event, _SHOWN)
        case NoteRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: NoteEvents, before: NoteDocument | None, after: NoteDocument | None
) -> EventDescription:
    match event:
        case NoteAdded():
            vi, en = "thêm một ghi chú.", "added a note."
        case NoteReceived():
            vi = "Nguồn dữ liệu gửi kèm một ghi chú."
            en = "A note came with the contact's data."
        case NoteChanged():
            vi, en = "sửa một ghi chú.", "changed a note."
        case NoteRemoved():
            vi, en = "xóa một ghi chú.", "removed a note."
        case _:
            assert_never(event)
    by = event.by if isinstance(event, ChildEvent) else None
    return EventDescription(by=by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
