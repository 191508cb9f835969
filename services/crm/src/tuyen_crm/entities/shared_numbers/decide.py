"""Handles commands about numbers that many people share: they merge nothing (C2)."""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_unchanged
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.entities.merges.joining import SHARED_NUMBERS
from tuyen_events.crm.shared_numbers import (
    AddSharedNumber,
    RemoveSharedNumber,
    SharedNumberAdded,
    SharedNumberRemoved,
)

SharedNumberCommands = AddSharedNumber | RemoveSharedNumber


def decide(known: KnownState, command: SharedNumberCommands) -> CommandDecision:
    """Contacts that were merged before stay merged."""
    match command:
        case AddSharedNumber():
            marked = known.setup(SHARED_NUMBERS, command.id)
            if marked is not None:
                return decide_unchanged(marked.sequence)
            return put_entity(known, SHARED_NUMBERS, command, SharedNumberAdded)
        case RemoveSharedNumber():
            return remove_entity(known, SHARED_NUMBERS, command, SharedNumberRemoved)
        case _:
            assert_never(command)
