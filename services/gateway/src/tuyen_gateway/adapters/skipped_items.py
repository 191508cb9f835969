"""Stores what jobs skipped, in a collection of MongoDB that a rebuild of the views does not
drop."""

from collections.abc import Sequence

import msgspec
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from tuyen_events.crm_limits import SKIPPED_LISTED, SKIPPED_SHOWN
from tuyen_events.ids import OrganizationId
from tuyen_events.jobs import JobProgressed, SkippedItem
from tuyen_events.limits import JOB_RESULTS_KEPT_S
from tuyen_platform.mongodb import Database

SKIPPED = "job_skipped"

_KEPT = SKIPPED_LISTED - SKIPPED_SHOWN
_EXPIRY = IndexModel([("at", ASCENDING)], name="kept", expireAfterSeconds=JOB_RESULTS_KEPT_S)


class MongoSkippedItems:
    """SkippedItems."""

    def __init__(self, database: Database) -> None:
        self._skipped = database[SKIPPED]
        self._expiring = False

    async def keep(self, progress: JobProgressed, items: Sequence[SkippedItem]) -> None:
        if not self._expiring:
            await self._skipped.create_indexes([_EXPIRY])
            self._expiring = True
        earlier = {
            "_id": _name(progress.organization, progress.job_id),
            "done": {"$lt": progress.done},
        }
        added = {"$each": msgspec.to_builtins(items), "$slice": _KEPT}
        batch = {"done": progress.done, "at": progress.at}
        try:
            await self._skipped.update_one(
                earlier, {"$push": {"items": added}, "$set": batch}, upsert=True
            )
        except DuplicateKeyError:  # this batch, or a later one, was added already
            return

    async def of(self, organization: OrganizationId, job_id: str) -> Sequence[SkippedItem]:
        found = await self._skipped.find_one({"_id": _name(organization, job_id)})
        return () if found is None else msgspec.convert(found["items"], tuple[SkippedItem, ...])


class InMemorySkippedItems:
    """SkippedItems, for tests."""

    def __init__(self) -> None:
        self._skipped: dict[str, tuple[int, tuple[SkippedItem, ...]]] = {}

    async def keep(self, progress: JobProgressed, items: Sequence[SkippedItem]) -> None:
        name = _name(progress.organization, progress.job_id)
        done, known = self._skipped.get(name, (0, ()))
        if progress.done > done:
            self._skipped[name] = (progress.done, (*known, *items)[:_KEPT])

    async def of(self, organization: OrganizationId, job_id: str) -> Sequence[SkippedItem]:
        return self._skipped.get(_name(organization, job_id), (0, ()))[1]


def _name(organization: OrganizationId, job_id: str) -> str:
    return f"{organization}/{job_id}"
