"""Proposals to merge contacts, from the phone number or email that both have to their end (C2).

A proposal belongs to two contacts and one fact, and so has one id, whoever causes it. It ends when
its managers have decided, and when its reason is gone: one of the contacts was removed or merged
into a third one, or the number was taken off or marked as shared.
"""

from collections.abc import Collection

from tuyen_crm.domain.index_keys import proposal_key
from tuyen_crm.entities.merges.drafts import DecisionDraft
from tuyen_events.crm.merge_proposals import (
    LeftProposal,
    MergeProposalApproved,
    MergeProposalClosed,
    MergeProposed,
    ProposalState,
)
from tuyen_events.crm_limits import CONTACT_PROPOSALS, PROPOSED_CONTACTS
from tuyen_events.ids import AgentId, ContactId, proposal_id


def propose(draft: DecisionDraft, one: ContactId, another: ContactId, fact: str) -> None:
    """Proposes to merge the two, unless that is proposed already, or there are too many proposals
    of one of them, or of this fact.

    Too many are also those that one command could not end now: when a contact is removed, or a
    number is marked as shared, all contacts with one of its open proposals change.
    """
    id_ = proposal_id(one, another, fact)
    states = [draft.require(one), draft.require(another)]
    if any(id_ in each.proposals for each in states):
        return
    opened = [each.open_proposals for each in states]
    if any(len(each) >= CONTACT_PROPOSALS for each in opened):
        return
    alike = {*draft.find(proposal_key(fact)), one, another}
    if len(alike) > PROPOSED_CONTACTS:
        return
    others = [[proposal.other for proposal in each.values()] for each in opened]
    if not all(draft.may_change(one, another, *ids) for ids in (alike, draft.changed, *others)):
        return
    for each, other in ((one, another), (another, one)):
        draft.add(
            MergeProposed(**draft.begin(each), proposal_id=id_, other=other, version=1, fact=fact)
        )


def approve(
    draft: DecisionDraft, contact_id: ContactId, id_: str, sides: Collection[ContactId], by: AgentId
) -> None:
    """Notes that the managers of the contacts in `sides` have accepted."""
    proposal = draft.require(contact_id).proposals[id_]
    approved = {**proposal.approved, **{each: draft.require(each).warehouse_id for each in sides}}
    for each, other in ((contact_id, proposal.other), (proposal.other, contact_id)):
        draft.add(
            MergeProposalApproved(
                **draft.begin(each),
                proposal_id=id_,
                other=other,
                version=proposal.version + 1,
                approved=approved,
                by=by if each in sides else None,
            )
        )


def close(
    draft: DecisionDraft,
    contact_id: ContactId,
    id_: str,
    state: ProposalState | None = None,
    *,
    by: AgentId | None = None,
    sides: Collection[ContactId] = (),
) -> None:
    """Ends a proposal of the contact, with no state if its reason is gone. `by` is named to the
    contacts in `sides`. If the command would change too much, it is left to a further command to
    end it for the other contact."""
    other = draft.require(contact_id).proposals[id_].other
    for each in (contact_id, other):
        ended = LeftProposal(
            contact_id=each, proposal_id=id_, state=state, by=by if each in sides else None
        )
        if each == contact_id:
            end(draft, ended)
        else:
            end_or_leave(draft, ended)


def end_or_leave(draft: DecisionDraft, ended: LeftProposal) -> None:
    """Ends a proposal for one of its contacts, unless the command changes too much by then: one
    contact it changes in any case."""
    if draft.may_change(ended.contact_id, *draft.changed) or not draft.changed:
        end(draft, ended)
    else:
        draft.deferred_proposals.append(ended)


def end(draft: DecisionDraft, ended: LeftProposal) -> None:
    """Ends a proposal for one of its contacts."""
    known = draft.contact(ended.contact_id)
    proposal = None if known is None else known.proposals.get(ended.proposal_id)
    if proposal is not None:
        draft.add(
            MergeProposalClosed(
                **draft.begin(ended.contact_id),
                proposal_id=ended.proposal_id,
                other=proposal.other,
                version=proposal.version + 1,
                state=ended.state,
                by=ended.by,
            )
        )


def close_lost(draft: DecisionDraft, contact_id: ContactId) -> None:
    """Ends the proposals whose phone number or email the contact has no more."""
    contact = draft.require(contact_id)
    for id_, proposal in contact.open_proposals.items():
        if proposal.fact not in (*contact.phones, *contact.emails):
            close(draft, contact_id, id_)


def close_all(
    draft: DecisionDraft,
    contact_id: ContactId,
    into: ContactId | None = None,
    by: AgentId | None = None,
) -> None:
    """Ends the proposals of a contact that is removed, or is merged into `into`: those with that
    one are accepted if an agent merges the two."""
    for id_, proposal in draft.require(contact_id).open_proposals.items():
        accepted = proposal.other == into and by is not None
        close(
            draft,
            contact_id,
            id_,
            ProposalState.ACCEPTED if accepted else None,
            by=by,
            sides=(contact_id, proposal.other) if accepted else (),
        )


def close_shared(draft: DecisionDraft, fact: str) -> None:
    """Ends all proposals because of a phone number or an email."""
    for contact_id in draft.find(proposal_key(fact)):
        for id_, proposal in draft.require(contact_id).open_proposals.items():
            if proposal.fact == fact:
                end_or_leave(draft, LeftProposal(contact_id=contact_id, proposal_id=id_))
