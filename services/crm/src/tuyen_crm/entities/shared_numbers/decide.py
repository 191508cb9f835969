"""Handles commands about numbers that many people share. No contacts are merged because of them
(C2)."""

from dataclasses import replace
from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_applied, decide_unchanged
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.entities.merges.drafts import DecisionDraft, cause_of
from tuyen_crm.entities.merges.merging import SHARED_NUMBERS
from tuyen_crm.entities.merges.proposing import close_shared
from tuyen_events.crm.shared_numbers import (
    AddSharedNumber,
    RemoveSharedNumber,
    SharedNumberAdded,
    SharedNumberRemoved,
)

SharedNumberCommands = AddSharedNumber | RemoveSharedNumber


def decide(known: KnownState, command: SharedNumberCommands) -> CommandDecision:
    """Marks a number as shared, or ends that. Contacts that were merged before stay merged."""
    match command:
        case AddSharedNumber():
            marked = known.setup(SHARED_NUMBERS, command.id)
            if marked is not None:
                return decide_unchanged(marked.sequence)
            return _mark(known, command)
        case RemoveSharedNumber():
            return remove_entity(known, SHARED_NUMBERS, command, SharedNumberRemoved)
        case _:
            assert_never(command)


def _mark(known: KnownState, command: AddSharedNumber) -> CommandDecision:
    """Marks the number, and ends the proposals because of it."""
    marked = put_entity(known, SHARED_NUMBERS, command, SharedNumberAdded)
    if not marked.events:
        return marked
    draft = DecisionDraft(known, cause_of(command))
    close_shared(draft, command.id)
    follow_ups = (
        draft.build_follow_ups(draft.deferred_proposals[0].contact_id)
        if draft.deferred_proposals
        else ()
    )
    return replace(decide_applied(*draft.events, *marked.events), follow_ups=follow_ups)
