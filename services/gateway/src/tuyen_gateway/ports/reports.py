"""The numbers of reports (O3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_gateway.domain.reports import (
    BegunNumbers,
    ChoiceRow,
    LoadNumbers,
    QueueNumbers,
    ResponseNumbers,
)


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpan:
    """What a report is about: from `since` on and before `until`, by intervals of a time zone."""

    organization: OrganizationId
    since: datetime
    until: datetime
    by: Interval
    time_zone: str


class Reports(Protocol):
    """All reads raise TooManyAttemptsError when the organization reads too much at once, and
    InvalidError for a report of more than REPORT_ROWS rows."""

    async def queue(self, span: ReportSpan) -> tuple[Mapping[PageId, int], Sequence[QueueNumbers]]:
        """How many waited on each page when the span began; what happened to each queue since."""
        ...

    async def choices(self, span: ReportSpan) -> Sequence[ChoiceRow]:
        """How often each rule chose each agent, in the order of time, rule and agent."""
        ...

    async def load(self, span: ReportSpan) -> tuple[Mapping[AgentId, int], Sequence[LoadNumbers]]:
        """How many conversations each agent had when the span began; what each got and lost
        since."""
        ...

    async def responses(self, span: ReportSpan, *, by_page: bool) -> Sequence[ResponseNumbers]:
        """The first responses of each agent, or on each page."""
        ...

    async def begun(self, span: ReportSpan) -> Sequence[BegunNumbers]:
        """How many conversations began on each page."""
        ...
