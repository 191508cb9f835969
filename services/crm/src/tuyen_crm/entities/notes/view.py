"""The documents of notes, and the history of notes in words."""

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.notes import NoteAdded
from tuyen_events.limits import ROW_TEXT_CHARACTERS
from tuyen_views.history import Change
from tuyen_views.notes import NoteDocument


def fold(_: NoteDocument | None, event: NoteAdded) -> NoteDocument:
    return NoteDocument(
        id=event.note_id,
        organization=event.organization,
        contact_id=event.contact_id,
        first_sequence=event.sequence,
        sequence=event.sequence,
        text=event.text,
        created_at=event.at,
        created_by=event.by,
        updated_at=event.at,
    )


def describe(event: NoteAdded) -> EventDescription:
    """The history contains the beginning of a long text."""
    text = event.text[:ROW_TEXT_CHARACTERS]
    return EventDescription(
        by=event.by,
        vi="thêm một ghi chú.",
        en="added a note.",
        changes=(Change(field="text", before=None, after=text),),
    )
