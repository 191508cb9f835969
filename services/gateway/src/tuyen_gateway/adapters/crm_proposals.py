"""Lists proposals to merge contacts."""

import msgspec

from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_gateway.ports.views import MergeProposal, ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.merge_proposals import ProposalOfContact


async def list_proposals(
    database: Database, wanted: ProposalFilter, limit: int, after: str | None
) -> ViewPage[MergeProposal]:
    """A page of proposals, newest first. Both contacts' documents have a proposal; it is listed
    once, as the one says that was folded further. The index has no contacts without proposals; of
    what they have, no more than a page is kept while it is sorted."""
    listed = database[CONTACTS_VIEW.collection].aggregate(
        [
            {"$match": _match_contacts(wanted)},
            {"$project": {"proposals": 1}},
            {"$unwind": "$proposals"},
            {"$match": _match_proposals(wanted, after)},
            {"$sort": {"proposals.place": -1, "proposals.version": -1, "_id": 1}},
            {"$limit": 2 * (limit + 1)},
            {"$group": {"_id": "$proposals.place", "first": {"$first": "$$ROOT"}}},
            {"$sort": {"_id": -1}},
            {"$limit": limit + 1},
        ]
    )
    found = [_read(each["first"]) async for each in listed]
    following = found[limit - 1].shown.place if len(found) > limit else None
    return ViewPage(items=found[:limit], following=following)


def match_version(proposal: MergeProposal, version: int) -> Document:
    """The query for contacts that show this version of the proposal."""
    shown = {"id": proposal.shown.id, "version": {"$gte": version}}
    return {"proposals": {"$elemMatch": shown}}


def match_merged(proposal: MergeProposal) -> Document:
    """The query for contacts that are one of the two, and show that these are merged."""
    return {"$or": [{"merged_into": {"$ne": None}}, {"merged": {"$in": [*proposal.contact_ids]}}]}


def _match_contacts(wanted: ProposalFilter) -> Document:
    found: Document = {
        "organization": wanted.organization,
        "proposals.id": {"$exists": True} if wanted.id is None else wanted.id,
        "merged_into": None,
    }
    if wanted.warehouses is not None:
        found["warehouse_id"] = {"$in": sorted(wanted.warehouses)}
    return found


def _match_proposals(wanted: ProposalFilter, after: str | None) -> Document:
    found: Document = {}
    if wanted.id is not None:
        found["proposals.id"] = wanted.id
    if wanted.state is not None:
        found["proposals.state"] = wanted.state
    if after is not None:
        found["proposals.place"] = {"$lt": after}
    return found


def _read(stored: Document) -> MergeProposal:
    shown = msgspec.convert(stored["proposals"], ProposalOfContact)
    return MergeProposal(contact_id=stored["_id"], shown=shown)
