"""Handles what managers decide about proposals to merge two contacts (C2).

Two contacts are merged once a manager of each of them has accepted. Somebody who manages both, or
is an administrator, decides alone. Either side can decline.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState, Proposal
from tuyen_crm.domain.survivors import find_survivor
from tuyen_crm.entities.merges.drafts import DecisionDraft, cause_of
from tuyen_crm.entities.merges.merging import decide_merged, fits, merge_manually
from tuyen_crm.entities.merges.proposing import approve, close, end_or_leave
from tuyen_crm.entities.warehouses.placing import is_manager
from tuyen_events.crm.merge_proposals import DecideProposal, EndProposals, ProposalState
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.ids import ContactId

_Pair = Mapping[ContactId, ContactState]


ProposalCommands = DecideProposal | EndProposals


def decide(known: KnownState, command: ProposalCommands) -> CommandDecision:
    match command:
        case DecideProposal():
            return _decide_proposal(known, command)
        case EndProposals():
            return _end_left(known, command)
        case _:
            assert_never(command)


def _end_left(known: KnownState, command: EndProposals) -> CommandDecision:
    """What another command left to this one. If there is still too much, so does this one."""
    draft = DecisionDraft(known, cause_of(command))
    for each in command.left:
        end_or_leave(draft, each)
    if not draft.events:
        return decide_unchanged(0)
    return replace(
        decide_applied(*draft.events), follow_ups=draft.build_follow_ups(command.contact_id)
    )


def _decide_proposal(known: KnownState, command: DecideProposal) -> CommandDecision:
    """An agent who manages neither contact is answered as if there were no such proposal."""
    found = [find_survivor(known, each) for each in (command.contact_id, command.other)]
    pair = dict(each for each in found if each is not None)
    sides = {id_: each for id_, each in pair.items() if _manages(known, command, each)}
    if None in found or not sides:
        return NOT_FOUND
    if len(pair) == 1:
        return _repeat(command, accepted=True)
    contact = pair.get(command.contact_id)
    proposal = None if contact is None else contact.proposals.get(command.proposal_id)
    if proposal is None:
        return NOT_FOUND
    if proposal.declined:
        return _repeat(command, proposal.version, accepted=False)
    if command.expected_version not in (None, proposal.version):
        return decide_conflict(proposal.version)
    decide_open = _accept if command.accept else _decline
    return decide_open(known, command, pair, sides, proposal)


def _decline(
    known: KnownState, command: DecideProposal, _pair: _Pair, sides: _Pair, proposal: Proposal
) -> CommandDecision:
    draft = DecisionDraft(known, cause_of(command))
    close(
        draft,
        command.contact_id,
        command.proposal_id,
        ProposalState.DECLINED,
        by=command.by,
        sides=sides,
    )
    return _decide(draft, command, proposal)


def _accept(
    known: KnownState,
    command: DecideProposal,
    pair: _Pair,
    sides: _Pair,
    proposal: Proposal,
) -> CommandDecision:
    """Accepts for the contacts in `sides`. Earlier acceptances count as long as the contact is in
    the same warehouse, and so has the same managers."""
    before = {id_ for id_, each in pair.items() if proposal.approved.get(id_) == each.warehouse_id}
    draft = DecisionDraft(known, cause_of(command))
    if {*before, *sides} == pair.keys():
        if not fits(*pair.values()):
            return decide_refused(CrmRefusal.TOO_MANY, proposal.version)
        survivor = merge_manually(
            draft, command.contact_id, command.other, command.by, proposal.fact
        )
        return replace(_decide(draft, command, proposal), survivor=survivor)
    if before >= sides.keys():
        return decide_unchanged(proposal.version)
    approve(draft, command.contact_id, command.proposal_id, sides, command.by)
    return _decide(draft, command, proposal)


def _decide(draft: DecisionDraft, command: DecideProposal, proposal: Proposal) -> CommandDecision:
    decision = decide_merged(draft, command.contact_id, command.contact_id)
    return replace(decision, version=proposal.version + 1)


def _repeat(command: DecideProposal, version: int = 0, *, accepted: bool) -> CommandDecision:
    """The decision about a proposal that was accepted or declined before."""
    if command.accept is accepted:
        return decide_unchanged(version)
    return decide_refused(CrmRefusal.DECIDED, version)


def _manages(known: KnownState, command: DecideProposal, contact: ContactState) -> bool:
    return command.administrator or is_manager(
        known, contact.warehouse_id, command.by, administrator=False
    )
