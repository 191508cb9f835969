"""The audit, by organization and time: folded from its topic, which forgets nothing."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from tuyen_events.audit import AuditChange, AuditRecorded
from tuyen_events.audit_topics import AUDIT
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.identity import SERVICE
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent, MongoPositions, run_projection

ENTRIES = "audit_1"
"""The collection, and the name of the view."""

AUDIT_GROUP = "gateway-audit"

_MIN_INTERVAL_S = 0.2

NEWEST_FIRST = (("at", DESCENDING), ("place", DESCENDING))

_INDEXES = tuple(
    IndexModel(
        [("organization", ASCENDING), *((field, ASCENDING) for field in fields), *NEWEST_FIRST],
        name="_".join(("by_time", *fields)),
    )
    for fields in ((), ("by",), ("entity",), ("by", "entity"))
)


class AuditDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. Its `_id` is that of its event; `place` orders those of one moment."""

    key: str = msgspec.field(name="_id")
    organization: OrganizationId
    place: str
    at: datetime
    by: AgentId | None
    action: str
    entity: str
    id: str
    changes: tuple[AuditChange, ...]
    times: int = 1


async def ensure_audit_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    await database[ENTRIES].create_indexes(list(_INDEXES))


async def run_audit(log: Log, database: Database, status: ConsumerStatus) -> None:
    """Keeps the view up to date until cancelled. Gateways share the work."""
    indexed = False

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        if not indexed:
            await ensure_audit_indexes(database)
            indexed = True
        await fold_audit(database, batch)

    await run_projection(
        log,
        AUDIT,
        service=SERVICE,
        view=ENTRIES,
        group=AUDIT_GROUP,
        positions=MongoPositions(database, ENTRIES),
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        status=status,
    )


async def fold_audit(database: Database, batch: Sequence[FoldedEvent]) -> None:
    """Returns once the view shows the batch; folding it again changes nothing."""
    operations = []
    for one in batch:
        if isinstance(one.event, AuditRecorded):
            stored = msgspec.to_builtins(_build(one, one.event), builtin_types=(datetime,))
            key = {"_id": stored.pop("_id")}
            operations.append(UpdateOne(key, {"$setOnInsert": stored}, upsert=True))
    if operations:
        await database[ENTRIES].bulk_write(operations, ordered=False)


def _build(folded: FoldedEvent, event: AuditRecorded) -> AuditDocument:
    return AuditDocument(
        key=folded.id,
        organization=event.organization,
        place=f"{folded.position.offset:015d}",
        at=event.at,
        by=event.by,
        action=event.action,
        entity=event.entity,
        id=event.id,
        changes=event.changes,
        times=event.times,
    )
