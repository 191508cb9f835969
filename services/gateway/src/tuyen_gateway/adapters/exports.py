"""Limits how many files of exports are written (R9.5). Each process counts for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from tuyen_events.ids import OrganizationId
from tuyen_events.sheet_limits import (
    EXPORT_FILES_AN_HOUR,
    EXPORT_FILES_AT_ONCE,
    EXPORT_WITHIN_S,
)
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.jobs.turns import Turns


class LocalExportTurns:
    """ExportTurns."""

    def __init__(self) -> None:
        self._turns = Turns(EXPORT_FILES_AT_ONCE)
        self._files: HourlyQuota[OrganizationId] = HourlyQuota(
            EXPORT_FILES_AN_HOUR, "Your organization downloaded exports too often"
        )

    @asynccontextmanager
    async def turn(self, organization: OrganizationId, now: datetime) -> AsyncIterator[None]:
        self._files.take(organization, 1, now)
        async with self._turns.turn(organization), asyncio.timeout(EXPORT_WITHIN_S):
            yield
