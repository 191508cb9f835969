"""Proposals to merge contacts, as their managers see them (C2)."""

from dataclasses import dataclass

from tuyen_events.crm.merge_proposals import ProposalState
from tuyen_events.ids import ContactId, OrganizationId
from tuyen_views.merge_proposals import ProposalOfContact


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFilter:
    """The proposals that are about a contact in one of `warehouses`; None is all of the
    organization's."""

    organization: OrganizationId
    warehouses: frozenset[str] | None
    id: str | None = None
    state: ProposalState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeProposal:
    """A proposal, as the document of one of its contacts, `contact_id`, has it."""

    contact_id: ContactId
    shown: ProposalOfContact

    @property
    def contact_ids(self) -> tuple[ContactId, ContactId]:
        """The same in both documents."""
        one, another = sorted((self.contact_id, self.shown.other))
        return one, another
