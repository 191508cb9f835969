"""The filter of lists of proposals to merge contacts (C2)."""

from dataclasses import dataclass

from tuyen_events.crm.merge_proposals import ProposalState
from tuyen_events.ids import OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFilter:
    """The proposals that are about a contact in one of `warehouses`; None is all of the
    organization's."""

    organization: OrganizationId
    warehouses: frozenset[str] | None
    id: str | None = None
    state: ProposalState | None = None
