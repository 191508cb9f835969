"""The CRM's views, in the same database."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_events.limits import CONTACT_MERGES, THREAD_PAGE_BYTES
from tuyen_gateway.domain.contact_visibility import ContactScope, Sight
from tuyen_gateway.ports.views import ViewPage, VisibleContact
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument, of_organization
from tuyen_views.view import ContactPartT, PartT, SetupT, View


class MongoCrm:
    """Reads the views that `tuyen_views` defines, and does not write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contacts = database[CONTACTS_VIEW.collection]

    async def contact(self, scope: ContactScope, contact_id: ContactId) -> VisibleContact | None:
        wanted: ContactId | None = contact_id
        for _ in range(CONTACT_MERGES):
            stored = await self._contacts.find_one(
                {"_id": wanted, "organization": scope.organization}
            )
            if stored is None:
                return None
            wanted = stored.get("merged_into")
            if wanted is None:
                seen = _see(scope, CONTACTS_VIEW.read(stored))
                return None if seen.sight is Sight.NOTHING else seen
        return None

    async def contacts(
        self, scope: ContactScope, name: str | None, limit: int, after: str | None
    ) -> ViewPage[VisibleContact]:
        query = of_organization(scope.organization, name)
        query["$and"] = [covering(scope)]
        if after is not None:
            query["_id"] = {"$gt": after}
        ordered = self._contacts.find(query).sort("_id", 1).limit(limit + 1)
        found = [CONTACTS_VIEW.read(stored) for stored in await ordered.to_list(None)]
        page = [_see(scope, contact) for contact in found[:limit]]
        return ViewPage(items=page, following=page[-1].document.id if len(found) > limit else None)

    async def find_contacts(
        self, scope: ContactScope, ids: Collection[ContactId]
    ) -> Sequence[VisibleContact]:
        query = {"organization": scope.organization, "_id": {"$in": list(ids)}}
        stored = await self._contacts.find(query).to_list(None)
        seen = [_see(scope, CONTACTS_VIEW.read(each)) for each in stored]
        return [each for each in seen if each.sight is not Sight.NOTHING]

    async def parts(
        self, view: View[PartT], contact: VisibleContact, limit: int, after: str | None
    ) -> ViewPage[PartT]:
        if contact.sight < Sight.READ:
            return ViewPage(items=[], following=None)
        document = contact.document
        own = {"$in": [document.id, *document.merged]} if document.merged else document.id
        query: Document = {"organization": document.organization, "contact_id": own}
        if after is not None:
            query["place"] = {"$lt": after}
        rows = self._database[view.collection].find(query).sort("place", -1)
        found: list[PartT] = []
        carried = 0
        async for stored in rows.limit(limit + 1):
            part = view.read(stored)
            carried += len(msgspec.json.encode(part))
            if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                return ViewPage(items=found, following=_place(found))
            found.append(part)
        return ViewPage(items=found, following=None)

    async def part(
        self, view: View[ContactPartT], scope: ContactScope, part_id: str
    ) -> tuple[VisibleContact, ContactPartT] | None:
        key = f"{scope.organization}/{part_id}"
        stored = await self._database[view.collection].find_one(
            {"_id": key, "organization": scope.organization}
        )
        if stored is None:
            return None
        part = view.read(stored)
        contact = await self.contact(scope, part.contact_id)
        if contact is None or contact.sight < Sight.READ:
            return None
        return contact, part

    async def setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str
    ) -> SetupT | None:
        stored = await self._database[view.collection].find_one(
            {"_id": f"{organization}/{entity_id}", "organization": organization}
        )
        return None if stored is None else view.read(stored)

    async def list_setup(
        self, view: View[SetupT], organization: OrganizationId, limit: int, after: str | None
    ) -> ViewPage[SetupT]:
        query: Document = {"organization": organization}
        if after is not None:
            query["id"] = {"$gt": after}
        ordered = self._database[view.collection].find(query).sort("id", 1).limit(limit + 1)
        found = [view.read(stored) for stored in await ordered.to_list(None)]
        following = found[limit - 1].id if len(found) > limit else None
        return ViewPage(items=found[:limit], following=following)


def _see(scope: ContactScope, contact: ContactDocument) -> VisibleContact:
    sight = scope.sight_of(contact.warehouse_id, contact.assignee, contact.viewers)
    return VisibleContact(contact, sight)


def covering(scope: ContactScope) -> Document:
    """The query for the contacts that a scope covers: those for which `sight_of` is not
    `Sight.NOTHING`. Every list, count and export has it as a part."""
    agents = sorted({scope.agent_id, *scope.led})
    anyone: list[dict[str, Any]] = [
        {"assignee": {"$in": agents}},
        {"viewers": scope.agent_id},
    ]
    if scope.managed:
        anyone.append({"warehouse_id": {"$in": sorted(scope.managed)}})
    if scope.joined:
        anyone.append({"assignee": None, "warehouse_id": {"$in": sorted(scope.joined)}})
    return {"$or": anyone}


def _place(found: Sequence[PartT]) -> str:
    return found[-1].place
