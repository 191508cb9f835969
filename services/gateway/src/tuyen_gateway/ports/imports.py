"""Prepared imports: what was uploaded, and how it is to be read (C9)."""

from datetime import datetime
from typing import Protocol

import msgspec

from tuyen_events.crm.imports import Duplicates
from tuyen_events.ids import AgentId, OrganizationId


class ImportDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded file, with the number of its rows, its columns, and the field of each; `mapping`
    is a guess until `mapped` is true."""

    id: str
    organization: OrganizationId
    by: AgentId
    name: str | None
    warehouse_id: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    duplicates: Duplicates = Duplicates.SKIP
    mapped: bool = False
    rows: int = 0
    created_at: datetime


class ImportDrafts(Protocol):
    """They are kept for a week. One organization's do not exist for another."""

    async def keep(self, draft: ImportDraft) -> None:
        """Stores it, or replaces the one with its id."""
        ...

    def take_read(self, organization: OrganizationId, now: datetime) -> None:
        """Before a file is read for an upload or a preview. Raises TooManyAttemptsError if the
        organization has had as many read within an hour as it may (R9.5)."""
        ...

    async def find(self, organization: OrganizationId, import_id: str) -> ImportDraft | None: ...
