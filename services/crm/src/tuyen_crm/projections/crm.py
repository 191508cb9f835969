"""Folds `contacts` into the views: contacts, everything that belongs to them, what is set up for
them, and the history of both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pymongo import DeleteMany, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from tuyen_crm.entities import BY_EVENT, ENTITIES, AnyEntity, fold_contact
from tuyen_crm.entities.contacts import ENTITY as CONTACT
from tuyen_crm.projections.proposals import ProposalsFold
from tuyen_events.crm.contacts import ContactRemoved
from tuyen_events.crm.records import ContactEvent, CrmEvent, SetupEvent
from tuyen_platform.mongodb import Database, Document, Operation, write_unchanged
from tuyen_platform.projection import FoldedEvent
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import (
    HISTORY_VIEW,
    SETUP_HISTORY_VIEW,
    HistoryDocument,
    SetupHistoryDocument,
)
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW
from tuyen_views.view import (
    LAST_ACCESS,
    UNTIL_FORGOTTEN,
    ChildDocument,
    View,
    place_in_order,
    select_access_fields,
)

VIEWS: tuple[View[Any], ...] = (
    HISTORY_VIEW,
    SETUP_HISTORY_VIEW,
    LISTED_PROPOSALS_VIEW,
    *dict.fromkeys(entity.view for entity in ENTITIES),
)

_CHILD_VIEWS = [view for view in VIEWS if issubclass(view.document, ChildDocument)]

_Events = dict[str, list[CrmEvent]]
"""Events by the id of the document that they change."""


@dataclass(slots=True)
class _Folded:
    """The documents of one entity after some events, and these events in words."""

    writes: list[Operation] = field(default_factory=list)
    proposals: list[Operation] = field(default_factory=list)
    history: dict[str, list[Operation]] = field(default_factory=dict)


class CrmProjection:
    """Every document has the sequence of the last event that was folded into it. An event with that
    sequence or a lower one is skipped, also if it is in the log twice. A document is replaced only
    if its sequence is still the one that was read, so that two processes that fold at once do not
    overwrite each other's work. What an event changed is read from the documents before and after
    it, so the history is stored before them: after a crash in between it is made again, and is the
    same. The contact is stored last, after everything that belongs to it.

    With a contact, everything that belongs to it is removed, and its history: if one of its
    customers writes again, the new contact has the same id, and other agents may see it."""

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
                indexes = [*view.indexes, UNTIL_FORGOTTEN]
                await self._database[view.collection].create_indexes(indexes)
            self._indexed = True
        # In the order of the log: all events of a contact are in one partition.
        events = [one.event for one in batch if isinstance(one.event, CrmEvent)]
        for entity in ENTITIES:
            if entity.view is not CONTACT.view:
                await self._fold(entity, _by_document(entity, events))
        of_contacts: _Events = {}
        for event in events:
            if isinstance(event, ContactEvent):
                of_contacts.setdefault(event.contact_id, []).append(event)
        await self._fold(CONTACT, of_contacts)

    async def _fold(self, entity: AnyEntity, events: _Events) -> None:
        while events and not await self._store(entity, events):
            pass  # another process changed a document since it was read: fold it again

    async def _store(self, entity: AnyEntity, events: _Events) -> bool:
        collection = self._database[entity.view.collection]
        found = collection.find({"_id": {"$in": list(events)}})
        stored: dict[str, Document] = {document["_id"]: document async for document in found}
        folded = _Folded()
        for key, changes in events.items():
            _fold_document(entity, key, stored.get(key), changes, folded)
        for name, entries in folded.history.items():
            await self._database[name].bulk_write(entries, ordered=True)
        if folded.proposals:
            listed = self._database[LISTED_PROPOSALS_VIEW.collection]
            await listed.bulk_write(folded.proposals, ordered=False)
        if entity is CONTACT:
            await self._empty(events)
        return await write_unchanged(collection, folded.writes)

    async def _empty(self, events: _Events) -> None:
        """Removes what belonged to contacts until they were removed."""
        removals = [
            event
            for changes in events.values()
            for event in changes
            if isinstance(event, ContactRemoved)
        ]
        if not removals:
            return
        for view in _CHILD_VIEWS:
            removals_of_children = [
                UpdateMany(_until(each), [_leave_tombstone(each)]) for each in removals
            ]
            await self._database[view.collection].bulk_write(removals_of_children, ordered=False)
        histories = [DeleteMany(_until(each)) for each in removals]
        await self._database[HISTORY_VIEW.collection].bulk_write(histories, ordered=False)


def _until(removal: ContactRemoved) -> Document:
    """A query for what belonged to a contact until it was removed."""
    return {
        "organization": removal.organization,
        "contact_id": removal.contact_id,
        "place": {"$lte": place_in_order(removal)},
    }


def _leave_tombstone(removal: ContactRemoved) -> Document:
    """The stage of an update that replaces a document by a tombstone, which says that nobody could
    see it: whoever sees the contact later may not have seen the contact that was removed."""
    return {
        "$replaceWith": {
            "_id": "$_id",
            "sequence": removal.sequence,
            "removed_at": removal.at,
            LAST_ACCESS: {},
        }
    }


def _by_document(entity: AnyEntity, events: Sequence[CrmEvent]) -> _Events:
    found: _Events = {}
    for event in events:
        if isinstance(event, entity.events):
            found.setdefault(entity.key(event), []).append(event)
    return found


def _fold_document(
    entity: AnyEntity,
    key: str,
    stored: Document | None,
    events: Sequence[CrmEvent],
    folded: _Folded,
) -> None:
    """Adds to `folded` what must be written, because these events are new."""
    sequence: int = -1 if stored is None else stored.get("sequence", 0)
    read = None if stored is None or _is_removed(stored) else entity.view.read(stored)
    document: msgspec.Struct | None = read
    removed_at, proposals = None, ProposalsFold()
    last_access: Document = {} if stored is None else stored.get(LAST_ACCESS, {})
    fold: Callable[[Any, Any], Any] = fold_contact if entity is CONTACT else entity.fold
    for event in events:
        if event.sequence <= sequence:
            continue
        own = BY_EVENT[type(event)].view is entity.view
        before, document = document, fold(document, event)
        proposals.note(_as_contact(before), _as_contact(document), event)
        sequence = event.sequence
        removed_at = event.at if document is None else None
        if before is not None and document is None:
            last_access = select_access_fields(entity.view.encode(before))
        if own:
            view, entry = _history_entry(event, before, document)
            folded.history.setdefault(view.collection, []).append(entry)
    if entity is CONTACT:
        folded.proposals += proposals.operations(_as_contact(document))
    if document == read and removed_at is None:
        return
    after = (
        {"_id": key, "sequence": sequence, "removed_at": removed_at, LAST_ACCESS: last_access}
        if document is None
        else entity.view.encode(document)
    )
    if stored is None:
        folded.writes.append(InsertOne(after))
    else:
        unchanged = {"_id": key, "sequence": stored.get("sequence")}
        folded.writes.append(ReplaceOne(unchanged, after))


def _as_contact(document: msgspec.Struct | None) -> ContactDocument | None:
    return document if isinstance(document, ContactDocument) else None


def _is_removed(stored: Mapping[str, object]) -> bool:
    return "removed_at" in stored


def _history_entry(
    event: CrmEvent, before: msgspec.Struct | None, after: msgspec.Struct | None
) -> tuple[View[Any], Operation]:
    """The event in words. Of two events with one sequence, the first in the log counts."""
    entity = BY_EVENT[type(event)]
    description = entity.describe(event, before, after)
    name, _, _ = event.type.rpartition(".v")
    key = f"{event.subject}/{event.sequence}"
    words: dict[str, Any] = {
        "organization": event.organization,
        "place": place_in_order(event),
        "event": name,
        "by": description.by,
        "at": event.at,
        "vi": description.vi,
        "en": description.en,
        "changes": description.changes,
    }
    view: View[Any]
    match event:
        case ContactEvent():
            view = HISTORY_VIEW
            stored = view.encode(HistoryDocument(key=key, contact_id=event.contact_id, **words))
        case SetupEvent():
            view = SETUP_HISTORY_VIEW
            stored = view.encode(
                SetupHistoryDocument(key=key, kind=entity.name, id=event.id, **words)
            )
        case _:
            raise TypeError(f"{event.type} is about no contact and no setup")
    return view, UpdateOne({"_id": stored.pop("_id")}, {"$setOnInsert": stored}, upsert=True)
