"""What the audit says of a change: which fields, from what to what.

Decides O2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tuyen_directory.organization import entity_of
from tuyen_events.audit import AuditAction, AuditChange, AuditRecorded
from tuyen_events.directory import DirectoryEvent
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.domain.changes import BOOKKEEPING

LOGIN, PASSWORD, REQUEST = "login", "password", "request"
"""The entities of the audit that the directory does not have."""

_OF_THE_KEY = frozenset({"organization", "id", "department_id"})

_SECRET = frozenset({"token_hash"})
"""That a token was renewed is said by when it was made."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are listed: those from `since` on and before `until`, by this agent, about
    entities of this kind."""

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
    """What somebody did to an entity of the directory, of which one state may be missing."""
    standing = after or before
    if standing is None:
        raise ValueError("there is no entity")
    entity, entity_id = entity_of(standing)
    if before is None:
        action = AuditAction.CREATED
    else:
        action = AuditAction.REMOVED if after is None else AuditAction.CHANGED
    return AuditRecorded(
        organization=standing.organization,
        by=by,
        at=at,
        action=action,
        entity=entity,
        id=entity_id,
        changes=tuple(
            AuditChange(field=name, before=was, after=now)
            for name in standing.__struct_fields__
            if name not in BOOKKEEPING | _OF_THE_KEY | _SECRET
            if (was := _read(before, name)) != (now := _read(after, name))
        ),
    )


def _read(event: DirectoryEvent | None, field: str) -> str | None:
    value: object = None if event is None else getattr(event, field)
    return None if value is None else msgspec.json.encode(value).decode()
