"""Notes: what agents write about a contact (C5)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.notes import decide, view
from tuyen_events.crm.notes import AddNote, NoteAdded
from tuyen_views.notes import NOTES_VIEW, NoteDocument

ENTITY: Entity[AddNote, NoteAdded, NoteDocument] = Entity(
    name="notes",
    commands=(AddNote,),
    decide=decide.decide,
    events=(NoteAdded,),
    view=NOTES_VIEW,
    key=lambda event: event.note_id,
    fold=view.fold,
    describe=view.describe,
)
