"""Notes that agents write about contacts."""

from typing import ClassVar, NewType

from tuyen_events.crm.records import ContactEvent, CrmCommand
from tuyen_events.ids import AgentId

NoteId = NewType("NoteId", str)


class AddNote(CrmCommand, frozen=True, kw_only=True):
    """Add a note to the contact."""

    type: ClassVar[str] = "note.add.v1"
    note_id: NoteId
    text: str
    by: AgentId


class NoteAdded(ContactEvent, frozen=True, kw_only=True):
    """An agent wrote a note about the contact (C5)."""

    type: ClassVar[str] = "note.added.v1"
    note_id: NoteId
    text: str
    by: AgentId
