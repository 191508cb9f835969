"""The numbers of reports (O3)."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from tuyen_events.ids import OrganizationId, PageId
from tuyen_gateway.domain.rollups import Balance, Counted, Rollup, day_of


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpan:
    """What a report is about: from `since` on and before `until`, by intervals of a time zone. Of
    contacts it is about those in `warehouses`; of pages and their queues about `pages` (None is
    all)."""

    organization: OrganizationId
    since: datetime
    until: datetime
    by: Interval
    time_zone: str
    warehouses: frozenset[str] = frozenset()
    pages: frozenset[PageId] | None = None

    def begin_of_interval(self, moment: datetime) -> datetime:
        """When the interval begins that contains the moment, in UTC."""
        if self.by is Interval.DAY:
            return day_of(moment, self.time_zone)
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


class Reports(Protocol):
    """All reads raise TooManyAttemptsError when the organization reads too much at once, and
    InvalidError for a report of more than REPORT_ROWS rows."""

    def turn(self, organization: OrganizationId) -> AbstractAsyncContextManager[object]:
        """Lasts while a report is read and written, and begins when no other one of the
        organization lasts (R9.5)."""
        ...

    async def rollups(self, span: ReportSpan, counted: Counted) -> Sequence[Rollup]:
        """The numbers of each interval in which something happened, in any order."""
        ...

    async def balances(
        self, span: ReportSpan, counted: Counted
    ) -> Mapping[tuple[str | None, ...], Balance]:
        """The balances when the span began, by what they are about."""
        ...
