"""Proposals to merge two contacts that different people look after, and what their managers decide
(C2)."""

from typing import ClassVar

import msgspec

from tuyen_events.crm.records import ContactCommand, ContactEvent, MergingCommand
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.vocabulary import Word


class ProposalState(Word):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class DecideProposal(MergingCommand, frozen=True, kw_only=True):
    """Accept or decline a proposal, for those of the two contacts that the agent manages."""

    type: ClassVar[str] = "merge_proposal.decide.v1"
    proposal_id: str
    other: ContactId
    accept: bool
    by: AgentId
    administrator: bool = False
    """Whether the agent's role lets them decide for both."""
    expected_version: int | None = None
    """Refuse when the proposal has another version by then."""


class LeftProposal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal that one of its contacts, `contact_id`, still has, and that ended for the other
    one."""

    contact_id: ContactId
    proposal_id: str
    state: ProposalState | None = None
    by: AgentId | None = None


class EndProposals(ContactCommand, frozen=True, kw_only=True):
    """End these proposals with the contact: they were too many to end with the command by which
    they ended for it. The CRM sends it itself."""

    type: ClassVar[str] = "merge_proposal.end.v1"
    answered: ClassVar[bool] = False
    left: tuple[LeftProposal, ...]


class MergeProposalEvent(ContactEvent, frozen=True, kw_only=True):
    """Something that happened to a proposal. Each of the two contacts has an event of its own; the
    proposal has the same `version` in both."""

    proposal_id: str
    other: ContactId
    version: int
    by: AgentId | None = None
    """Null if nobody did it, or somebody who does not manage this contact: its readers are not told
    who manages the other one."""


class MergeProposed(MergeProposalEvent, frozen=True, kw_only=True):
    """Both contacts have this phone number or email, and different people look after them."""

    type: ClassVar[str] = "merge_proposal.made.v1"
    fact: str


class MergeProposalApproved(MergeProposalEvent, frozen=True, kw_only=True):
    """The managers of one contact have accepted, and those of the other one have not decided."""

    type: ClassVar[str] = "merge_proposal.approved.v1"
    approved: dict[ContactId, str]
    """The contacts whose managers have accepted, with the warehouses that these manage."""


class MergeProposalClosed(MergeProposalEvent, frozen=True, kw_only=True):
    """The managers have decided, or there is nothing to decide any more."""

    type: ClassVar[str] = "merge_proposal.closed.v1"
    state: ProposalState | None
    """Null if its reason is gone: one of the contacts was removed or was merged into a third one,
    or the number was taken off or marked as shared."""
