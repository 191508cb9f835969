"""Contacts, from the CRM's view in the same database."""

import re

import msgspec

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_gateway.ports import ContactEntry, ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.text import fold_accents


class MongoContacts:
    """Reads the CRM's collection `contacts` and writes nothing there."""

    def __init__(self, database: Database) -> None:
        self._contacts = database["contacts"]

    async def contact(
        self, organization: OrganizationId, contact_id: ContactId
    ) -> ContactEntry | None:
        document = await self._contacts.find_one({"_id": contact_id, "organization": organization})
        return None if document is None else _entry(document)

    async def contacts(
        self, organization: OrganizationId, name: str | None, limit: int, after: str | None
    ) -> ViewPage[ContactEntry]:
        query: Document = {"organization": organization}
        if name:
            query["name_folded"] = {"$regex": re.escape(fold_accents(name))}
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self._contacts.find(query).sort("_id", 1).to_list(limit + 1)
        page = [_entry(document) for document in found[:limit]]
        return ViewPage(items=page, following=page[-1].id if len(found) > limit else None)


def _entry(document: Document) -> ContactEntry:
    return msgspec.convert({**document, "id": document["_id"]}, ContactEntry)
