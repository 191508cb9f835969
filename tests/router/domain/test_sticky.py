"""R3: messages and livestream comments follow the customer's assignee."""

from typing import Any

import pytest

from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    THREAD,
    A,
    B,
    answer,
    arrival,
    assign,
    at,
    request,
)
from router.domain.outcomes import fold, records, requests
from support.organizations import agent, shop
from tuyen_events.assignments import InputOffsets
from tuyen_events.ids import AgentId
from tuyen_events.routing import Purpose, Verdict
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_state import CustomerState, apply_customer
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.rotating import on_root_comment
from tuyen_router.domain.sticky import on_sticky_event


def _comes(state: CustomerState, offset: int, *args: Any, **given: Any) -> list[Decision]:
    """An event is handled in a shop; `given` is the shop's."""
    return fold(state, on_sticky_event(state, shop(**given), arrival(offset, *args)))


def _of(owner: AgentId, conversation: Any = THREAD) -> CustomerState:
    """A customer whose conversation was given to somebody for the event at offset 0."""
    state = CustomerState(3)
    _comes(state, 0, conversation)
    chosen = answer(request(0, conversation), Verdict.CHOSEN, owner)
    fold(state, on_answer(state, chosen, at("answers", 0)))
    return state


def test_r3_1_a_customer_without_an_assignee_asks() -> None:
    decisions = _comes(CustomerState(3), 5)
    assert requests(decisions) == [("inbound/3/5", Purpose.FIRST)]
    assert records(decisions) == []


@pytest.mark.parametrize(
    "given", [{"assignment": False}, {"auto_assign": False}, {"suspended": True}]
)
def test_r3_1_nobody_is_asked_for_while_rules_do_not_assign(given: dict[str, Any]) -> None:
    state = CustomerState(3)
    assert requests(_comes(state, 5, **given)) == []
    assert state.customer(CUSTOMER).open_request is None


@pytest.mark.parametrize("online", ["a", ""])
def test_r3_2_the_same_assignee_although_logged_out_since(online: str) -> None:
    assert requests(_comes(_of(A), 1, online=online)) == []


def test_r3_2_another_thread_of_the_customer_goes_to_the_same_assignee() -> None:
    assert records(_comes(_of(A, LIVE), 1, THREAD)) == [(THREAD, A, Reason.ROTATION)]


@pytest.mark.parametrize(
    ("given", "purpose"),
    [
        ({"online": "b"}, Purpose.OFFLINE),
        ({"online": "ab"}, None),
        ({"online": "b", "away": "a"}, None),
    ],
)
def test_r3_3_offline_assignee_is_replaced_at_the_next_message(
    given: dict[str, Any], purpose: Purpose | None
) -> None:
    asked = requests(_comes(_of(A), 1, auto_reassign=True, **given))
    assert asked == ([] if purpose is None else [("inbound/3/1", purpose)])


@pytest.mark.parametrize(
    "given",
    [
        {"agents": [agent("a", disabled=True), agent("b")]},
        {"agents": [agent("b")]},
        {"page_permissions": True},
    ],
)
def test_r3_4_an_assignee_who_is_no_longer_allowed_is_replaced(given: dict[str, Any]) -> None:
    assert requests(_comes(_of(A), 1, **given)) == [("inbound/3/1", Purpose.STICKY_LOST)]


def test_r3_4_one_who_is_allowed_again_by_then_stays() -> None:
    state = _of(A)
    gone, back = agent("a", disabled=True), agent("a")
    assert shop(agents=[gone]).directory.active_agent(A) is None
    assert requests(_comes(state, 1, agents=[back, agent("b")])) == []


def test_r3_5_a_manual_assignment_is_sticky() -> None:
    state = _of(A)
    fold(state, on_assign(state, shop(), assign(B), at("commands", 0), repeated=False))
    assert records(_comes(state, 1, LIVE)) == [(LIVE, B, Reason.MANUAL)]


def test_r3_6_events_that_arrive_together_ask_once_and_get_one_assignee() -> None:
    state = CustomerState(3)
    asked = [requests(_comes(state, each, LIVE if each else THREAD)) for each in range(3)]
    assert asked == [[("inbound/3/0", Purpose.FIRST)], [], []]
    chosen = fold(state, on_answer(state, answer(request(0), Verdict.CHOSEN, B), at("answers", 0)))
    assert records(chosen) == [(THREAD, B, Reason.ROTATION), (LIVE, B, Reason.ROTATION)]


def test_r3_6_a_second_thread_of_a_waiting_customer_waits_too_and_once() -> None:
    state = CustomerState(3)
    _comes(state, 0)
    fold(state, on_answer(state, answer(request(0), Verdict.QUEUED), at("answers", 0)))
    assert records(_comes(state, 1, LIVE)) == [(LIVE, None, Reason.QUEUED)]
    assert records(_comes(state, 2, LIVE)) == []
    assert records(_comes(state, 3, THREAD)) == []


def test_r3_6_a_wait_that_was_recorded_before_a_crash_is_not_recorded_again() -> None:
    """The assignment reached the log, the customer's own record did not."""
    state = CustomerState(3)
    _comes(state, 0)
    fold(state, on_answer(state, answer(request(0), Verdict.QUEUED), at("answers", 0)))
    before = state.customer(CUSTOMER).record()
    _comes(state, 1, LIVE)
    apply_customer(state, CUSTOMER, before)
    assert records(_comes(state, 1, LIVE)) == []


def test_r4_4_a_comments_assignee_has_no_effect_on_stickiness() -> None:
    state = CustomerState(3)
    fold(state, on_root_comment(state, shop(), arrival(0, COMMENT)))
    chosen = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    fold(state, on_answer(state, chosen, at("answers", 0)))
    assert state.customer(CUSTOMER).agent_id is None
    assert requests(_comes(state, 1)) == [("inbound/3/1", Purpose.FIRST)]


def test_r9_2_a_webhook_delivered_twice_changes_nothing() -> None:
    state = _of(A)
    assert _comes(state, 1, THREAD, "0", auto_reassign=True, online="b") == []


def test_r9_2_a_replay_asks_the_same_again_whatever_the_settings_are_by_now() -> None:
    state = CustomerState(3)
    asked = requests(_comes(state, 0))
    assert requests(_comes(state, 0, assignment=False)) == asked


def test_r9_2_a_replay_asks_for_nothing_new() -> None:
    state = _of(A)
    assert _comes(state, 0, auto_reassign=True, online="b") == []


def test_r9_2_a_replay_that_the_ring_has_forgotten_asks_the_same_again() -> None:
    """Seventeen events of one customer under way, and a crash before the request was sent."""
    state = CustomerState(3)
    asked = requests(_comes(state, 0))
    for offset in range(1, 18):
        _comes(state, offset)
    assert requests(_comes(state, 0)) == asked


def test_r3_5_what_a_manager_settled_is_not_asked_again_after_a_crash() -> None:
    """The assignment of another thread settled the request; the customer's record was lost."""
    state = _of(A)
    before = state.customer(CUSTOMER).record()
    _comes(state, 1, agents=[agent("b")])
    manual = assign(B, LIVE)
    fold(state, on_assign(state, shop(), manual, at("commands", 0), repeated=False))
    apply_customer(state, CUSTOMER, before)
    assert requests(_comes(state, 1, auto_reassign=True, online="a")) == []


def test_r9_2_what_was_recorded_before_a_crash_is_not_decided_again() -> None:
    """The assignment of the thread reached the log, the customer's own record did not."""
    state = _of(A)
    state.handled = InputOffsets(inbound=1)
    _comes(state, 1, LIVE)
    state.customer(CUSTOMER).seen = b""
    again = _comes(state, 1, LIVE, auto_reassign=True, online="b")
    assert (records(again), requests(again)) == ([], [])
