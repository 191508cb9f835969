"""Proposals to merge contacts, one document for each contact of each proposal, so that they are
listed by their order (C2). The CRM writes them; the gateway reads them."""

from collections.abc import Sequence

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_views.contacts import ContactDocument
from tuyen_views.merge_proposals import ProposalOfContact
from tuyen_views.view import View


class ListedProposal(ProposalOfContact, frozen=True, kw_only=True):
    """A proposal as the document of `contact_id` has it, which is in this warehouse.

    `sequence` is that of the contact.
    """

    key: str = msgspec.field(name="_id")
    organization: OrganizationId
    contact_id: ContactId
    warehouse_id: str
    sequence: int


def listed_proposal_key(contact_id: ContactId, proposal_id: str) -> str:
    """The `_id` of the proposal's document of a contact."""
    return f"{contact_id}/{proposal_id}"


def list_proposals_of(contact: ContactDocument) -> Sequence[ListedProposal]:
    """The documents of a contact's proposals; none of one that was merged."""
    if contact.merged_into is not None:
        return ()
    return [
        ListedProposal(
            **msgspec.structs.asdict(each),
            key=listed_proposal_key(contact.id, each.id),
            organization=contact.organization,
            contact_id=contact.id,
            warehouse_id=contact.warehouse_id,
            sequence=contact.sequence,
        )
        for each in contact.proposals
    ]


def _newest_first(name: str, *fields: str) -> IndexModel:
    equal = [(field, ASCENDING) for field in ("organization", *fields)]
    return IndexModel([*equal, ("place", DESCENDING)], name=name)


LISTED_PROPOSALS_VIEW = View(
    "crm_listed_proposals",
    ListedProposal,
    (
        _newest_first("by_organization"),
        _newest_first("by_state", "state"),
        _newest_first("by_warehouse", "warehouse_id"),
        _newest_first("by_warehouse_and_state", "warehouse_id", "state"),
        IndexModel([("organization", ASCENDING), ("id", ASCENDING)], name="by_id"),
    ),
)
