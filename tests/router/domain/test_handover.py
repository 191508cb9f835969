"""R6.5: conversations of an agent who leaves go back to rotation."""

from typing import Any

import pytest

from router.domain.desk import Desk, make_desk_with
from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    THREAD,
    A,
    B,
    C,
    assign,
    mark_done,
    return_to_rotation,
)
from router.domain.outcomes import find_result, records, requests, withdrawn
from support.organizations import agent
from tuyen_events.assignments import AssignmentQueued
from tuyen_events.commands import Outcome
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import ChoiceRequested, Purpose, Verdict
from tuyen_events.vocabulary import Reason

HANDOVER = "commands/3/0@0"
LEFT: dict[str, Any] = {"agents": [agent("a", disabled=True), agent("b"), agent("c")]}


def _both_of(owner: AgentId) -> Desk:
    """A customer with two threads, of one agent."""
    desk = make_desk_with(owner)
    desk.writes(1, LIVE)
    return desk


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r6_5_a_conversation_waits_and_its_rule_is_asked_for_somebody_else(
    conversation: ConversationId,
) -> None:
    desk = make_desk_with(A, conversation)
    command = return_to_rotation(
        A, conversation, note="left", department="sales", page_url="https://s.vn/giay?utm=1#top"
    )
    decisions = desk.commands(command)
    made = decisions[0]
    assert isinstance(made, AssignmentQueued)
    assert (made.agent_id, made.previous_agent_id, made.by, made.note, made.request_id) == (
        None,
        A,
        "manager",
        "left",
        HANDOVER,
    )
    (asked,) = [each for each in decisions if isinstance(each, ChoiceRequested)]
    assert (asked.request_id, asked.purpose, asked.handed_over_by) == (
        HANDOVER,
        Purpose.HANDOVER,
        A,
    )
    assert (asked.department, asked.page_url) == ("sales", "https://s.vn/giay")
    assert (find_result(decisions).outcome, find_result(decisions).version) == (Outcome.APPLIED, 2)
    assert records(desk.answers(Verdict.CHOSEN, B)) == [(conversation, B, Reason.BULK)]


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_r6_5_with_nobody_there_it_waits_and_is_drained(conversation: ConversationId) -> None:
    desk = make_desk_with(A, conversation)
    desk.commands(return_to_rotation(A, conversation))
    assert records(desk.answers(Verdict.QUEUED)) == []
    drained = desk.answers(Verdict.CHOSEN, B, drained=True, offset=1)
    assert records(drained) == [(conversation, B, Reason.QUEUE_DRAINED)]


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
@pytest.mark.parametrize(
    ("verdict", "reason"), [(Verdict.NOBODY, Reason.NO_CANDIDATE), (Verdict.OFF, Reason.BULK)]
)
def test_r6_5_it_does_not_wait_for_ever_where_nothing_waits(
    conversation: ConversationId, verdict: Verdict, reason: Reason
) -> None:
    desk = make_desk_with(A, conversation)
    desk.commands(return_to_rotation(A, conversation))
    assert records(desk.answers(verdict)) == [(conversation, None, reason)]
    assert desk.state.customer(CUSTOMER).open_request is None


def test_r6_5_while_rules_do_not_assign_nobody_has_it() -> None:
    decisions = make_desk_with(A).commands(return_to_rotation(A), auto_assign=False)
    assert records(decisions) == [(THREAD, None, Reason.BULK)]
    assert requests(decisions) == []


@pytest.mark.parametrize(
    ("only_from", "given", "outcome"),
    [
        (B, {}, Outcome.UNCHANGED),
        (A, {"assignment": False}, Outcome.ASSIGNMENT_OFF),
    ],
)
def test_r6_5_what_changes_nothing(
    only_from: AgentId, given: dict[str, Any], outcome: Outcome
) -> None:
    desk = make_desk_with(A)
    decisions = desk.commands(return_to_rotation(only_from), **given)
    assert (find_result(decisions).outcome, records(decisions)) == (outcome, [])
    desk.crash()
    assert find_result(desk.commands(return_to_rotation(only_from))).outcome is outcome


def test_r6_5_a_conversation_that_nobody_decided_on_is_nobodys_to_return() -> None:
    decisions = Desk().commands(return_to_rotation(A))
    assert find_result(decisions).outcome is Outcome.UNCHANGED


def test_r6_5_r3_all_threads_of_a_customer_get_the_same_agent() -> None:
    desk = _both_of(A)
    assert requests(desk.commands(return_to_rotation(A), 0)) == [
        ("commands/3/0@1", Purpose.HANDOVER)
    ]
    assert requests(desk.commands(return_to_rotation(A, LIVE), 1)) == []
    assert records(desk.answers(Verdict.CHOSEN, B, offset=1)) == [
        (THREAD, B, Reason.BULK),
        (LIVE, B, Reason.BULK),
    ]


def test_r6_5_r3_a_customer_who_was_given_to_somebody_stays_with_them() -> None:
    desk = _both_of(A)
    desk.commands(return_to_rotation(A), 0)
    desk.answers(Verdict.CHOSEN, B, offset=1)
    decisions = desk.commands(return_to_rotation(A, LIVE), 1)
    assert (records(decisions), requests(decisions)) == ([(LIVE, B, Reason.BULK)], [])
    assert find_result(decisions).agent_id == B


def test_r6_5_not_with_somebody_who_may_not_answer_any_more() -> None:
    desk = _both_of(A)
    desk.commands(assign(B), 0)
    gone: dict[str, Any] = {"agents": [agent("a"), agent("c")]}
    assert requests(desk.commands(return_to_rotation(A, LIVE), 1, **gone)) == [
        ("commands/3/1@1", Purpose.HANDOVER)
    ]


def test_r3_6_who_writes_while_the_handover_is_under_way_asks_nothing() -> None:
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    assert requests(desk.writes(1)) == []
    assert records(desk.writes(2, LIVE)) == [(LIVE, None, Reason.QUEUED)]
    assert len(records(desk.answers(Verdict.CHOSEN, B))) == 2


def test_r6_5_a_request_that_may_leave_it_with_whom_it_was_is_withdrawn() -> None:
    """The agent is offline and was to be replaced (R3.3): with nobody there, they would stay."""
    desk = make_desk_with(A)
    desk.writes(1, auto_reassign=True, online="b")
    decisions = desk.commands(return_to_rotation(A))
    assert withdrawn(decisions) == ["inbound/3/1"]
    assert requests(decisions) == [("commands/3/0@1", Purpose.HANDOVER)]
    assert records(desk.answers(Verdict.CHOSEN, A, to=1, offset=1)) == []
    assert records(desk.answers(Verdict.CHOSEN, C, offset=2)) == [(THREAD, C, Reason.BULK)]


def test_r6_5_what_waits_with_the_withdrawn_request_gets_the_new_answer() -> None:
    desk = _both_of(A)
    desk.commands(assign(None, LIVE), 0)
    desk.writes(2, LIVE)
    desk.answers(Verdict.QUEUED, offset=1)
    decisions = desk.commands(return_to_rotation(A), 1)
    assert withdrawn(decisions) == ["inbound/3/2"]
    assert sorted(records(desk.answers(Verdict.CHOSEN, B, offset=2))) == [
        (LIVE, B, Reason.BULK),
        (THREAD, B, Reason.BULK),
    ]


def test_r3_5_a_manager_overtakes_the_handover() -> None:
    for conversation in (THREAD, COMMENT):
        desk = make_desk_with(A, conversation)
        desk.commands(return_to_rotation(A, conversation), 0)
        manual = desk.commands(assign(C, conversation), 1)
        assert withdrawn(manual) == [HANDOVER]
        assert records(desk.answers(Verdict.CHOSEN, B, offset=1)) == []
        assert desk.state.conversations[conversation].agent_id == C


def test_i12_done_overtakes_the_handover() -> None:
    for conversation in (THREAD, COMMENT):
        desk = make_desk_with(A, conversation)
        desk.commands(return_to_rotation(A, conversation), 0)
        assert withdrawn(desk.commands(mark_done(conversation, seen=0), 1)) == [HANDOVER]
        assert records(desk.answers(Verdict.CHOSEN, B, offset=1)) == []


def test_r3_1_a_customer_whom_a_handover_left_with_nobody_asks_anew() -> None:
    """What a command caused comes after what its inbound record did, and before the next one."""
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    desk.answers(Verdict.NOBODY)
    assert requests(desk.writes(1)) == [("inbound/3/1", Purpose.FIRST)]
    assert records(desk.answers(Verdict.CHOSEN, B, offset=1)) == [(THREAD, B, Reason.ROTATION)]


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_r9_2_a_redelivered_return_asks_the_same_again(
    conversation: ConversationId,
) -> None:
    desk = make_desk_with(A, conversation)
    first = desk.commands(return_to_rotation(A, conversation))
    desk.crash()
    again = desk.commands(return_to_rotation(A, conversation))
    assert records(again) == []
    assert [each for each in again if isinstance(each, ChoiceRequested)] == [
        each for each in first if isinstance(each, ChoiceRequested)
    ]
    assert find_result(again) == find_result(first)


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_r9_2_a_return_that_was_answered_asks_nothing_again(conversation: ConversationId) -> None:
    desk = make_desk_with(A, conversation)
    desk.commands(return_to_rotation(A, conversation))
    desk.answers(Verdict.CHOSEN, B, offset=1)
    desk.crash()
    again = desk.commands(return_to_rotation(A, conversation))
    assert (records(again), requests(again)) == ([], [])
    assert (find_result(again).outcome, find_result(again).agent_id) == (Outcome.APPLIED, B)


def test_r9_2_a_lost_customers_record_is_made_again_from_the_waiting_row() -> None:
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    desk.crash(saved=1)
    assert requests(desk.commands(return_to_rotation(A))) == [(HANDOVER, Purpose.HANDOVER)]
    assert records(desk.answers(Verdict.CHOSEN, B)) == [(THREAD, B, Reason.BULK)]


def test_r9_2_a_thread_that_joined_is_joined_again() -> None:
    desk = _both_of(A)
    for offset, each in enumerate([THREAD, LIVE]):
        desk.commands(return_to_rotation(A, each), offset)
    desk.crash(saved=1)
    assert requests(desk.commands(return_to_rotation(A, LIVE), 1)) == []
    assert len(records(desk.answers(Verdict.CHOSEN, B, offset=1))) == 2


def test_r9_2_nothing_is_left_waiting_when_somebody_wrote_before_the_return_came_again() -> None:
    """The customer's record was lost, and a message in another thread asked meanwhile."""
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    desk.crash(saved=1)
    assert requests(desk.writes(1, LIVE)) == [("inbound/3/1", Purpose.FIRST)]
    again = desk.commands(return_to_rotation(A))
    assert withdrawn(again) == ["inbound/3/1"]
    assert requests(again) == [("commands/3/0@1", Purpose.HANDOVER)]
    assert sorted(records(desk.answers(Verdict.CHOSEN, B))) == [
        (LIVE, B, Reason.BULK),
        (THREAD, B, Reason.BULK),
    ]


def test_r9_2_nothing_is_left_waiting_when_that_was_answered_before_the_return_came_again() -> None:
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    desk.crash(saved=1)
    desk.writes(1, LIVE)
    desk.answers(Verdict.CHOSEN, B, offset=1)
    again = desk.commands(return_to_rotation(A))
    assert (records(again), requests(again)) == ([(THREAD, B, Reason.BULK)], [])
    assert (find_result(again).version, find_result(again).agent_id) == (3, B)


def test_r5_3_a_withdrawal_that_a_crash_lost_comes_with_the_return_again() -> None:
    desk = make_desk_with(A)
    desk.writes(1, auto_reassign=True, online="b")
    desk.commands(return_to_rotation(A))
    desk.crash()
    assert withdrawn(desk.commands(return_to_rotation(A))) == ["inbound/3/1"]


def test_r3_4_a_removed_agents_conversations_stay_until_they_are_handed_over() -> None:
    desk = make_desk_with(A)
    assert desk.state.conversations[THREAD].agent_id == A
    desk.commands(return_to_rotation(A), **LEFT)
    desk.answers(Verdict.CHOSEN, B)
    assert desk.state.conversations[THREAD].agent_id == B


def test_r9_2_a_redelivered_return_withdraws_nothing_of_another_customer() -> None:
    """All before the request of the command came to an end, and that is no request's name."""
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A))
    desk.crash()
    assert withdrawn(desk.commands(return_to_rotation(A))) == []


def test_r3_6_what_was_settled_before_a_handover_is_not_open_when_only_its_record_is_left() -> None:
    """Compaction took the record by which a manager overtook the first handover."""
    desk = make_desk_with(A)
    desk.commands(return_to_rotation(A), 0)
    desk.commands(assign(B), 1)
    lost = desk.commands(return_to_rotation(B), 2)
    assert requests(lost) == [("commands/3/2@0", Purpose.HANDOVER)]
    desk.assignments = desk.assignments[-1:]
    desk.crash(saved=1)
    assert desk.state.customer(CUSTOMER).open_request is None
    assert requests(desk.commands(return_to_rotation(B), 2)) == requests(lost)


def test_r6_5_two_who_leave_get_no_thread_of_their_common_customer_back() -> None:
    """The second one's request takes the place of the first one's, and leaves out both."""
    desk = make_desk_with(A)
    desk.writes(1, LIVE)
    desk.commands(assign(B, LIVE), 0)
    desk.commands(return_to_rotation(B, LIVE), 1)
    desk.answers(Verdict.QUEUED)
    second = desk.commands(return_to_rotation(A), 2)
    (asked,) = [each for each in second if isinstance(each, ChoiceRequested)]
    assert (set(asked.leavers), asked.keeps_place) == ({A, B}, True)
    assert desk.answers(Verdict.CHOSEN, A, drained=True, to=-2, offset=1) == []
    desk.crash(saved=0)
    (again,) = [
        each
        for each in desk.commands(return_to_rotation(A), 2)
        if isinstance(each, ChoiceRequested)
    ]
    assert again == asked
    given = desk.answers(Verdict.CHOSEN, C, drained=True, offset=2)
    assert {(each[0], each[1]) for each in records(given)} == {(THREAD, C), (LIVE, C)}


def test_r6_5_what_was_done_and_goes_back_to_rotation_waits_all_the_same() -> None:
    desk = make_desk_with(A)
    desk.commands(mark_done(seen=0), 0)
    desk.commands(return_to_rotation(A), 1)
    assert records(desk.answers(Verdict.QUEUED)) == []
    given = desk.answers(Verdict.CHOSEN, B, drained=True, offset=1)
    assert records(given) == [(THREAD, B, Reason.QUEUE_DRAINED)]
