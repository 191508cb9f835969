"""Applies merges to the state of the contact that stays, and proposals to that of both."""

from typing import assert_never

import msgspec

from tuyen_crm.domain.content import FIELDS, add_gained
from tuyen_crm.domain.state import ContactState, Merge, Proposal, note_separation
from tuyen_events.crm.merge_proposals import (
    MergeProposalApproved,
    MergeProposalClosed,
    MergeProposalEvent,
    MergeProposed,
    ProposalState,
)
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.crm_limits import DECLINED_PROPOSALS

MergeEvents = ContactAbsorbed | ContactReleased


def evolve(contact: ContactState | None, event: MergeEvents) -> ContactState | None:
    """The contact after the event. Events of a contact that does not exist are ignored."""
    if contact is None:
        return None
    changed = msgspec.structs.replace(
        contact,
        **{name: getattr(event.content, name) for name in FIELDS},
        sequence=event.sequence,
        version=event.sequence,
        merged=event.merged,
    )
    match event:
        case ContactAbsorbed():
            merge = Merge(contact_id=event.absorbed, gained=event.gained)
            separated_from = tuple(
                each for each in contact.separated_from if each != event.absorbed
            )
            merges = {**contact.merges, event.merge_id: merge}
            return msgspec.structs.replace(changed, merges=merges, separated_from=separated_from)
        case ContactReleased():
            merges = {
                id_: msgspec.structs.replace(
                    merge, gained=add_gained(merge.gained, event.moved[id_])
                )
                if id_ in event.moved
                else merge
                for id_, merge in contact.merges.items()
                if id_ != event.merge_id
            }
            separated_from = note_separation(contact, event.released)
            return msgspec.structs.replace(changed, merges=merges, separated_from=separated_from)
        case _:
            assert_never(event)


def evolve_proposal(contact: ContactState | None, event: MergeProposalEvent) -> ContactState | None:
    """The contact after the event. One that was accepted, or lost its reason, is forgotten; one
    that was declined is remembered, so that it is not made again: as many as DECLINED_PROPOSALS."""
    if contact is None:
        return None
    proposals = dict(contact.proposals)
    known = proposals.get(event.proposal_id)
    match event:
        case MergeProposed():
            proposals[event.proposal_id] = Proposal(
                other=event.other, fact=event.fact, version=event.version
            )
        case MergeProposalApproved() if known is not None:
            proposals[event.proposal_id] = msgspec.structs.replace(
                known, version=event.version, approved=event.approved
            )
        case MergeProposalClosed(state=ProposalState.DECLINED) if known is not None:
            del proposals[event.proposal_id]
            proposals[event.proposal_id] = msgspec.structs.replace(
                known, version=event.version, approved={}, declined=True
            )
            declined = [id_ for id_, each in proposals.items() if each.declined]
            for forgotten in declined[:-DECLINED_PROPOSALS]:
                del proposals[forgotten]
        case _:
            proposals.pop(event.proposal_id, None)
    return msgspec.structs.replace(contact, sequence=event.sequence, proposals=proposals)
