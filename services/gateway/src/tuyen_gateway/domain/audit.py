"""What the audit says of a change: which fields, from what to what.

Decides O2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tuyen_directory.organization import entity_of
from tuyen_events.audit import AuditAction, AuditChange, AuditRecorded
from tuyen_events.desk import DeskEvent, DeskKey, PreferencesChanged
from tuyen_events.directory import DirectoryEvent
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.jobs import JobRequested
from tuyen_gateway.domain.changes import BOOKKEEPING

LOGIN, PASSWORD, REQUEST, AUDIT_TABLE = "login", "password", "request", "audit"
PAGE_TOKEN = "page_token"  # noqa: S105 - a name, not a secret
"""The entities of the audit that are stored nowhere else by these names; beside them are those of
the directory and of the desk, and the kinds of jobs."""

_OF_THE_KEY = frozenset({"organization", "id", "department_id", "agent_id"})
_EMPTY = ("[]", "{}")
_OF_A_JOB = frozenset({"job_id", "organization", "at", "by"})

_SECRET = frozenset({"token_hash"})
"""Fields that the audit never contains. The renewal of a token is shown by the time at which it was
made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry as it is listed. `place` orders those of one moment."""

    at: datetime
    place: str
    by: AgentId | None
    action: str
    entity: str
    id: str
    changes: Sequence[AuditChange]
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Matches the entries from `since` on and before `until`, by this agent, about entities of this
    kind."""

    organization: OrganizationId
    since: datetime | None = None
    until: datetime | None = None
    by: AgentId | None = None
    entity: str | None = None


def audit_change(
    before: DirectoryEvent | None,
    after: DirectoryEvent | None,
    *,
    by: AgentId | None,
    at: datetime,
) -> AuditRecorded:
    """The entry about a change of an entity of the directory, of which one state may be missing."""
    standing = after or before
    if standing is None:
        raise ValueError("there is no entity")
    entity, entity_id = entity_of(standing)
    return AuditRecorded(
        organization=standing.organization,
        by=by,
        at=at,
        action=_name_action(before, after),
        entity=entity,
        id=entity_id,
        changes=_list_changes(before, after, BOOKKEEPING | _OF_THE_KEY | _SECRET),
    )


def audit_desk_change(
    key: DeskKey, before: DeskEvent | None, after: DeskEvent | None, *, by: AgentId, at: datetime
) -> AuditRecorded | None:
    """The entry about a change of the desk that all agents see: of a template, or of a shared view.
    None for an agent's own things."""
    if key.agent_id or isinstance(before or after, PreferencesChanged):
        return None
    return AuditRecorded(
        organization=key.organization,
        by=by,
        at=at,
        action=_name_action(before, after),
        entity=key.entity,
        id=key.id,
        changes=_list_changes(before, after, BOOKKEEPING | _OF_THE_KEY),
    )


def audit_job(request: JobRequested) -> AuditRecorded:
    """The entry about the start of a job, with what was requested. Of items that are named, it has
    the number."""
    given = _list_changes(None, request, _OF_A_JOB | {"selection", "contact_ids"})
    changes = [change for change in given if change.after not in _EMPTY]
    selected: Mapping[str, Any] = msgspec.to_builtins(getattr(request, "selection", None)) or {}
    named = selected.get("ids") or getattr(request, "contact_ids", ())
    if named:
        changes.append(_set("named", len(named)))
    elif hasattr(request, "selection"):
        changes.append(_set("filter", {name: one for name, one in selected.items() if one}))
    return AuditRecorded(
        organization=request.organization,
        by=request.by,
        at=request.at,
        action=AuditAction.STARTED,
        entity=_name_job(request),
        id=request.job_id,
        changes=tuple(changes),
    )


def audit_stop(request: JobRequested, *, by: AgentId, at: datetime) -> AuditRecorded:
    """The entry about a job that somebody stopped."""
    return AuditRecorded(
        organization=request.organization,
        by=by,
        at=at,
        action=AuditAction.STOPPED,
        entity=_name_job(request),
        id=request.job_id,
    )


def _name_job(request: JobRequested) -> str:
    return request.type.removeprefix("job.").partition("_requested")[0]


def audit_page_token(
    organization: OrganizationId, page_id: PageId, *, by: AgentId, at: datetime
) -> AuditRecorded:
    """The entry about a new token of a page. It contains nothing of the token."""
    return AuditRecorded(
        organization=organization,
        by=by,
        at=at,
        action=AuditAction.CHANGED,
        entity=PAGE_TOKEN,
        id=page_id,
    )


def audit_download(
    organization: OrganizationId,
    entity: str,
    entity_id: str,
    *,
    by: AgentId,
    at: datetime,
    rows: int | None,
) -> AuditRecorded:
    """The entry about a file that somebody downloaded; `rows` is how many it has, if that is
    known."""
    return AuditRecorded(
        organization=organization,
        by=by,
        at=at,
        action=AuditAction.DOWNLOADED,
        entity=entity,
        id=entity_id,
        changes=() if rows is None else (_set("rows", rows),),
    )


def _name_action(before: Event | None, after: Event | None) -> AuditAction:
    if before is None:
        return AuditAction.CREATED
    return AuditAction.REMOVED if after is None else AuditAction.CHANGED


def _list_changes(
    before: Event | None, after: Event | None, left_out: frozenset[str]
) -> tuple[AuditChange, ...]:
    standing = after or before
    return tuple(
        AuditChange(field=name, before=was, after=now)
        for name in (() if standing is None else standing.__struct_fields__)
        if name not in left_out
        if (was := _read(before, name)) != (now := _read(after, name))
    )


def _set(field: str, value: object) -> AuditChange:
    return AuditChange(field=field, before=None, after=msgspec.json.encode(value).decode())


def _read(event: Event | None, field: str) -> str | None:
    value: object = None if event is None else getattr(event, field)
    return None if value in (None, msgspec.UNSET) else msgspec.json.encode(value).decode()
