"""Waiting items in MongoDB, and in memory for tests."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne

from tuyen_events.ids import OrganizationId
from tuyen_platform.fair_work import WaitingItem
from tuyen_platform.mongodb import Collection, Document

_Item = TypeVar("_Item", bound=WaitingItem)

_BY_DUE = IndexModel(
    [("organization", ASCENDING), ("due", ASCENDING), ("_id", ASCENDING)], name="by_due"
)


class MongoWaitingItems(Generic[_Item]):
    """WaitingItems, of which about `most` wait for an organization. `read` decodes a document."""

    def __init__(
        self, collection: Collection, read: Callable[[Document], _Item], most: int
    ) -> None:
        self._waiting = collection
        self._read = read
        self._most = most
        self._indexed = False

    async def add(self, items: Sequence[_Item]) -> Sequence[_Item]:
        if not self._indexed:
            await self._waiting.create_indexes([_BY_DUE])
            self._indexed = True
        full = {
            organization
            for organization in {one.organization for one in items}
            if await self._count(organization) >= self._most
        }
        added = [one for one in items if one.organization not in full]
        if added:
            await self._waiting.bulk_write(
                [
                    UpdateOne({"_id": one.id}, {"$setOnInsert": _without_id(one)}, upsert=True)
                    for one in added
                ],
                ordered=False,
            )
        return added

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        found: list[OrganizationId] = await self._waiting.distinct(
            "organization", {"due": {"$lte": now}}
        )
        return found

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> _Item | None:
        found = await self._waiting.find_one_and_update(
            {"organization": organization, "due": {"$lte": now}},
            {"$set": {"due": until}, "$inc": {"attempts": 1}},
            sort=[("due", ASCENDING), ("_id", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else self._read(found)

    async def put_off(self, item: _Item, until: datetime) -> None:
        await self._waiting.update_one({"_id": item.id}, {"$set": {"due": until}})

    async def remove(self, item: _Item) -> None:
        await self._waiting.delete_one({"_id": item.id})

    async def _count(self, organization: OrganizationId) -> int:
        """How many wait; counting stops at the limit."""
        return await self._waiting.count_documents({"organization": organization}, limit=self._most)


class InMemoryWaitingItems(Generic[_Item]):
    """WaitingItems, for tests."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.waiting: dict[str, _Item] = {}

    async def add(self, items: Sequence[_Item]) -> Sequence[_Item]:
        held = [one.organization for one in self.waiting.values()]
        added = [one for one in items if held.count(one.organization) < self._most]
        for one in added:
            self.waiting.setdefault(one.id, one)
        return added

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        return sorted({one.organization for one in self.waiting.values() if one.due <= now})

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> _Item | None:
        due = [
            one
            for one in self.waiting.values()
            if one.organization == organization and one.due <= now
        ]
        if not due:
            return None
        first = min(due, key=lambda one: (one.due, one.id))
        return self._change(first, due=until, attempts=first.attempts + 1)

    async def put_off(self, item: _Item, until: datetime) -> None:
        held = self.waiting.get(item.id)
        if held is not None:
            self._change(held, due=until)

    async def remove(self, item: _Item) -> None:
        self.waiting.pop(item.id, None)

    def _change(self, item: _Item, **changes: object) -> _Item:
        changed = msgspec.convert({**_encode(item), **changes}, type(item))
        self.waiting[item.id] = changed
        return changed


def _encode(item: _Item) -> Document:
    plain: Document = msgspec.to_builtins(item, builtin_types=(datetime,))
    return plain


def _without_id(item: _Item) -> Document:
    plain = _encode(item)
    del plain["_id"]
    return plain
