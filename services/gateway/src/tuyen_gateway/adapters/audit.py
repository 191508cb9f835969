"""The audit: writes refusals to the log, and reads entries from the views.

What was set up for the CRM is in a view that the CRM writes; the two are listed as one, by time.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog

from tuyen_events.audit import AuditChange, AuditRecorded
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import THREAD_PAGE_BYTES
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.repetitions import Repetitions
from tuyen_gateway.domain.audit import AuditEntry, AuditFilter
from tuyen_gateway.ports.views import ViewPage
from tuyen_gateway.projections.audit import ENTRIES, NEWEST_FIRST, AuditDocument
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, LogUnavailableError
from tuyen_platform.mongodb import Collection, Database, Document
from tuyen_views.history import SETUP_HISTORY_VIEW

_EVERY_S = 5.0
"""How often what was repeated is recorded."""

_log = structlog.get_logger()


class _Stretch(NamedTuple):
    """Entries of one view, newest first; `cut` if there are more, for whatever reason."""

    entries: list[AuditEntry]
    cut: bool


class MongoAudit:
    """`Audit`. Reads take their turn with the organization's others (R9.5)."""

    def __init__(self, database: Database, log: Log, clock: Clock, reads: ReadLimiter) -> None:
        self._entries = database[ENTRIES]
        self._setup = database[SETUP_HISTORY_VIEW.collection]
        self._log = log
        self._clock = clock
        self._reads = reads
        self._repetitions = Repetitions()

    async def record(self, entry: AuditRecorded) -> None:
        kind = (entry.organization, entry.by, entry.action, entry.entity, entry.id)
        await self._append(self._repetitions.note(kind, entry))

    async def note_refusal(self, refused: AuditRecorded, what: str) -> None:
        kind = (refused.organization, refused.by, refused.action, refused.entity, what)
        await self._note(self._repetitions.note(kind, refused))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.record_repeated()

    async def record_repeated(self) -> None:
        for entry in self._repetitions.list_due(self._clock.now()):
            await self._note(entry)

    async def _note(self, entry: AuditRecorded | None) -> None:
        try:
            await self._append(entry)
        except LogUnavailableError as error:
            _log.warning("refusal_not_audited", entry=entry, error=repr(error))

    async def _append(self, entry: AuditRecorded | None) -> None:
        if entry is not None:
            await self._log.append_all([audit_record(entry)])

    async def list_entries(
        self, wanted: AuditFilter, limit: int, after: str | None
    ) -> ViewPage[AuditEntry]:
        query = _query(wanted, after)
        own, setup = dict(query), dict(query)
        if wanted.entity is not None:
            own["entity"] = wanted.entity
            setup["event"] = {"$regex": rf"^{re.escape(wanted.entity)}\."}
        async with self._reads.turn(wanted.organization):
            stretches = [
                await _read(self._entries, own, limit, _entry),
                await _read(self._setup, setup, limit, _setup_entry),
            ]
        found = sorted((e for one in stretches for e in one.entries), key=_order, reverse=True)
        # What a view that was cut has besides comes after its last entry.
        known = [_order(one.entries[-1]) for one in stretches if one.cut]
        page = [entry for entry in found if not known or _order(entry) >= max(known)][:limit]
        more = len(page) < len(found) or bool(known)
        return ViewPage(items=page, following=_name(page[-1]) if more else None)

    async def position(self, organization: OrganizationId) -> bytes:
        async with self._reads.turn(organization):
            newest = [
                await one.find_one(
                    {"organization": organization}, {"at": 1, "place": 1}, sort=list(NEWEST_FIRST)
                )
                for one in (self._entries, self._setup)
            ]
        return repr([None if one is None else (one["at"], one["place"]) for one in newest]).encode()


def _query(wanted: AuditFilter, after: str | None) -> Document:
    query: Document = {"organization": wanted.organization}
    span: Document = {}
    if wanted.since is not None:
        span["$gte"] = wanted.since
    if wanted.until is not None:
        span["$lt"] = wanted.until
    if span:
        query["at"] = span
    if wanted.by is not None:
        query["by"] = wanted.by
    if after is not None:
        named, _, place = after.partition(" ")
        at = datetime.fromisoformat(named)
        query["$and"] = [
            {"at": {"$lte": at}},
            {"$or": [{"at": {"$lt": at}}, {"place": {"$lt": place}}]},
        ]
    return query


async def _read(
    collection: Collection, query: Document, limit: int, decode: Callable[[Document], AuditEntry]
) -> _Stretch:
    entries: list[AuditEntry] = []
    carried = 0
    async for stored in collection.find(query).sort(list(NEWEST_FIRST)).limit(limit + 1):
        entry = decode(stored)
        carried += len(msgspec.json.encode(entry.changes))
        if entries and (len(entries) == limit or carried > THREAD_PAGE_BYTES):
            return _Stretch(entries, cut=True)
        entries.append(entry)
    return _Stretch(entries, cut=False)


def _entry(stored: Document) -> AuditEntry:
    document = msgspec.convert(stored, AuditDocument)
    return AuditEntry(
        at=document.at,
        place=document.place,
        by=document.by,
        action=document.action,
        entity=document.entity,
        id=document.id,
        changes=document.changes,
        times=document.times,
    )


def _setup_entry(stored: Document) -> AuditEntry:
    document = SETUP_HISTORY_VIEW.read(stored)
    entity, _, action = document.event.rpartition(".")
    return AuditEntry(
        at=document.at,
        place=document.place,
        by=document.by,
        action=action,
        entity=entity,
        id=document.id,
        changes=[
            AuditChange(field=each.field, before=_quote(each.before), after=_quote(each.after))
            for each in document.changes
        ],
        times=1,
    )


def _quote(value: str | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _order(entry: AuditEntry) -> tuple[datetime, str]:
    return entry.at, entry.place


def _name(entry: AuditEntry) -> str:
    return f"{entry.at.isoformat()} {entry.place}"
