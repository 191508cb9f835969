"""Handles requests to merge contacts, and to undo a merge.

Decides C2.
"""

from typing import Any, assert_never

import msgspec

from tuyen_crm.domain.content import release, restore_content
from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.merges.drafts import DecisionDraft, cause_of
from tuyen_crm.entities.merges.merge_consent import may_change, may_merge_manually
from tuyen_crm.entities.merges.merging import (
    decide_merged,
    fits,
    merge_manually,
    propose_merges,
)
from tuyen_crm.entities.merges.proposing import close_lost
from tuyen_crm.entities.steps.names import list_step_names
from tuyen_crm.entities.warehouses.placing import has_warehouse
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE, ContactContent, ContactSeparated
from tuyen_events.crm.merges import ContactReleased, MergeContacts, UndoMerge
from tuyen_events.crm.records import CrmRefusal

MergeCommands = MergeContacts | UndoMerge


def decide(known: KnownState, command: MergeCommands) -> CommandDecision:
    contact = known.contact(command.contact_id)
    if contact is None:
        return NOT_FOUND
    match command:
        case MergeContacts():
            return _merge(known, contact, command)
        case UndoMerge():
            return _undo(known, contact, command)
        case _:
            assert_never(command)


def _merge(known: KnownState, contact: ContactState, command: MergeContacts) -> CommandDecision:
    other = known.contact(command.other)
    if other is None:
        return decide_refused(CrmRefusal.UNKNOWN_REFERENCE)
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    if command.other == command.contact_id:
        return decide_unchanged(contact.version)
    refusal = _find_refusal(known, contact, other, command)
    if refusal is not None:
        return decide_refused(refusal)
    draft = DecisionDraft(known, cause_of(command))
    survivor = merge_manually(draft, command.contact_id, command.other, command.by)
    return decide_merged(draft, command.contact_id, survivor)


def _find_refusal(
    known: KnownState, contact: ContactState, other: ContactState, command: MergeContacts
) -> CrmRefusal | None:
    """Why the two are not merged. It counts who has them now: since the agent looked at them,
    somebody else may have got one."""
    if contact.merged_into is not None or other.merged_into is not None:
        return CrmRefusal.MERGED_ALREADY
    if not may_merge_manually(
        known, contact, other, command.by, administrator=command.administrator
    ):
        return CrmRefusal.NOT_ALLOWED
    return None if fits(contact, other) else CrmRefusal.TOO_MANY


def _forget_removed_setup(known: KnownState, content: ContactContent) -> ContactContent:
    """The content without what was removed since the merge: the contact is in the default warehouse
    then, in no campaign, and at no step."""
    warehouse_id, campaign_id = content.warehouse_id, content.campaign_id
    changed: dict[str, Any] = {
        "steps": {
            pipeline_id: step_id
            for pipeline_id, step_id in content.steps.items()
            if step_id in list_step_names(known, pipeline_id)
        }
    }
    if not has_warehouse(known, warehouse_id):
        changed["warehouse_id"] = DEFAULT_WAREHOUSE
    if campaign_id is not None and known.setup("campaigns", campaign_id) is None:
        changed |= {"campaign_id": None, "care_status": None}
    return msgspec.structs.replace(content, **changed)


def _undo(known: KnownState, contact: ContactState, command: UndoMerge) -> CommandDecision:
    """Each has again what it had, and the contact that stayed keeps what came since. Of what both
    have, each has its own. It is for those who may change the contact that stayed, as it is now."""
    undone = contact.merges.get(command.merge_id)
    gone = None if undone is None else known.contact(undone.contact_id)
    if undone is None or gone is None:
        return NOT_FOUND
    if contact.merged_into is not None:
        return decide_refused(CrmRefusal.MERGED_ALREADY)
    if not may_change(known, contact, command.by, administrator=command.administrator):
        return decide_refused(CrmRefusal.NOT_ALLOWED)
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    others = {
        id_: state
        for id_, each in contact.merges.items()
        if id_ != command.merge_id and (state := known.contact(each.contact_id)) is not None
    }
    content, moved = release(contact, undone.gained, gone, others)
    given_back = _forget_removed_setup(known, restore_content(gone, contact))
    about: dict[str, Any] = {
        "organization": command.organization,
        "caused_by": command.command_id,
        "at": command.at,
        "merge_id": command.merge_id,
        "by": command.by,
    }
    leaving = {undone.contact_id, *gone.merged}
    draft = DecisionDraft(known, cause_of(command))
    draft.add(
        ContactReleased(
            **about,
            contact_id=command.contact_id,
            sequence=contact.sequence + 1,
            released=undone.contact_id,
            merged=tuple(each for each in contact.merged if each not in leaving),
            content=_forget_removed_setup(known, content),
            moved=moved,
        )
    )
    draft.add(
        ContactSeparated(
            **about,
            contact_id=undone.contact_id,
            sequence=gone.sequence + 1,
            out_of=command.contact_id,
            content=given_back,
            merged=gone.merged,
            created_at=gone.created_at,
        )
    )
    close_lost(draft, command.contact_id)
    propose_merges(draft, undone.contact_id)
    return decide_merged(draft, command.contact_id, command.contact_id)
