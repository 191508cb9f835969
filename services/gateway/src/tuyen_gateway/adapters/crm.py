"""The CRM's views, in the same database."""

from collections.abc import Sequence

import msgspec

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_events.limits import THREAD_PAGE_BYTES
from tuyen_gateway.ports.views import ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument, of_organization
from tuyen_views.view import PartT, View


class MongoCrm:
    """Reads the views that `tuyen_views` defines, and does not write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contacts = database[CONTACTS_VIEW.collection]

    async def contact(
        self, organization: OrganizationId, contact_id: ContactId
    ) -> ContactDocument | None:
        stored = await self._contacts.find_one({"_id": contact_id, "organization": organization})
        return None if stored is None else CONTACTS_VIEW.read(stored)

    async def contacts(
        self, organization: OrganizationId, name: str | None, limit: int, after: str | None
    ) -> ViewPage[ContactDocument]:
        query = of_organization(organization, name)
        if after is not None:
            query["_id"] = {"$gt": after}
        ordered = self._contacts.find(query).sort("_id", 1).limit(limit + 1)
        found = await ordered.to_list(None)
        page = [CONTACTS_VIEW.read(stored) for stored in found[:limit]]
        return ViewPage(items=page, following=page[-1].id if len(found) > limit else None)

    async def parts(
        self, view: View[PartT], contact: ContactDocument, limit: int, after: str | None
    ) -> ViewPage[PartT]:
        query: Document = {"organization": contact.organization, "contact_id": contact.id}
        if after is not None:
            query["first_sequence"] = {"$lt": int(after)}
        rows = self._database[view.collection].find(query).sort("first_sequence", -1)
        found: list[PartT] = []
        carried = 0
        async for stored in rows.limit(limit + 1):
            part = view.read(stored)
            carried += len(msgspec.json.encode(part))
            if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                return ViewPage(items=found, following=_place(found))
            found.append(part)
        return ViewPage(items=found, following=None)


def _place(found: Sequence[PartT]) -> str:
    return str(found[-1].first_sequence)
