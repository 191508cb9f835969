"""Handles commands about notes."""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.parts import change_part, put_part, remove_part
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
            return put_part(known, KIND, command, added=NoteAdded, changed=NoteChanged)
        case ChangeNote():
            return change_part(known, KIND, command, NoteChanged)
        case RemoveNote():
            return remove_part(known, KIND, command, NoteRemoved)
        case _:
            assert_never(command)
