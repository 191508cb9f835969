"""O3: what assignment records add to the numbers of reports, however they are read."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, RuleId
from tuyen_gateway.domain.assignment_counts import CountedConversation, CountedRecord, count_records
from tuyen_gateway.domain.rollups import Counted, Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
PAGE = PageId("page")
BLANK = CountedConversation(id=ConversationId("c"), organization=OrganizationId("shop"))


def record(
    minute: float, *, queued: bool = False, agent: str | None = None, rule: str = ""
) -> CountedRecord:
    return CountedRecord(
        at=START + timedelta(minutes=minute),
        page_id=PAGE,
        queued=queued,
        agent_id=None if agent is None else AgentId(agent),
        rule_id=RuleId(rule) if rule else None,
    )


def sum_up(added: dict[Slot, Counter[str]]) -> dict[tuple[object, ...], dict[str, int]]:
    return {
        (slot.counted, f"{slot.quarter:%H:%M}", *slot.about): dict(counts)
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
"""Waits for 19 minutes, also though it was queued twice; then is moved manually; then waits and is
closed before anybody gets it."""

COUNTED = {
    (Counted.QUEUE, "08:00", "page"): {"came": 1},
    (Counted.QUEUE, "08:15", "page"): {"went": 2, "wait.1140": 1, "came": 1},
    (Counted.RULE, "08:15", "r", "lan"): {"chosen": 1},
    (Counted.AGENT, "08:15", "lan"): {"came": 1, "went": 1},
    (Counted.AGENT, "08:15", "minh"): {"came": 1, "went": 1},
}


def test_o3_a_wait_lasts_from_the_first_record_in_the_queue_to_the_agent() -> None:
    conversation, added = count_records(BLANK, enumerate(STORY, start=1))
    assert sum_up(added) == COUNTED
    assert (conversation.reached, conversation.pending, conversation.queued_at) == (
        len(STORY),
        {},
        None,
    )


@given(
    order=st.permutations(range(len(STORY))),
    again=st.lists(st.integers(0, len(STORY) - 1), max_size=10),
    cut=st.integers(1, 5),
)
def test_o3_records_in_any_order_and_any_batches_count_the_same_once(
    order: list[int], again: list[int], cut: int
) -> None:
    conversation, total = BLANK, Counter[tuple[Slot, str]]()
    read = [*order, *again]
    for begin in range(0, len(read), cut):
        batch = [(number + 1, STORY[number]) for number in read[begin : begin + cut]]
        conversation, added = count_records(conversation, batch)
        for slot, counts in added.items():
            total.update({(slot, name): count for name, count in counts.items()})
    _, whole = count_records(BLANK, enumerate(STORY, start=1))
    expected = {(slot, name): n for slot, counts in whole.items() for name, n in counts.items()}
    assert dict(total) == expected
    assert conversation == count_records(BLANK, enumerate(STORY, start=1))[0]


def test_o3_records_from_before_history_was_kept_do_not_hold_up_the_later_ones() -> None:
    conversation, _ = count_records(BLANK, [(version, record(version)) for version in range(7, 70)])
    assert conversation.reached == 69
    assert conversation.pending == {}
