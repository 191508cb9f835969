"""Who are our contacts? The collection `contacts`, folded from the topic of the same name."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from tuyen_crm.domain.contacts import Contact, evolve
from tuyen_events.codec import decode_data
from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_platform.kafka.ports import FetchedRecords
from tuyen_platform.mongodb import Collection, Database, Document
from tuyen_platform.text import fold_accents

VIEW = "contacts"

_DUPLICATE_KEY = 11000
_INDEXES = (
    IndexModel([("organization", ASCENDING), ("_id", ASCENDING)], name="by_organization"),
    IndexModel([("organization", ASCENDING), ("name_folded", ASCENDING)], name="by_name"),
)

_Placed = tuple[str, int, ContactCreated | ContactNamed]
"""Partition, offset, event."""


class ContactsView:
    """Documents are contacts with `name_folded` for the search (I4) and `positions`: by partition,
    the last offset that each has seen. An event at or before it is folded already. A document is
    replaced only if its positions are still those that were read, so that two processes that fold
    at once do not overwrite each other's work."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database[VIEW]
        self._indexed = False

    async def drop(self) -> None:
        """Drops the collection with its indexes."""
        await self._collection.drop()
        self._indexed = False

    async def fold(self, batch: FetchedRecords) -> None:
        """Returns once the view shows all of `batch`."""
        if not self._indexed:
            await self._collection.create_indexes(list(_INDEXES))
            self._indexed = True
        events = _by_contact(batch)
        while events and not await self._store(events):
            pass  # another process changed one of these documents since it was read: fold it again

    async def _store(self, events: Mapping[str, Sequence[_Placed]]) -> bool:
        found = self._collection.find({"_id": {"$in": list(events)}})
        stored: dict[str, Document] = {d["_id"]: d async for d in found}
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
        for contact_id, placed in events.items():
            before = stored.get(contact_id)
            after = _folded(before, placed)
            if after is None or after == before:
                continue
            if before is None:
                writes.append(InsertOne(after))
            else:
                guard = {"_id": contact_id, "positions": before["positions"]}
                writes.append(ReplaceOne(guard, after))
        if not writes:
            return True
        try:
            done = await self._collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            if all(e["code"] == _DUPLICATE_KEY for e in error.details["writeErrors"]):
                return False
            raise
        return bool(done.inserted_count + done.matched_count == len(writes))


def _by_contact(batch: FetchedRecords) -> dict[str, list[_Placed]]:
    events: dict[str, list[_Placed]] = {}
    for (_, partition), records in batch.items():
        for record in records:
            if record.value is None:
                continue
            event = decode_data(record.headers, record.value)
            if isinstance(event, ContactCreated | ContactNamed):
                placed = (str(partition), record.offset, event)
                events.setdefault(event.contact_id, []).append(placed)
    return events


def _folded(document: Document | None, placed: Sequence[_Placed]) -> Document | None:
    contact = None if document is None else msgspec.convert(document, Contact)
    positions: dict[str, int] = {} if document is None else dict(document["positions"])
    for partition, offset, event in placed:
        if offset > positions.get(partition, -1):
            contact = evolve(contact, event)
            positions[partition] = offset
    if contact is None:
        return None
    return {
        **msgspec.to_builtins(contact, builtin_types=(datetime,)),
        "name_folded": fold_accents(contact.name or ""),
        "positions": positions,
    }
