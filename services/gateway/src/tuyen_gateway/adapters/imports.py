"""Stores prepared imports in MongoDB, in a collection that a rebuild of the views does not drop."""

from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.ids import OrganizationId
from tuyen_events.sheet_limits import IMPORT_KEPT_S, SHEET_READS_AN_HOUR
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.ports.imports import ImportDraft
from tuyen_platform.mongodb import Database

DRAFTS = "import_drafts"

_EXPIRY = IndexModel([("created_at", ASCENDING)], name="kept", expireAfterSeconds=IMPORT_KEPT_S)


class MongoImportDrafts:
    """ImportDrafts."""

    def __init__(self, database: Database) -> None:
        self._drafts = database[DRAFTS]
        self._expiring = False
        self._reads: HourlyQuota[OrganizationId] = HourlyQuota(
            SHEET_READS_AN_HOUR, "Your organization uploaded and previewed imports too often"
        )

    def take_read(self, organization: OrganizationId, now: datetime) -> None:
        self._reads.take(organization, 1, now)

    async def keep(self, draft: ImportDraft) -> None:
        if not self._expiring:
            await self._drafts.create_indexes([_EXPIRY])
            self._expiring = True
        key = {"_id": f"{draft.organization}/{draft.id}"}
        document = msgspec.to_builtins(draft, builtin_types=(type(draft.created_at),))
        await self._drafts.replace_one(key, document, upsert=True)

    async def find(self, organization: OrganizationId, import_id: str) -> ImportDraft | None:
        found = await self._drafts.find_one(
            {"_id": f"{organization}/{import_id}", "organization": organization}
        )
        return None if found is None else msgspec.convert(found, ImportDraft)
