"""The numbers of reports: counted by time, and added up (O3).

Decides O3.
"""

from collections import Counter, defaultdict
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

_HOUR = timedelta(hours=1)

_EXACT_S = 1000
"""Shorter waits are counted by the second; longer ones by three digits."""


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

    @property
    def has_balance(self) -> bool:
        """Whether its items enter and leave, so that it has a balance: how many are in it."""
        return self not in (Counted.RULE, Counted.PAGE)


INFLOW, OUTFLOW = "came", "went"
"""How many entered and left: a queue, an agent's conversations, a source's contacts, a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What numbers belong to, within a quarter of an hour. Those of contacts belong to the
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
    MONTH = "month"
    """A month in UTC. It has only INFLOW and OUTFLOW."""


class Period(NamedTuple):
    """An interval, and the level of the numbers that are read for it: `since` is included, `until`
    excluded."""

    level: Level
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """The numbers of an interval. `waits` has, by the kind of wait, how many waited how many
    seconds."""

    at: datetime
    about: tuple[str | None, ...]
    counts: Mapping[str, int]
    waits: Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A rollup, and its balance when the interval ended."""

    rollup: Rollup
    balance: int


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour, in UTC."""
    moment = moment.astimezone(UTC)
    minute = moment.minute - moment.minute % QUARTER_MINUTES
    return moment.replace(minute=minute, second=0, microsecond=0)


def hour_of(quarter: datetime) -> datetime:
    return quarter.replace(minute=0)


def month_of(quarter: datetime) -> datetime:
    return quarter.replace(day=1, hour=0, minute=0)


def count_by_level(
    slot: Slot, counts: Mapping[str, int]
) -> Iterator[tuple[Level, datetime, dict[str, int]]]:
    """What counts add to each level at which they are stored."""
    yield Level.QUARTER, slot.quarter, dict(counts)
    yield Level.HOUR, hour_of(slot.quarter), dict(counts)
    balance = {name: number for name, number in counts.items() if name in (INFLOW, OUTFLOW)}
    if balance:
        yield Level.MONTH, month_of(slot.quarter), balance


def cut_span(since: datetime, until: datetime, time_zone: str) -> list[Period]:
    """How the time from `since` until `until` is read: by hours, unless the zone's hours begin at
    other times, with quarters at both ends."""
    begin, end = hour_of(since + _HOUR - timedelta(minutes=QUARTER_MINUTES)), hour_of(until)
    if begin >= end or not _has_whole_hours(since, until, ZoneInfo(time_zone)):
        return [Period(Level.QUARTER, since, until)]
    stretches = [
        Period(Level.QUARTER, since, begin),
        Period(Level.HOUR, begin, end),
        Period(Level.QUARTER, end, until),
    ]
    return [one for one in stretches if one.since < one.until]


def cut_past(until: datetime) -> list[Period]:
    """How all the time before `until` is read: by months, and then by hours and quarters."""
    month, hour = month_of(until), hour_of(until)
    stretches = [
        Period(Level.MONTH, datetime.min.replace(tzinfo=UTC), month),
        Period(Level.HOUR, month, hour),
        Period(Level.QUARTER, hour, until),
    ]
    return [one for one in stretches if one.since < one.until]


def _has_whole_hours(since: datetime, until: datetime, zone: ZoneInfo) -> bool:
    days = max((until - since) // timedelta(days=1), 0) + 1
    moments = (min(since + timedelta(days=day), until) for day in range(days + 1))
    return all(not (at.astimezone(zone).utcoffset() or timedelta()) % _HOUR for at in moments)


def round_wait(waited: timedelta) -> int:
    """A wait in seconds as it is counted: to the second, or to three digits of a long one, so that
    there are few different ones."""
    seconds = max(round(waited.total_seconds()), 0)
    scale = 1
    while seconds // scale >= _EXACT_S:
        scale *= 10
    return round(seconds / scale) * scale


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
    before: Mapping[tuple[str | None, ...], int], rollups: Iterable[Rollup]
) -> Sequence[ReportRow]:
    """The rows in the order of time and what they are about; `before` is how many there were when
    the first interval began."""
    balance: Counter[tuple[str | None, ...]] = Counter(before)
    rows = []
    for one in sorted(rollups, key=_place):
        balance[one.about] += one.counts.get(INFLOW, 0) - one.counts.get(OUTFLOW, 0)
        rows.append(ReportRow(rollup=one, balance=balance[one.about]))
    return rows


def complete(
    rollups: Sequence[Rollup], before: Mapping[tuple[str | None, ...], int], begin: datetime
) -> list[Rollup]:
    """The rollups, and empty ones in the interval that begins then for what was there before, and
    did not change in that interval."""
    known = {one.about for one in rollups if one.at == begin}
    waits: Mapping[str, Mapping[int, int]] = defaultdict(dict)
    counts: Mapping[str, int] = Counter()
    missing = (about for about, number in before.items() if number and about not in known)
    return [
        *rollups,
        *(Rollup(at=begin, about=about, counts=counts, waits=waits) for about in missing),
    ]


def _place(rollup: Rollup) -> tuple[datetime, tuple[str, ...]]:
    return rollup.at, tuple(part or "" for part in rollup.about)
