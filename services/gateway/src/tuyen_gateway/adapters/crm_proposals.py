"""Lists proposals to merge contacts."""

from collections.abc import Collection, Sequence

from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_gateway.ports.views import MergeProposal, ProposalSide, ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW, ListedProposal
from tuyen_views.view import LAST_ACCESS


async def list_proposals(
    database: Database, wanted: ProposalFilter, limit: int, after: str | None
) -> ViewPage[MergeProposal]:
    """A page of proposals, newest first. There is a document of each for both contacts; it is
    listed once, as the one says that was folded further."""
    found = database[LISTED_PROPOSALS_VIEW.collection].find(_match(wanted, after))
    newest: dict[str, ListedProposal] = {}
    async for stored in found.sort("place", -1).limit(2 * (limit + 1)):
        listed = LISTED_PROPOSALS_VIEW.read(stored)
        known = newest.get(listed.place)
        if known is None or (listed.version, known.contact_id) > (known.version, listed.contact_id):
            newest[listed.place] = listed
    items = [_show(each) for each in newest.values()]
    following = items[limit - 1].shown.place if len(items) > limit else None
    return ViewPage(items=items[:limit], following=following)


async def find_sides(database: Database, keys: Collection[str]) -> Sequence[ProposalSide]:
    """What contacts show of proposals, by the keys of the documents, also where they ended
    lately."""
    query = {"_id": {"$in": sorted(keys)}}
    found = await database[LISTED_PROPOSALS_VIEW.collection].find(query).to_list(None)
    return [_read_side(stored) for stored in found]


def match_version(proposal: MergeProposal, version: int) -> Document:
    """The query for contacts that show this version of the proposal."""
    shown = {"id": proposal.shown.id, "version": {"$gte": version}}
    return {"proposals": {"$elemMatch": shown}}


def match_merged(proposal: MergeProposal) -> Document:
    """The query for contacts that are one of the two, and show that these are merged."""
    return {"$or": [{"merged_into": {"$ne": None}}, {"merged": {"$in": [*proposal.contact_ids]}}]}


def _match(wanted: ProposalFilter, after: str | None) -> Document:
    found: Document = {"organization": wanted.organization}
    if wanted.id is not None:
        found["id"] = wanted.id
    if wanted.warehouses is not None:
        found["warehouse_id"] = {"$in": sorted(wanted.warehouses)}
    if wanted.state is not None:
        found["state"] = wanted.state
    if after is not None:
        found["place"] = {"$lt": after}
    return found


def _show(listed: ListedProposal) -> MergeProposal:
    return MergeProposal(contact_id=listed.contact_id, shown=listed)


def _read_side(stored: Document) -> ProposalSide:
    left = stored.get(LAST_ACCESS)
    if left is not None:
        return ProposalSide(
            id=left["id"], version=left["version"], warehouse_id=left["warehouse_id"], shown=None
        )
    listed = LISTED_PROPOSALS_VIEW.read(stored)
    return ProposalSide(
        id=listed.id,
        version=listed.version,
        warehouse_id=listed.warehouse_id,
        shown=_show(listed),
    )
