"""O3: numbers by time, and what is read of them for a report."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.rollups import (
    Balance,
    Counted,
    Days,
    Level,
    Period,
    Rollup,
    Slot,
    Waits,
    complete,
    count_by_level,
    cut_past,
    cut_span,
    day_of,
    find_percentiles,
    list_rows,
    quarter_of,
    round_wait,
    sum_up,
)

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MONTHS = 40 * 24 * 4
ZONES = ["Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Europe/Berlin", "UTC", "America/Havana"]
"""One whose hours begin at other times, and two in which days differ in length; in Havana the clock
is put back to midnight."""


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [(0, 0), (-3, 0), (49.4, 49), (51, 52), (999.4, 1000), (1234, 1240), (86_449, 86_000)],
)
def test_o3_a_long_wait_is_counted_by_steps(seconds: float, counted: int) -> None:
    assert round_wait(timedelta(seconds=seconds)) == counted


@given(seconds=st.integers(50, 10**9))
def test_o3_a_wait_is_counted_within_two_percent(seconds: int) -> None:
    assert abs(round_wait(timedelta(seconds=seconds)) - seconds) <= 0.02 * seconds


def test_o3_a_month_has_few_different_waits() -> None:
    assert len({round_wait(timedelta(seconds=one)) for one in range(0, 30 * 24 * 3600, 20)}) < 500


def test_o3_the_median_and_p90_are_waits_that_were() -> None:
    waits = {10: 5, 60: 4, 600: 1}
    assert find_percentiles(waits, 0.5, 0.9, 1.0) == [10, 60, 600]
    assert find_percentiles({7: 1}, 0.5, 0.9) == [7, 7]
    assert find_percentiles({}, 0.5, 0.9) == [None, None]
    assert sum_up(waits) == Waits(10, 10, 60, 600)
    assert sum_up({}) == Waits()


def test_o3_a_quarter_begins_alike_in_every_time_zone() -> None:
    assert quarter_of(START + timedelta(minutes=59, seconds=59)) == START + timedelta(minutes=45)


@given(
    times=st.lists(st.integers(0, MONTHS), min_size=1, max_size=20),
    since=st.integers(0, MONTHS),
    length=st.integers(0, MONTHS),
    zone=st.sampled_from(ZONES),
    days=st.none() | st.integers(-MONTHS, MONTHS),
)
def test_o3_each_quarter_of_the_time_is_read_once_and_no_other(
    times: list[int], since: int, length: int, zone: str, days: int | None
) -> None:
    """Whatever levels are read, the sum is that of the quarters before, and within the span."""
    begin, end = START + since * QUARTER, START + (since + length) * QUARTER
    by_days = None if days is None else Days(zone, START + days * QUARTER)
    stored: Counter[tuple[Level, datetime]] = Counter()
    for time in times:
        slot = _slot(START + time * QUARTER)
        for level, at, counts in count_by_level(slot, {"came": 1}, by_days):
            stored[level, at] += counts["came"]
    within = sum(begin <= START + time * QUARTER < end for time in times)
    assert _read(stored, cut_span(begin, end, zone, by_days)) == within
    assert _read(stored, cut_span(begin, end, zone)) == within
    before = sum(START + time * QUARTER < begin for time in times)
    assert _read(stored, cut_past(begin)) == _read(stored, cut_past(begin, by_days)) == before


def _slot(quarter: datetime) -> Slot:
    return Slot(
        organization=OrganizationId("shop"), counted=Counted.AGENT, quarter=quarter, about=("lan",)
    )


def _read(stored: Counter[tuple[Level, datetime]], stretches: list[Period]) -> int:
    return sum(
        number
        for (level, at), number in stored.items()
        for one in stretches
        if one.level is level and one.since <= at < one.until
    )


@given(quarters=st.integers(-MONTHS, 10 * MONTHS), zone=st.sampled_from(ZONES))
def test_o3_every_moment_is_in_the_day_that_begins_before_it(quarters: int, zone: str) -> None:
    at = START + quarters * QUARTER
    begin, end = day_of(at, zone), day_of(at, zone, after=1)
    assert begin <= at < end
    assert day_of(begin, zone) == day_of(end - QUARTER, zone) == begin
    assert day_of(end, zone) == end


def test_o3_a_year_is_read_by_days_from_when_there_are_days_of_the_time_zone() -> None:
    zone = "Asia/Ho_Chi_Minh"
    midnight, year = day_of(START, zone), timedelta(days=365)
    days = Days(zone, midnight + timedelta(days=30))
    assert cut_span(midnight, midnight + year, zone, days) == [
        Period(Level.HOUR, midnight, days.since),
        Period(Level.DAY, days.since, midnight + year),
    ]
    assert cut_span(midnight, days.since, zone, days) == [Period(Level.HOUR, midnight, days.since)]


@pytest.mark.parametrize(
    ("zone", "level"), [("Asia/Ho_Chi_Minh", Level.HOUR), ("Asia/Kathmandu", Level.QUARTER)]
)
def test_o3_a_month_is_read_by_hours_where_the_zone_has_the_same_ones(
    zone: str, level: Level
) -> None:
    month = cut_span(START, START + timedelta(days=30), zone)
    assert [one.level for one in month] == [level]


def test_o3_only_what_stands_is_added_up_by_months() -> None:
    counted = list(count_by_level(_slot(START), {"came": 2, "first.60": 1}, None))
    assert counted[-1] == (Level.MONTH, datetime(2026, 11, 1, tzinfo=UTC), {"came": 2})
    assert [level for level, _, _ in count_by_level(_slot(START), {"first.60": 1}, None)] == [
        Level.QUARTER,
        Level.HOUR,
    ]


def rollup(hours: int, about: str | None, **counts: int) -> Rollup:
    return Rollup(at=START + timedelta(hours=hours), about=(about,), counts=counts, waits={})


def test_o3_what_stands_goes_on_from_before_the_report() -> None:
    rows = list_rows(
        {("lan",): Balance(4)},
        [
            rollup(1, "lan", came=0, went=2),
            rollup(0, "lan", came=3, went=1),
            rollup(0, None, came=0),
            rollup(0, "minh", came=1),
        ],
    )
    assert [(row.rollup.about, row.balance) for row in rows] == [
        ((None,), 0),
        (("lan",), 6),
        (("minh",), 1),
        (("lan",), 4),
    ]


def test_o3_what_was_there_before_and_did_not_change_is_in_the_first_interval() -> None:
    rollups = [rollup(0, "lan", came=1), rollup(1, "minh", came=1)]
    before: dict[tuple[str | None, ...], Balance] = {
        ("lan",): Balance(1),
        ("minh",): Balance(2, 50),
        ("gone",): Balance(),
    }
    rows = list_rows(before, complete(rollups, before, START))
    assert [(row.rollup.at, row.rollup.about, row.balance, row.value) for row in rows] == [
        (START, ("lan",), 2, 0),
        (START, ("minh",), 2, 50),
        (START + timedelta(hours=1), ("minh",), 3, 50),
    ]
