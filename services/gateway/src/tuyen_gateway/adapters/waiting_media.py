"""The media that wait to be fetched, in MongoDB, beside the views and not dropped with them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne

from tuyen_events.file_limits import MEDIA_WAITING
from tuyen_events.ids import MessageId, OrganizationId
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_platform.mongodb import Database, Document

WAITING = "media_waiting"
WITHDRAWN = "media_withdrawn"

_INDEXES = (
    IndexModel(
        [("organization", ASCENDING), ("due", ASCENDING), ("_id", ASCENDING)], name="by_due"
    ),
)
_WITHDRAWN_INDEXES = (IndexModel([("until", ASCENDING)], name="kept", expireAfterSeconds=0),)


class MongoWaitingMedia:
    """WaitingMedia."""

    def __init__(self, database: Database) -> None:
        self._waiting = database[WAITING]
        self._withdrawn = database[WITHDRAWN]
        self._indexed = False

    async def _ensure_indexes(self) -> None:
        if not self._indexed:
            await self._waiting.create_indexes(list(_INDEXES))
            await self._withdrawn.create_indexes(list(_WITHDRAWN_INDEXES))
            self._indexed = True

    async def add(self, media: Sequence[WaitingMedium]) -> None:
        await self._ensure_indexes()
        full = {
            organization
            for organization in {one.organization for one in media}
            if await self._waiting.count_documents(
                {"organization": organization}, limit=MEDIA_WAITING
            )
            >= MEDIA_WAITING
        }
        names = {_name(one.organization, one.message_id) for one in media}
        found = self._withdrawn.find({"_id": {"$in": sorted(names)}}, {"_id": 1})
        withdrawn = {one["_id"] for one in await found.to_list(None)}
        added = [
            UpdateOne({"_id": one.id}, {"$setOnInsert": _document(one)}, upsert=True)
            for one in media
            if one.organization not in full
            and _name(one.organization, one.message_id) not in withdrawn
        ]
        if added:
            await self._waiting.bulk_write(added, ordered=False)

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        found: list[OrganizationId] = await self._waiting.distinct(
            "organization", {"due": {"$lte": now}}
        )
        return found

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> WaitingMedium | None:
        found = await self._waiting.find_one_and_update(
            {"organization": organization, "due": {"$lte": now}},
            {"$set": {"due": until}, "$inc": {"attempts": 1}},
            sort=[("due", ASCENDING), ("_id", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else msgspec.convert(found, WaitingMedium)

    async def put_off(self, medium: WaitingMedium, until: datetime) -> None:
        await self._waiting.update_one({"_id": medium.id}, {"$set": {"due": until}})

    async def remove(self, medium: WaitingMedium) -> None:
        await self._waiting.delete_one({"_id": medium.id})

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        await self._ensure_indexes()
        await self._withdrawn.update_one(
            {"_id": _name(organization, message_id)}, {"$max": {"until": until}}, upsert=True
        )

    async def is_withdrawn(self, organization: OrganizationId, message_id: MessageId) -> bool:
        found = await self._withdrawn.find_one({"_id": _name(organization, message_id)}, {"_id": 1})
        return found is not None


def _name(organization: OrganizationId, message_id: MessageId) -> str:
    return f"{organization}/{message_id}"


def _document(medium: WaitingMedium) -> Document:
    plain: Document = msgspec.to_builtins(medium, builtin_types=(datetime,))
    del plain["_id"]
    return plain


class InMemoryWaitingMedia:
    """WaitingMedia, for tests."""

    def __init__(self) -> None:
        self.waiting: dict[str, WaitingMedium] = {}
        self.withdrawn: dict[str, datetime] = {}

    async def add(self, media: Sequence[WaitingMedium]) -> None:
        for one in media:
            held = sum(each.organization == one.organization for each in self.waiting.values())
            is_withdrawn = _name(one.organization, one.message_id) in self.withdrawn
            if held < MEDIA_WAITING and not is_withdrawn:
                self.waiting.setdefault(one.id, one)

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        return sorted({one.organization for one in self.waiting.values() if one.due <= now})

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> WaitingMedium | None:
        due = [
            one
            for one in self.waiting.values()
            if one.organization == organization and one.due <= now
        ]
        if not due:
            return None
        first = min(due, key=lambda one: (one.due, one.id))
        claimed = msgspec.structs.replace(first, due=until, attempts=first.attempts + 1)
        self.waiting[first.id] = claimed
        return claimed

    async def put_off(self, medium: WaitingMedium, until: datetime) -> None:
        held = self.waiting.get(medium.id)
        if held is not None:
            self.waiting[medium.id] = msgspec.structs.replace(held, due=until)

    async def remove(self, medium: WaitingMedium) -> None:
        self.waiting.pop(medium.id, None)

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        name = _name(organization, message_id)
        self.withdrawn[name] = max(until, self.withdrawn.get(name, until))

    async def is_withdrawn(self, organization: OrganizationId, message_id: MessageId) -> bool:
        return _name(organization, message_id) in self.withdrawn
