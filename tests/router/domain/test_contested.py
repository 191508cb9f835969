"""INV3: two workers that both think they own a partition, and what compaction leaves."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from router.domain.desk import Desk, make_desk_with
from router.domain.inputs import COMMENT, CUSTOMER, LIVE, THREAD, A, B, C, assign
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import Verdict
from tuyen_router.domain.contested import restate_contested
from tuyen_router.domain.customer_state import CustomerState, apply_assignment
from tuyen_router.domain.decisions import apply_decision


def _fold(records: Iterable[AssignmentEvent]) -> CustomerState:
    state = CustomerState(3)
    for record in records:
        apply_assignment(state, record)
    return state


def _compact(records: list[AssignmentEvent]) -> list[AssignmentEvent]:
    last = {record.conversation_id: record for record in records}
    return [record for record in records if last[record.conversation_id] is record]


def _restate(log: list[AssignmentEvent]) -> list[AssignmentEvent]:
    """The log after the worker that read it has published again what counts."""
    state = _fold(log)
    told = []
    for record in restate_contested(state):
        apply_decision(state, record)
        told.append(record)
    assert state.contested == {}
    assert list(restate_contested(_fold([*log, *told]))) == []
    return [*log, *told]


def _rows(records: Iterable[AssignmentEvent]) -> dict[ConversationId, AgentId | None]:
    return {name: row.agent_id for name, row in _fold(records).conversations.items()}


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_inv3_r9_2_of_two_records_of_one_version_the_first_counts_also_after_compaction(
    conversation: ConversationId,
) -> None:
    (first,) = make_desk_with(A, conversation).assignments
    (second,) = make_desk_with(B, conversation).assignments
    log = _restate([first, second])
    assert _rows(log) == _rows(_compact(log)) == {conversation: A}
    assert log[-1].version == 2
    state = _fold(_compact(log))
    assert state.loads[first.organization] == {A: 1}


def test_inv3_r9_2_a_version_that_was_passed_does_not_come_back() -> None:
    desk = make_desk_with(A)
    desk.commands(assign(C))
    stale = make_desk_with(B).assignments
    log = _restate([*desk.assignments, *stale])
    assert _rows(_compact(log)) == {THREAD: C}
    assert _fold(log).customer(CUSTOMER).agent_id == C


def test_r9_2_what_waits_goes_on_waiting_for_the_same_answer() -> None:
    desk = make_desk_with(None)
    log = _restate([*desk.assignments, *make_desk_with(None).assignments])
    desk.assignments = log
    desk.crash()
    assert desk.state.waits(THREAD)
    made = desk.answers(Verdict.CHOSEN, B, drained=True, offset=1)
    assert [each.agent_id for each in made if isinstance(each, AssignmentEvent)] == [B]


def test_r3_2_an_old_thread_does_not_bring_the_customers_former_agent_back() -> None:
    desk = make_desk_with(A)
    desk.writes(1, LIVE)
    desk.commands(assign(C, LIVE))
    log = _restate([*desk.assignments, *make_desk_with(B).assignments])
    assert _fold(log).customer(CUSTOMER).agent_id == C
    assert _rows(log) == {THREAD: C, LIVE: C}


def test_r9_2_what_was_published_again_later_is_contested_no_more() -> None:
    first, other = make_desk_with(A).assignments[0], make_desk_with(B).assignments[0]
    later = replace(first, version=2, agent_id=C)
    assert _fold([first, other, later]).contested == {}
    assert Desk().state.contested == {}
