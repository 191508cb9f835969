"""The numbers of reports: counted by time, and added up (O3).

Decides O3.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tuyen_events.ids import OrganizationId

QUARTER_MINUTES = 15
"""The shortest time that numbers are kept for, because there are time zones that differ by a
quarter of an hour."""

_QUARTER, _HOUR = timedelta(minutes=QUARTER_MINUTES), timedelta(hours=1)

_PARTS = 25
_STEPS: list[int] = [digit * 10**zeros for zeros in range(9) for digit in (1, 2, 5)]
"""A wait is counted as a multiple of the largest of these seconds that is at most a 25th part of
it: it is off by 2 % at most, and there are about 90 different ones from each second to its
tenfold."""

_SHARES = (0.5, 0.9, 0.95)
"""Of the median, the 90th and the 95th percentile."""


class Counted(StrEnum):
    """What is counted, and what each number belongs to."""

    QUEUE = "queue"
    """The queue of a page."""
    RULE = "rule"
    """A rule and an agent whom it chose."""
    AGENT = "agent"
    """An agent; null is whoever answers at the channel itself."""
    PAGE = "page"
    ORIGIN = "origin"
    """The contacts from a source: its kind, and its id, which is null for those added manually."""
    STEP = "step"
    """The contacts at a step: the pipeline and the step."""
    DEAL = "deal"
    """The deals that an agent has: the agent, and the currency; null where there is none."""
    DEAL_STEP = "deal_step"
    """The deals of contacts at a step: the pipeline, the step and the currency; null for contacts
    that are at none."""

    @property
    def has_balance(self) -> bool:
        """Whether its items enter and leave, so that it has a balance: how many are in it."""
        return self not in (Counted.RULE, Counted.PAGE)


INFLOW, OUTFLOW = "came", "went"
"""How many entered and left: a queue, an agent's conversations, a source's contacts, a step."""

VALUE = "_value"
"""The end of the names of sums of values."""


def value_of(name: str) -> str:
    """The name of the sum of the values of what is counted by this name."""
    return f"{name}{VALUE}"


_OF_MONTHS = (INFLOW, OUTFLOW, value_of(INFLOW))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What numbers belong to, within a quarter of an hour. The numbers of contacts belong to the
    warehouse in which the contact is (W6)."""

    organization: OrganizationId
    counted: Counted
    quarter: datetime
    about: tuple[str | None, ...]
    warehouse_id: str | None = None


class Level(StrEnum):
    """For how long numbers are added up as they are stored."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    """A day of the organization's time zone."""
    MONTH = "month"
    """A month in UTC. It has only INFLOW and OUTFLOW, and the value of the former."""


LEVELS_WITH_WAITS = (Level.HOUR, Level.DAY)
"""The levels whose numbers are stored with the `Waits` of each kind, so that a report reads no
single wait."""


class Days(NamedTuple):
    """The days of a time zone by which numbers are added up. All that happened `since` then is in
    them; what happened before may be in those of another zone, or in none."""

    time_zone: str
    since: datetime


class Waits(NamedTuple):
    """How many waited, and how many seconds: the median, the 90th and the 95th percentile; None if
    nobody did. What was stored before the last of these was kept does not have it."""

    number: int = 0
    median: int | None = None
    p90: int | None = None
    p95: int | None = None


class Period(NamedTuple):
    """An interval, and the level of the numbers that are read for it: `since` is included, `until`
    excluded."""

    level: Level
    since: datetime
    until: datetime


class Rollup(NamedTuple):
    """The numbers of an interval. `waits` are by the kind of wait; a kind without any may be
    missing."""

    at: datetime
    about: tuple[str | None, ...]
    counts: Mapping[str, int]
    waits: Mapping[str, Waits]


class Balance(NamedTuple):
    """How many there are at a time, and the sum of their values."""

    number: int = 0
    value: int = 0


class ReportRow(NamedTuple):
    """A rollup, and its balance and the value of it when the interval ended."""

    rollup: Rollup
    balance: int
    value: int


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour, in UTC."""
    moment = moment.astimezone(UTC)
    minute = moment.minute - moment.minute % QUARTER_MINUTES
    return moment.replace(minute=minute, second=0, microsecond=0)


def hour_of(quarter: datetime) -> datetime:
    return quarter.replace(minute=0)


def month_of(quarter: datetime) -> datetime:
    return quarter.replace(day=1, hour=0, minute=0)


def day_of(moment: datetime, time_zone: str, *, after: int = 0) -> datetime:
    """When the day begins in which the moment is, or one `after` it, in UTC."""
    local = moment.astimezone(ZoneInfo(time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=after)).astimezone(UTC)


def count_by_level(
    slot: Slot, counts: Mapping[str, int], days: Days | None
) -> Iterator[tuple[Level, datetime, dict[str, int]]]:
    """The counts that are added at each level at which numbers are stored."""
    yield Level.QUARTER, slot.quarter, dict(counts)
    yield Level.HOUR, hour_of(slot.quarter), dict(counts)
    if days is not None and slot.quarter >= days.since:
        yield Level.DAY, day_of(slot.quarter, days.time_zone), dict(counts)
    balance = {name: number for name, number in counts.items() if name in _OF_MONTHS}
    if balance:
        yield Level.MONTH, month_of(slot.quarter), balance


def cut_span(
    since: datetime, until: datetime, time_zone: str, days: Days | None = None
) -> list[Period]:
    """Divides the time from `since` until `until` into the periods that are read: `days`, which are
    of the time zone; where there are none, hours, with quarters at both ends; or quarters alone, if
    the zone's hours begin at other times."""
    begin = end = until
    if days is not None:
        begin = day_of(max(since, days.since) - _QUARTER, time_zone, after=1)
        end = day_of(until, time_zone)
    if begin >= end:
        begin = end = until
    stretches = [
        *_cut_to_hours(since, begin, time_zone),
        Period(Level.DAY, begin, end),
        *_cut_to_hours(end, until, time_zone),
    ]
    return [one for one in stretches if one.since < one.until]


def _cut_to_hours(since: datetime, until: datetime, time_zone: str) -> list[Period]:
    begin, end = hour_of(since + _HOUR - _QUARTER), hour_of(until)
    if begin >= end or not _has_whole_hours(since, until, ZoneInfo(time_zone)):
        return [Period(Level.QUARTER, since, until)]
    return [
        Period(Level.QUARTER, since, begin),
        Period(Level.HOUR, begin, end),
        Period(Level.QUARTER, end, until),
    ]


def cut_past(until: datetime, days: Days | None = None) -> list[Period]:
    """Divides all the time before `until` into the periods that are read: months, and then days,
    where there are any, hours and quarters."""
    month, time_zone = month_of(until), "UTC" if days is None else days.time_zone
    ever = datetime.min.replace(tzinfo=UTC)
    return [Period(Level.MONTH, ever, month), *cut_span(month, until, time_zone, days)]


def _has_whole_hours(since: datetime, until: datetime, zone: ZoneInfo) -> bool:
    days = max((until - since) // timedelta(days=1), 0) + 1
    moments = (min(since + timedelta(days=day), until) for day in range(days + 1))
    return all(not (at.astimezone(zone).utcoffset() or timedelta()) % _HOUR for at in moments)


def round_wait(waited: timedelta) -> int:
    """A wait in seconds as it is counted: exact below 50 s, and off by 2 % at most above, so that
    there are few different ones, however many wait."""
    seconds = max(round(waited.total_seconds()), 0)
    step = _STEPS[max(bisect_right(_STEPS, seconds // _PARTS) - 1, 0)]
    return round(seconds / step) * step


def sum_up(waits: Mapping[int, int]) -> Waits:
    """The count and the percentiles of waits, by how many there are of each."""
    return Waits(sum(waits.values()), *find_percentiles(waits, *_SHARES))


def find_percentiles(waits: Mapping[int, int], *shares: float) -> list[int | None]:
    """For each of the shares, which ascend, the shortest wait that is no shorter than `share` of
    all, by how many there are of each; None if there are none."""
    found: list[int | None] = []
    total, passed = sum(waits.values()), 0
    for seconds in sorted(waits):
        passed += waits[seconds]
        while len(found) < len(shares) and passed >= total * shares[len(found)]:
            found.append(seconds)
    return found or [None] * len(shares)


def list_rows(
    before: Mapping[tuple[str | None, ...], Balance], rollups: Iterable[Rollup]
) -> Sequence[ReportRow]:
    """The rows in the order of time and what they are about; `before` is how many there were when
    the first interval began."""
    balances, rows = dict(before), []
    for one in sorted(rollups, key=_place):
        number, value = balances.get(one.about, Balance())
        number += one.counts.get(INFLOW, 0) - one.counts.get(OUTFLOW, 0)
        value += one.counts.get(value_of(INFLOW), 0)
        balances[one.about] = Balance(number, value)
        rows.append(ReportRow(rollup=one, balance=number, value=value))
    return rows


def complete(
    rollups: Sequence[Rollup], before: Mapping[tuple[str | None, ...], Balance], begin: datetime
) -> list[Rollup]:
    """The rollups, and empty ones in the interval that begins then for what was there before, and
    did not change in that interval."""
    known = {one.about for one in rollups if one.at == begin}
    counts: Mapping[str, int] = Counter()
    missing = (about for about, number in before.items() if any(number) and about not in known)
    return [
        *rollups,
        *(Rollup(at=begin, about=about, counts=counts, waits={}) for about in missing),
    ]


def _place(rollup: Rollup) -> tuple[datetime, tuple[str, ...]]:
    return rollup.at, tuple([part or "" for part in rollup.about])
