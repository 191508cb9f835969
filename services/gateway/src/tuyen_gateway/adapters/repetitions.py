"""Limits the audit entries that one caller can cause: repetitions are counted, and recorded
together (R9.5)."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from tuyen_events.audit import AuditAction, AuditRecorded
from tuyen_events.audit_limits import AUDITED_AGAIN_S, REFUSALS_AUDITED_AN_HOUR
from tuyen_events.ids import OrganizationId
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.errors import TooManyAttemptsError

_WHILE = timedelta(seconds=AUDITED_AGAIN_S)


@dataclass(slots=True)
class _Counting:
    """The repetitions since an entry was recorded last; `latest` is the newest one."""

    since: datetime
    latest: AuditRecorded
    times: int = 0


class Repetitions:
    """The first of a kind is recorded at once; what is repeated within AUDITED_AGAIN_S is counted,
    and then recorded as one entry. While as many refusals of one agent were recorded as may be,
    these are counted on; what was done is always recorded. Nothing is kept of what was not repeated
    for so long."""

    def __init__(self) -> None:
        self._counted: dict[Hashable, _Counting] = {}
        self._quota: HourlyQuota[tuple[OrganizationId, str]] = HourlyQuota(
            REFUSALS_AUDITED_AN_HOUR, "Too many refusals in the audit"
        )

    def note(self, kind: Hashable, entry: AuditRecorded) -> AuditRecorded | None:
        """The entry if it has to be recorded now; otherwise it is counted."""
        counting = self._counted.get(kind)
        if counting is None:
            counting = self._counted[kind] = _Counting(entry.at, entry)
            if self._may_record(entry, entry.at):
                return entry
        counting.latest = entry
        counting.times += 1
        return None

    def list_due(self, now: datetime) -> Iterator[AuditRecorded]:
        """The entries that have to be recorded now, each with the number of its repetitions."""
        for kind, counting in list(self._counted.items()):
            if now - counting.since < _WHILE:
                continue
            if not counting.times:
                del self._counted[kind]
            elif self._may_record(counting.latest, now):
                yield msgspec.structs.replace(counting.latest, times=counting.times)
                counting.since, counting.times = now, 0

    def _may_record(self, entry: AuditRecorded, now: datetime) -> bool:
        if entry.action != AuditAction.REFUSED:
            return True
        try:
            self._quota.take((entry.organization, entry.by or entry.id), 1, now)
        except TooManyAttemptsError:
            return False
        return True
