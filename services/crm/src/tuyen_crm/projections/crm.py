"""Folds `contacts` into the views: contacts, everything that belongs to them, and their history."""

from collections.abc import Sequence
from typing import Any

from pymongo import InsertOne, ReplaceOne, UpdateOne

from tuyen_crm.entities import BY_EVENT, ENTITIES, AnyEntity
from tuyen_crm.entities.contacts import ENTITY as CONTACT
from tuyen_events.crm.records import ContactEvent
from tuyen_platform.mongodb import Database, Document, Operation, write_unchanged
from tuyen_platform.projection import FoldedEvent
from tuyen_views.history import HISTORY_VIEW, HistoryDocument
from tuyen_views.view import View

VIEW = "crm_2"
"""The name under which the views' positions are stored. With another name, everything is folded
again from the first event. In earlier versions it was `contacts`, then `crm`; since then the
documents of contacts have another shape, and a collection of their own for it."""

VIEWS: tuple[View[Any], ...] = (HISTORY_VIEW, *(entity.view for entity in ENTITIES))

_Events = dict[str, list[ContactEvent]]
"""Events by the id of the document that they change."""


class CrmProjection:
    """Every document has the sequence of the last event that was folded into it. An event with that
    sequence or a lower one is skipped, also if it is in the log twice. A document is replaced only
    if its sequence is still the one that was read, so that two processes that fold at once do not
    overwrite each other's work. The contact is stored last, after everything that belongs to it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._indexed = False

    async def drop(self) -> None:
        """Drops the collections with their indexes."""
        for view in VIEWS:
            await self._database[view.collection].drop()
        self._indexed = False

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        """Returns once the views contain all of `batch`."""
        if not self._indexed:
            for view in VIEWS:
                await self._database[view.collection].create_indexes(list(view.indexes))
            self._indexed = True
        # In the order of the log: all events of a contact are in one partition.
        events = [one.event for one in batch if isinstance(one.event, ContactEvent)]
        if not events:
            return
        await self._store_history(events)
        for entity in ENTITIES:
            if entity is not CONTACT:
                await self._fold(entity, _by_document(entity, events))
        of_contacts: _Events = {}
        for event in events:
            of_contacts.setdefault(event.contact_id, []).append(event)
        await self._fold(CONTACT, of_contacts)

    async def _store_history(self, events: Sequence[ContactEvent]) -> None:
        """Adds events to the history. Of two with one sequence, the first in the log counts."""
        writes = []
        for event in events:
            stored = HISTORY_VIEW.encode(_history_document(event))
            writes.append(
                UpdateOne({"_id": stored.pop("_id")}, {"$setOnInsert": stored}, upsert=True)
            )
        await self._database[HISTORY_VIEW.collection].bulk_write(writes, ordered=True)

    async def _fold(self, entity: AnyEntity, events: _Events) -> None:
        while events and not await self._store(entity, events):
            pass  # another process changed a document since it was read: fold it again

    async def _store(self, entity: AnyEntity, events: _Events) -> bool:
        collection = self._database[entity.view.collection]
        found = collection.find({"_id": {"$in": list(events)}})
        stored: dict[str, Document] = {document["_id"]: document async for document in found}
        writes = [
            write
            for key, changes in events.items()
            if (write := _write(entity, stored.get(key), changes)) is not None
        ]
        return await write_unchanged(collection, writes)


def _by_document(entity: AnyEntity, events: Sequence[ContactEvent]) -> _Events:
    found: _Events = {}
    for event in events:
        if isinstance(event, entity.events):
            found.setdefault(entity.key(event), []).append(event)
    return found


def _write(
    entity: AnyEntity, stored: Document | None, events: Sequence[ContactEvent]
) -> Operation | None:
    before = document = None if stored is None else entity.view.read(stored)
    for event in events:
        if document is None or event.sequence > document.sequence:
            document = entity.fold(document, event)
    if document is None or document == before:
        return None
    after = entity.view.encode(document)
    if stored is None:
        return InsertOne(after)
    return ReplaceOne({"_id": stored["_id"], "sequence": stored.get("sequence")}, after)


def _history_document(event: ContactEvent) -> HistoryDocument:
    description = BY_EVENT[type(event)].describe(event)
    name, _, _ = event.type.rpartition(".v")
    return HistoryDocument(
        id=f"{event.contact_id}/{event.sequence}",
        organization=event.organization,
        contact_id=event.contact_id,
        first_sequence=event.sequence,
        sequence=event.sequence,
        event=name,
        by=description.by,
        at=event.at,
        vi=description.vi,
        en=description.en,
        changes=description.changes,
    )
