"""Handles commands about notes."""

from typing import assert_never

from tuyen_crm.domain.children import change_child, put_child, remove_child
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.notes import (
    AddNote,
    ChangeNote,
    NoteAdded,
    NoteChanged,
    NoteRemoved,
    RemoveNote,
)

KIND = "notes"

NoteCommands = AddNote | ChangeNote | RemoveNote


def decide(known: KnownState, command: NoteCommands) -> CommandDecision:
    match command:
        case AddNote():
            return put_child(known, KIND, command, added=NoteAdded, changed=NoteChanged)
        case ChangeNote():
            return change_child(known, KIND, command, NoteChanged)
        case RemoveNote():
            return remove_child(known, KIND, command, NoteRemoved)
        case _:
            assert_never(command)
