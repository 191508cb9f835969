"""Lists the proposals of a contact whose document is folded."""

from pymongo import UpdateOne

from tuyen_events.crm.merge_proposals import MergeProposalEvent
from tuyen_events.crm.records import CrmEvent
from tuyen_platform.mongodb import Document, Operation
from tuyen_views.contacts import ContactDocument
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW, ListedProposal, list_proposals_of
from tuyen_views.view import LAST_ACCESS


class ProposalsFold:
    """What has to be written of the proposals of one contact.

    It can be written again, and late: a document with a higher sequence stays. A proposal that is
    listed no more leaves a tombstone.
    """

    def __init__(self) -> None:
        self._ended: dict[str, Document] = {}

    def note(
        self, before: ContactDocument | None, after: ContactDocument | None, event: CrmEvent
    ) -> None:
        """The contact before and after each of its events."""
        if before is None or not before.proposals:
            return
        stay = {each.key for each in _list(after)}
        for listed in _list(before):
            if listed.key not in stay:
                self._ended[listed.key] = _leave(listed, event)

    def operations(self, after: ContactDocument | None) -> list[Operation]:
        """All that has to be written when the contact is like this in the end."""
        listed = {each.key: LISTED_PROPOSALS_VIEW.encode(each) for each in _list(after)}
        return [_write(each) for each in (self._ended | listed).values()]


def _list(contact: ContactDocument | None) -> list[ListedProposal]:
    return [] if contact is None else [*list_proposals_of(contact)]


def _leave(listed: ListedProposal, event: CrmEvent) -> Document:
    version = listed.version
    if isinstance(event, MergeProposalEvent) and event.proposal_id == listed.id:
        version = event.version
    return {
        "_id": listed.key,
        "sequence": event.sequence,
        "removed_at": event.at,
        LAST_ACCESS: {"id": listed.id, "version": version, "warehouse_id": listed.warehouse_id},
    }


def _write(document: Document) -> UpdateOne:
    is_newer = {"$lt": [{"$ifNull": ["$sequence", -1]}, document["sequence"]]}
    replaced = {"$cond": [is_newer, {"$literal": document}, "$$ROOT"]}
    return UpdateOne({"_id": document["_id"]}, [{"$replaceWith": replaced}], upsert=True)
