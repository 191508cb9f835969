"""The customers and posts that channels are to be asked for, in MongoDB, beside the views and not
dropped with them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.outbound_limits import PROFILES_WAITING
from tuyen_outbound.domain.posts import WantedPost
from tuyen_outbound.domain.profiles import Lookup, WantedProfile
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.waiting_items import InMemoryWaitingItems, MongoWaitingItems

WAITING, KNOWN = "profiles_waiting", "profiles_known"

_EXPIRY = IndexModel([("until", ASCENDING)], name="kept", expireAfterSeconds=0)


def _read(document: Document) -> Lookup:
    kind = WantedProfile if "conversation_id" in document else WantedPost
    return msgspec.convert(document, kind)


class MongoWaitingProfiles(MongoWaitingItems[Lookup]):
    """WaitingProfiles."""

    def __init__(self, database: Database) -> None:
        super().__init__(database[WAITING], _read, PROFILES_WAITING)
        self._known = database[KNOWN]
        self._expiring = False

    async def add(self, items: Sequence[Lookup]) -> Sequence[Lookup]:
        known = await self._find_known(items)
        added = await super().add([one for one in items if one.id not in known])
        return [*(one for one in items if one.id in known), *added]

    async def settle(self, wanted: Lookup, known_until: datetime) -> None:
        """First it is known, and then it waits no more: after a crash in between it is asked for
        once more."""
        if not self._expiring:
            await self._known.create_indexes([_EXPIRY])
            self._expiring = True
        update = {"$set": {"until": known_until}}
        await self._known.update_one({"_id": wanted.id}, update, upsert=True)
        await self.remove(wanted)

    async def _find_known(self, items: Sequence[Lookup]) -> set[str]:
        ids = [one.id for one in items]
        found = await self._known.find({"_id": {"$in": ids}}, {"_id": 1}).to_list(None)
        return {one["_id"] for one in found}


class InMemoryWaitingProfiles(InMemoryWaitingItems[Lookup]):
    """WaitingProfiles, for tests."""

    def __init__(self) -> None:
        super().__init__(PROFILES_WAITING)
        self.known: dict[str, datetime] = {}

    async def add(self, items: Sequence[Lookup]) -> Sequence[Lookup]:
        added = await super().add([one for one in items if one.id not in self.known])
        return [*(one for one in items if one.id in self.known), *added]

    async def settle(self, wanted: Lookup, known_until: datetime) -> None:
        self.known[wanted.id] = known_until
        await self.remove(wanted)
