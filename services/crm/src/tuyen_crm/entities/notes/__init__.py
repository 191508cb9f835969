"""Notes: what agents write about a contact (C5)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.notes import decide, view
from tuyen_events.crm.notes import (
    AddNote,
    ChangeNote,
    NoteAdded,
    NoteChanged,
    NoteReceived,
    NoteRemoved,
    RemoveNote,
)
from tuyen_views.notes import NOTES_VIEW, NoteDocument
from tuyen_views.view import child_key

ENTITY: Entity[decide.NoteCommands, view.NoteEvents, NoteDocument] = Entity(
    name=decide.KIND,
    commands=(AddNote, ChangeNote, RemoveNote),
    decide=decide.decide,
    events=(NoteAdded, NoteChanged, NoteRemoved, NoteReceived),
    view=NOTES_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
