"""The customers and posts that channels are to be asked for, in MongoDB, beside the views and not
dropped with them."""

from collections.abc import Sequence
from collections.abc import Set as Ids
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne

from tuyen_events.ids import OrganizationId
from tuyen_events.outbound_limits import PROFILES_WAITING
from tuyen_outbound.domain.posts import WantedPost
from tuyen_outbound.domain.profiles import Lookup, WantedProfile
from tuyen_platform.mongodb import Database, Document

WAITING, KNOWN = "profiles_waiting", "profiles_known"

_INDEXES = (
    IndexModel(
        [("organization", ASCENDING), ("due", ASCENDING), ("_id", ASCENDING)], name="by_due"
    ),
)
_EXPIRY = IndexModel([("until", ASCENDING)], name="kept", expireAfterSeconds=0)


class MongoWaitingProfiles:
    """WaitingProfiles."""

    def __init__(self, database: Database) -> None:
        self._waiting = database[WAITING]
        self._known = database[KNOWN]
        self._indexed = False

    async def add(self, wanted: Sequence[Lookup]) -> Ids[str]:
        await self._ensure_indexes()
        known = await self._find_known([one.id for one in wanted])
        full = await self._find_full({one.organization for one in wanted if one.id not in known})
        added = [one for one in wanted if one.id not in known and one.organization not in full]
        if added:
            await self._waiting.bulk_write(
                [
                    UpdateOne({"_id": one.id}, {"$setOnInsert": _document(one)}, upsert=True)
                    for one in added
                ],
                ordered=False,
            )
        return known | {one.id for one in added}

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        found: list[OrganizationId] = await self._waiting.distinct(
            "organization", {"due": {"$lte": now}}
        )
        return found

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> Lookup | None:
        found = await self._waiting.find_one_and_update(
            {"organization": organization, "due": {"$lte": now}},
            {"$set": {"due": until}, "$inc": {"attempts": 1}},
            sort=[("due", ASCENDING), ("_id", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _read(found)

    async def put_off(self, wanted: Lookup, until: datetime) -> None:
        await self._waiting.update_one({"_id": wanted.id}, {"$set": {"due": until}})

    async def remove(self, wanted: Lookup) -> None:
        await self._waiting.delete_one({"_id": wanted.id})

    async def settle(self, wanted: Lookup, known_until: datetime) -> None:
        """First it is known, and then it waits no more: after a crash in between it is asked for
        once more."""
        update = {"$set": {"until": known_until}}
        await self._known.update_one({"_id": wanted.id}, update, upsert=True)
        await self.remove(wanted)

    async def _ensure_indexes(self) -> None:
        if not self._indexed:
            await self._waiting.create_indexes(list(_INDEXES))
            await self._known.create_indexes([_EXPIRY])
            self._indexed = True

    async def _find_known(self, ids: Sequence[str]) -> set[str]:
        found = await self._known.find({"_id": {"$in": list(ids)}}, {"_id": 1}).to_list(None)
        return {one["_id"] for one in found}

    async def _find_full(self, organizations: Ids[OrganizationId]) -> Ids[OrganizationId]:
        return {
            organization
            for organization in organizations
            if await self._waiting.count_documents(
                {"organization": organization}, limit=PROFILES_WAITING
            )
            >= PROFILES_WAITING
        }


def _read(document: Document) -> Lookup:
    kind = WantedProfile if "conversation_id" in document else WantedPost
    return msgspec.convert(document, kind)


def _document(wanted: Lookup) -> Document:
    plain: Document = msgspec.to_builtins(wanted, builtin_types=(datetime,))
    del plain["_id"]
    return plain


class InMemoryWaitingProfiles:
    """WaitingProfiles, for tests."""

    def __init__(self) -> None:
        self.waiting: dict[str, Lookup] = {}
        self.known: dict[str, datetime] = {}

    async def add(self, wanted: Sequence[Lookup]) -> Ids[str]:
        settled = {one.id for one in wanted if one.id in self.known}
        full = {
            one.organization
            for one in wanted
            if sum(each.organization == one.organization for each in self.waiting.values())
            >= PROFILES_WAITING
        }
        for one in wanted:
            if one.id not in settled and one.organization not in full:
                self.waiting.setdefault(one.id, one)
                settled.add(one.id)
        return settled

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        return sorted({one.organization for one in self.waiting.values() if one.due <= now})

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> Lookup | None:
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

    async def put_off(self, wanted: Lookup, until: datetime) -> None:
        held = self.waiting.get(wanted.id)
        if held is not None:
            self.waiting[wanted.id] = held.put_off(until)

    async def remove(self, wanted: Lookup) -> None:
        self.waiting.pop(wanted.id, None)

    async def settle(self, wanted: Lookup, known_until: datetime) -> None:
        self.known[wanted.id] = known_until
        await self.remove(wanted)
