"""Notes that agents write about contacts."""

from typing import ClassVar, NewType

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ChildChange, ChildCommand, ChildEvent
from tuyen_events.ids import IntegrationId

NoteId = NewType("NoteId", str)


class NoteCommand(ChildCommand, frozen=True, kw_only=True):
    """A request about a note."""

    note_id: NoteId

    @property
    def child_id(self) -> str:
        return self.note_id


class AddNote(NoteCommand, frozen=True, kw_only=True):
    """Add a note to the contact, or replace the one with that id."""

    type: ClassVar[str] = "note.add.v1"
    text: str


class ChangeNote(NoteCommand, frozen=True, kw_only=True):
    """Change the fields that are given."""

    type: ClassVar[str] = "note.change.v1"
    text: str | UnsetType = UNSET


class RemoveNote(NoteCommand, frozen=True, kw_only=True):
    """Remove the note; if there is none, nothing changes."""

    type: ClassVar[str] = "note.remove.v1"


class NoteEvent(ChildEvent, frozen=True, kw_only=True):
    """Something that happened to a note."""

    note_id: NoteId

    @property
    def child_id(self) -> str:
        return self.note_id


class NoteAdded(NoteEvent, frozen=True, kw_only=True):
    """An agent wrote a note about the contact (C5)."""

    type: ClassVar[str] = "note.added.v1"
    text: str


class NoteChanged(NoteEvent, frozen=True, kw_only=True):
    """An agent changed the fields of a note that are given."""

    type: ClassVar[str] = "note.changed.v1"
    text: str | UnsetType = UNSET


class NoteRemoved(NoteEvent, frozen=True, kw_only=True):
    """An agent removed a note."""

    type: ClassVar[str] = "note.removed.v1"
    removes: ClassVar[bool] = True


class NoteReceived(ChildChange, frozen=True, kw_only=True):
    """An integration said something about a contact that it sent (C12)."""

    type: ClassVar[str] = "note.received.v1"
    note_id: NoteId
    text: str
    integration_id: IntegrationId

    @property
    def child_id(self) -> str:
        return self.note_id
