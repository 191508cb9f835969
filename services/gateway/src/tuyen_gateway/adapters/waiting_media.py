"""The media that wait to be fetched, in MongoDB, beside the views and not dropped with them."""

from collections.abc import Sequence
from collections.abc import Set as Names
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.file_limits import MEDIA_WAITING
from tuyen_events.ids import MessageId, OrganizationId
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.waiting_items import InMemoryWaitingItems, MongoWaitingItems

WAITING = "media_waiting"
WITHDRAWN = "media_withdrawn"

_EXPIRY = IndexModel([("until", ASCENDING)], name="kept", expireAfterSeconds=0)


def _read(document: Document) -> WaitingMedium:
    return msgspec.convert(document, WaitingMedium)


class MongoWaitingMedia(MongoWaitingItems[WaitingMedium]):
    """WaitingMedia."""

    def __init__(self, database: Database) -> None:
        super().__init__(database[WAITING], _read, MEDIA_WAITING)
        self._withdrawn = database[WITHDRAWN]
        self._expiring = False

    async def add(self, items: Sequence[WaitingMedium]) -> Sequence[WaitingMedium]:
        names = {_name(one.organization, one.message_id) for one in items}
        found = self._withdrawn.find({"_id": {"$in": sorted(names)}}, {"_id": 1})
        withdrawn = {one["_id"] for one in await found.to_list(None)}
        left, gone = _part(items, withdrawn)
        return [*gone, *await super().add(left)]

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        if not self._expiring:
            await self._withdrawn.create_indexes([_EXPIRY])
            self._expiring = True
        await self._withdrawn.update_one(
            {"_id": _name(organization, message_id)}, {"$max": {"until": until}}, upsert=True
        )

    async def is_withdrawn(self, organization: OrganizationId, message_id: MessageId) -> bool:
        found = await self._withdrawn.find_one({"_id": _name(organization, message_id)}, {"_id": 1})
        return found is not None


def _name(organization: OrganizationId, message_id: MessageId) -> str:
    return f"{organization}/{message_id}"


def _part(
    media: Sequence[WaitingMedium], withdrawn: Names[str]
) -> tuple[Sequence[WaitingMedium], Sequence[WaitingMedium]]:
    """Those that may wait, and those whose messages were taken back."""
    gone = [one for one in media if _name(one.organization, one.message_id) in withdrawn]
    return [one for one in media if one not in gone], gone


class InMemoryWaitingMedia(InMemoryWaitingItems[WaitingMedium]):
    """WaitingMedia, for tests."""

    def __init__(self) -> None:
        super().__init__(MEDIA_WAITING)
        self.withdrawn: dict[str, datetime] = {}

    async def add(self, items: Sequence[WaitingMedium]) -> Sequence[WaitingMedium]:
        left, gone = _part(items, self.withdrawn.keys())
        return [*gone, *await super().add(left)]

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        name = _name(organization, message_id)
        self.withdrawn[name] = max(until, self.withdrawn.get(name, until))

    async def is_withdrawn(self, organization: OrganizationId, message_id: MessageId) -> bool:
        return _name(organization, message_id) in self.withdrawn
