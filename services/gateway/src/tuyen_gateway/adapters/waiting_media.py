"""Stores the media that wait to be fetched, in a collection of MongoDB that a rebuild of the views
does not drop."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from tuyen_events.file_limits import MEDIA_WAITING
from tuyen_events.ids import MessageId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.waiting_items import InMemoryWaitingItems, MongoWaitingItems

WAITING = "media_waiting"
WITHDRAWN = "media_withdrawn"
EDITED = "media_edited"

_EXPIRY = IndexModel([("until", ASCENDING)], name="kept", expireAfterSeconds=0)


def _read(document: Document) -> WaitingMedium:
    return msgspec.convert(document, WaitingMedium)


class MongoWaitingMedia(MongoWaitingItems[WaitingMedium]):
    """WaitingMedia."""

    def __init__(self, database: Database) -> None:
        super().__init__(database[WAITING], _read, MEDIA_WAITING)
        self._withdrawn = database[WITHDRAWN]
        self._edited = database[EDITED]
        self._expiring = False

    async def add(self, items: Sequence[WaitingMedium]) -> Sequence[WaitingMedium]:
        left = await self._find_all_left({_name(one.organization, one.message_id) for one in items})
        wanted, gone = _part(items, left)
        return [*gone, *await super().add(wanted)]

    async def _find_all_left(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        """By message, the media that are left, where anything is noted."""
        query = {"_id": {"$in": sorted(names)}}
        edited = await self._edited.find(query, {"media": 1}).to_list(None)
        withdrawn = await self._withdrawn.find(query, {"_id": 1}).to_list(None)
        left: dict[str, Collection[str]] = {one["_id"]: one["media"] for one in edited}
        return {**left, **{one["_id"]: () for one in withdrawn}}

    async def _ensure_expiry(self) -> None:
        if not self._expiring:
            await self._withdrawn.create_indexes([_EXPIRY])
            await self._edited.create_indexes([_EXPIRY])
            self._expiring = True

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        await self._ensure_expiry()
        await self._withdrawn.update_one(
            {"_id": _name(organization, message_id)}, {"$max": {"until": until}}, upsert=True
        )

    async def note_edit(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        order: str,
        media: Collection[AttachmentId],
        until: datetime,
    ) -> None:
        await self._ensure_expiry()
        earlier = {"_id": _name(organization, message_id), "order": {"$lt": order}}
        edit = {"order": order, "media": sorted(media), "until": until}
        try:
            await self._edited.update_one(earlier, {"$set": edit}, upsert=True)
        except DuplicateKeyError:  # what is noted is this edit, or a later one
            return

    async def find_left(
        self, organization: OrganizationId, message_id: MessageId
    ) -> Collection[AttachmentId] | None:
        name = _name(organization, message_id)
        found = (await self._find_all_left([name])).get(name)
        return None if found is None else [AttachmentId(one) for one in found]


def _name(organization: OrganizationId, message_id: MessageId) -> str:
    return f"{organization}/{message_id}"


def _part(
    media: Sequence[WaitingMedium], left: Mapping[str, Collection[str]]
) -> tuple[Sequence[WaitingMedium], Sequence[WaitingMedium]]:
    """Those that may wait, and those that their messages have no more."""
    wanted: list[WaitingMedium] = []
    gone: list[WaitingMedium] = []
    for one in media:
        of_message = left.get(_name(one.organization, one.message_id))
        (wanted if of_message is None or one.id in of_message else gone).append(one)
    return wanted, gone


class InMemoryWaitingMedia(InMemoryWaitingItems[WaitingMedium]):
    """WaitingMedia, for tests."""

    def __init__(self, most: int = MEDIA_WAITING) -> None:
        super().__init__(most)
        self.withdrawn: dict[str, datetime] = {}
        self.edited: dict[str, tuple[str, Collection[AttachmentId]]] = {}

    async def add(self, items: Sequence[WaitingMedium]) -> Sequence[WaitingMedium]:
        wanted, gone = _part(items, self._list_left())
        return [*gone, *await super().add(wanted)]

    def _list_left(self) -> Mapping[str, Collection[AttachmentId]]:
        edited = {name: media for name, (_, media) in self.edited.items()}
        return {**edited, **dict.fromkeys(self.withdrawn, ())}

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        name = _name(organization, message_id)
        self.withdrawn[name] = max(until, self.withdrawn.get(name, until))

    async def note_edit(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        order: str,
        media: Collection[AttachmentId],
        until: datetime,
    ) -> None:
        name = _name(organization, message_id)
        if name not in self.edited or self.edited[name][0] < order:
            self.edited[name] = (order, tuple(media))

    async def find_left(
        self, organization: OrganizationId, message_id: MessageId
    ) -> Collection[AttachmentId] | None:
        return self._list_left().get(_name(organization, message_id))
