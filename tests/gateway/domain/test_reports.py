"""O3: what assignment records add to the numbers of reports, however they are read."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, RuleId
from tuyen_gateway.domain.reports import (
    Counted,
    Course,
    CourseRecord,
    LoadNumbers,
    QueueNumbers,
    ResponseNumbers,
    Slot,
    find_percentile,
    list_agent_rows,
    list_queue_rows,
    note_records,
    quarter_of,
    round_wait,
)

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
PAGE = PageId("page")
BLANK = Course(id=ConversationId("c"), organization=OrganizationId("shop"))


def record(
    minute: float, *, queued: bool = False, agent: str | None = None, rule: str = ""
) -> CourseRecord:
    return CourseRecord(
        at=START + timedelta(minutes=minute),
        page_id=PAGE,
        queued=queued,
        agent_id=None if agent is None else AgentId(agent),
        rule_id=RuleId(rule) if rule else None,
    )


def sum_up(added: dict[Slot, Counter[str]]) -> dict[tuple[str, str, str], dict[str, int]]:
    return {
        (slot.counted, f"{slot.quarter:%H:%M}", slot.agent_id or ""): dict(counts)
        for slot, counts in added.items()
    }


STORY = (
    record(1, queued=True),
    record(2, queued=True),
    record(20, agent="lan", rule="r"),
    record(21, agent="minh"),
    record(22),
    record(23, queued=True),
    record(24),
)
"""Waits for 19 minutes, also though it was queued twice; then is moved by hand; then waits and is
closed before anybody gets it."""

COUNTED = {
    (Counted.QUEUE, "08:00", ""): {"entered": 1},
    (Counted.QUEUE, "08:15", ""): {"left": 2, "wait.1140": 1, "entered": 1},
    (Counted.RULE, "08:15", "lan"): {"chosen": 1},
    (Counted.AGENT, "08:15", "lan"): {"got": 1, "lost": 1},
    (Counted.AGENT, "08:15", "minh"): {"got": 1, "lost": 1},
}


def test_o3_a_wait_lasts_from_the_first_record_in_the_queue_to_the_agent() -> None:
    course, added = note_records(BLANK, enumerate(STORY, start=1))
    assert sum_up(added) == COUNTED
    assert (course.reached, course.pending, course.queued_at) == (len(STORY), {}, None)


@given(
    order=st.permutations(range(len(STORY))),
    again=st.lists(st.integers(0, len(STORY) - 1), max_size=10),
    cut=st.integers(1, 5),
)
def test_o3_records_in_any_order_and_any_batches_count_the_same_once(
    order: list[int], again: list[int], cut: int
) -> None:
    course, total = BLANK, Counter[tuple[Slot, str]]()
    read = [*order, *again]
    for begin in range(0, len(read), cut):
        batch = [(number + 1, STORY[number]) for number in read[begin : begin + cut]]
        course, added = note_records(course, batch)
        for slot, counts in added.items():
            total.update({(slot, name): count for name, count in counts.items()})
    _, whole = note_records(BLANK, enumerate(STORY, start=1))
    expected = {(slot, name): n for slot, counts in whole.items() for name, n in counts.items()}
    assert dict(total) == expected
    assert course == note_records(BLANK, enumerate(STORY, start=1))[0]


def test_o3_records_from_before_history_was_kept_do_not_hold_up_the_later_ones() -> None:
    course, _ = note_records(BLANK, [(version, record(version)) for version in range(7, 70)])
    assert course.reached == 69
    assert course.pending == {}


@pytest.mark.parametrize(
    ("seconds", "counted"), [(0, 0), (-3, 0), (999.4, 999), (1234, 1230), (86_449, 86_400)]
)
def test_o3_a_long_wait_is_counted_by_three_digits(seconds: float, counted: int) -> None:
    assert round_wait(timedelta(seconds=seconds)) == counted


def test_o3_the_median_and_p90_are_waits_that_were() -> None:
    waits = {10: 5, 60: 4, 600: 1}
    assert [find_percentile(waits, share) for share in (0.5, 0.9, 1.0)] == [10, 60, 600]
    assert find_percentile({}, 0.5) is None


def test_o3_a_quarter_begins_alike_in_every_time_zone() -> None:
    assert quarter_of(START + timedelta(minutes=59, seconds=59)) == START + timedelta(minutes=45)


def test_o3_the_length_of_a_queue_goes_on_from_before_the_report() -> None:
    other = PageId("other")
    numbers = [
        QueueNumbers(at=START + timedelta(hours=1), page_id=PAGE, entered=0, left=2, waits={}),
        QueueNumbers(at=START, page_id=PAGE, entered=3, left=1, waits={}),
        QueueNumbers(at=START, page_id=other, entered=1, left=0, waits={}),
    ]
    rows = list_queue_rows({PAGE: 4}, numbers)
    assert [(row.numbers.page_id, row.waiting) for row in rows] == [
        (other, 1),
        (PAGE, 6),
        (PAGE, 4),
    ]


def test_o3_what_an_agent_has_goes_on_from_before_the_report() -> None:
    lan, minh, later = AgentId("lan"), AgentId("minh"), START + timedelta(hours=1)
    loads = [
        LoadNumbers(at=later, agent_id=lan, got=1, lost=3),
        LoadNumbers(at=START, agent_id=lan, got=2, lost=0),
    ]
    responses = [
        ResponseNumbers(at=later, whose=minh, waits={60: 1}),
        ResponseNumbers(at=later, whose=None, waits={9: 2}),
    ]
    rows = list_agent_rows({lan: 5, minh: 4}, loads, responses)
    assert [(row.at, row.agent_id, row.held, dict(row.waits)) for row in rows] == [
        (START, "lan", 7, {}),
        (later, None, 0, {9: 2}),
        (later, "lan", 5, {}),
        (later, "minh", 4, {60: 1}),
    ]
