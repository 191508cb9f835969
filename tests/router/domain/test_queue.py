"""R5, and what stage 2 remembers."""

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from router.domain.dispatch import ask, drain_all, fold_steps
from router.domain.inputs import COMMENT, PAGE, A, B, C, at, request
from support.organizations import AT, SHOP, after, page, rule, shop
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.assignments import Choice
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.routing import ChoiceWithdrawn, Position, Purpose, Verdict
from tuyen_events.vocabulary import Strategy, WhenNobody
from tuyen_router.domain import dispatch_state
from tuyen_router.domain.dispatch_state import (
    AnswerRepeated,
    DispatchState,
    DispatchStep,
    PoolPublished,
    RequestAnswered,
)
from tuyen_router.domain.queue import (
    on_request,
    on_withdrawal,
    repeat_drained,
)
from tuyen_router.domain.queue_buckets import Comparisons

NOBODY = shop(online="")


def _withdraw(state: DispatchState, offset: int) -> None:
    withdrawal = ChoiceWithdrawn(
        request_id=f"inbound/3/{offset}", organization=SHOP, cause=at("commands", 0)
    )
    fold_steps(state, on_withdrawal(state, withdrawal))


def test_r2_1_requests_in_their_order_are_the_rotation() -> None:
    state = DispatchState(0)
    chosen = [ask(state, shop(), each).agent_id for each in range(5)]
    assert chosen == [A, B, C, A, B]


def test_r2_1_each_rule_has_its_own_rotation() -> None:
    rules = [rule("r"), rule("s", pages=("page-2",))]
    organization = shop(rules=rules, pages=[page(), page("page-2")])
    state = DispatchState(0)
    pages = [PAGE, PAGE, PageId("page-2"), PAGE]
    chosen = [ask(state, organization, n, page_id=p).agent_id for n, p in enumerate(pages)]
    assert chosen == [A, B, A, C]


@pytest.mark.parametrize("known", [shop(), NOBODY], ids=["chosen", "waiting"])
def test_r4_1_of_two_requests_for_a_root_comment_the_first_is_answered(
    known: OrganizationState,
) -> None:
    """It was told once with its author and once without: two customers, two partitions."""
    state = DispatchState(0)
    elsewhere = Position(topic="inbound", partition=5, offset=7)
    unnamed = {"request_id": "inbound/5/7", "cause": elsewhere}
    first = ask(state, known, 0, conversation=COMMENT)

    assert first is not None
    assert ask(state, known, 0, conversation=COMMENT, **unnamed) is None
    assert ask(state, known, 0, conversation=COMMENT) == first
    assert len(state.queues.get(SHOP, {})) == (first.verdict is Verdict.QUEUED)
    back = ask(state, shop(), 1, conversation=COMMENT, purpose=Purpose.HANDOVER)
    assert back.agent_id == (B if first.agent_id == A else A)


def test_r5_1_who_has_no_candidate_waits_and_says_so() -> None:
    state = DispatchState(0)
    assert ask(state, NOBODY, 0).verdict is Verdict.QUEUED
    assert list(state.queues[SHOP]) == ["inbound/3/0"]


def test_r5_1_the_oldest_is_taken_first_and_as_many_as_may_be() -> None:
    state = DispatchState(0)
    for offset in range(3):
        ask(state, NOBODY, offset)
    assert drain_all(state, shop(), 2) == [("inbound/3/0", A), ("inbound/3/1", B)]
    assert drain_all(state, shop()) == [("inbound/3/2", C)]
    assert drain_all(state, shop()) == []


def test_r5_1_first_come_first_served_for_its_own_pool() -> None:
    """An older one of a page for which there is nobody holds up none behind it."""
    state = DispatchState(0)
    ask(state, NOBODY, 0, page_id=PageId("page-2"))
    ask(state, NOBODY, 1)
    assert drain_all(state, shop(rules=[rule(pages=(PAGE,))])) == [("inbound/3/1", A)]


@pytest.mark.parametrize(
    "later",
    [
        shop(rules=[rule(enabled=False)]),
        shop(rules=[]),
        shop(assignment=False),
        shop(auto_assign=False),
        shop(suspended=True),
        after(shop(), Removed("rule", "r")),
    ],
)
def test_r5_1_the_queue_waits_while_nothing_may_be_assigned(
    later: OrganizationState,
) -> None:
    state = DispatchState(0)
    ask(state, NOBODY, 0)
    assert drain_all(state, later) == []
    assert drain_all(state, shop()) == [("inbound/3/0", A)]


def test_r5_1_a_page_that_moved_to_another_rule_waits_for_that_rules_pool() -> None:
    state = DispatchState(0)
    ask(state, NOBODY, 0)
    moved = shop(rules=[rule("r"), rule("s", "c", pages=(PAGE,))])
    assert drain_all(state, moved) == [("inbound/3/0", C)]


@pytest.mark.parametrize(
    ("purpose", "when_nobody", "verdict"),
    [
        (Purpose.FIRST, WhenNobody.QUEUE, Verdict.QUEUED),
        (Purpose.STICKY_LOST, WhenNobody.QUEUE, Verdict.QUEUED),
        (Purpose.OFFLINE, WhenNobody.QUEUE, Verdict.NOBODY),
        (Purpose.FIRST, WhenNobody.LEAVE_UNASSIGNED, Verdict.NOBODY),
        (Purpose.STICKY_LOST, WhenNobody.LEAVE_UNASSIGNED, Verdict.NOBODY),
    ],
)
def test_r5_2_r3_3_leave_unassigned_and_the_offline_assignee_stays(
    purpose: Purpose, when_nobody: WhenNobody, verdict: Verdict
) -> None:
    organization = shop(online="", when_nobody=when_nobody)
    state = DispatchState(0)
    assert ask(state, organization, 0, purpose=purpose).verdict is verdict
    assert bool(state.queues) is (verdict is Verdict.QUEUED)


def test_r5_3_what_was_withdrawn_is_not_drained_and_takes_no_turn() -> None:
    state = DispatchState(0)
    for offset in range(2):
        ask(state, NOBODY, offset)
    _withdraw(state, 0)
    _withdraw(state, 0)
    assert drain_all(state, shop()) == [("inbound/3/1", A)]


def test_r9_2_a_repeated_request_gets_the_same_answer_and_moves_no_cursor() -> None:
    state = DispatchState(0)
    first = ask(state, shop(), 0)
    assert ask(state, shop(online="c"), 0) == first
    assert ask(state, shop(), 1).agent_id == B


def test_r9_2_a_repeated_request_that_was_drained_gets_its_last_answer() -> None:
    state = DispatchState(0)
    ask(state, NOBODY, 0)
    drain_all(state, shop())
    assert ask(state, NOBODY, 0).verdict is Verdict.CHOSEN
    assert not state.queues[SHOP]


def test_r9_2_drained_answers_are_sent_again_oldest_first() -> None:
    state = DispatchState(0)
    ask(state, shop(), 9)
    for offset in range(10, 12):
        ask(state, NOBODY, offset)
    drain_all(state, shop())
    again = [each.answer.choice.request_id for each in repeat_drained(state)]
    assert again == ["inbound/3/10", "inbound/3/11"]


def test_r9_2_what_the_slots_have_forgotten_is_not_answered_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_state, "REMEMBERED_ANSWERS", 4)
    state = DispatchState(0)
    for offset in range(6):
        ask(state, shop(), offset)
    assert [ask(state, shop(), each) is None for each in range(6)] == [True] * 2 + [False] * 4
    assert len(state.places) == len(state.answers) == 4
    assert state.place == 6


def test_r9_2_a_drained_request_is_forgotten_with_its_last_answer_not_its_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_state, "REMEMBERED_ANSWERS", 4)
    state = DispatchState(0)
    ask(state, NOBODY, 0)
    drain_all(state, shop())
    for offset in range(1, 4):
        ask(state, shop(), offset)
    assert ask(state, shop(), 0).verdict is Verdict.CHOSEN


@pytest.mark.parametrize("given", [{"assignment": False}, {"auto_assign": False}])
def test_r5_settings_that_went_off_meanwhile_answer_off(given: dict[str, Any]) -> None:
    said = ask(DispatchState(0), shop(**given), 0)
    assert (said.verdict, said.agent_id) == (Verdict.OFF, None)


def test_r9_4_an_answer_says_rule_mode_settings_and_how_it_came_about() -> None:
    state, organization = DispatchState(0), shop(online="ac", version=4)
    (first, second) = (ask(state, organization, each) for each in range(2))
    (pool,) = state.pool_cache.pools_of(organization).by_event.values()
    assert (second.rule_id, second.mode, second.settings_version) == ("r", "sequential", 4)
    assert first.choice == Choice(pool_id=pool.id, rule_version=1)
    assert second.choice == Choice(pool_id=pool.id, rule_version=1, after=A)


def test_r9_4_a_wait_says_why_and_so_does_a_page_without_a_rule() -> None:
    state, nobody = DispatchState(0), shop(online="")
    waits = ask(state, nobody, 0)
    (pool,) = state.pool_cache.pools_of(nobody).by_event.values()
    assert waits.choice == Choice(pool_id=pool.id, rule_version=1)
    assert ask(DispatchState(0), shop(rules=[]), 0).choice == Choice()
    assert ask(DispatchState(0), shop(auto_assign=False), 0).choice is None


def test_r9_4_a_random_choice_goes_on_after_nobody() -> None:
    state = DispatchState(0)
    ask(state, shop(), 0)
    assert ask(state, shop(rules=[rule(mode=Strategy.RANDOM)]), 1).choice.after is None


def _list_published_pools(steps: Iterable[DispatchStep]) -> list[str]:
    return [each.pool.id for each in steps if isinstance(each, PoolPublished)]


def test_r9_4_a_pool_is_published_before_the_first_answer_that_names_it_and_once() -> None:
    state, organization = DispatchState(0), shop()
    first = fold_steps(state, on_request(state, organization, AT, request(0)))
    told, answered = (
        [number for number, each in enumerate(first) if isinstance(each, kind)]
        for kind in (PoolPublished, RequestAnswered)
    )
    assert len(told) == 1
    assert told < answered
    assert _list_published_pools(fold_steps(state, on_request(state, shop(), AT, request(1)))) == []
    changed = fold_steps(state, on_request(state, shop(online="a"), AT, request(2)))
    assert len(_list_published_pools(changed)) == 1


def test_r9_4_which_pools_were_published_is_remembered_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_state, "REMEMBERED_POOLS", 2)
    state = DispatchState(0)
    told = [
        len(
            _list_published_pools(
                fold_steps(state, on_request(state, shop(online=who), AT, request(n)))
            )
        )
        for n, who in enumerate(["a", "b", "a", "c", "a"])
    ]
    assert told == [1, 1, 0, 1, 1]
    assert len(state.published_pools) == 2


def test_r5_organizations_of_one_partition_keep_to_themselves() -> None:
    state = DispatchState(0)
    other = OrganizationId("other")
    ask(state, NOBODY, 0)
    assert ask(state, shop(), 1, organization=other).agent_id == A
    assert drain_all(state, shop()) == [("inbound/3/0", A)]


def test_r5_1_a_new_request_takes_its_place_after_those_that_are_being_assigned() -> None:
    state, nobody, somebody = DispatchState(0), shop(online=""), shop(online="a")
    for offset in range(3):
        ask(state, nobody, offset)
    assert drain_all(state, somebody, most=2) == [("inbound/3/0", A), ("inbound/3/1", A)]
    steps = fold_steps(state, on_request(state, somebody, AT, request(3), draining=Comparisons(10)))
    assert [each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)] == [
        Verdict.QUEUED
    ]
    assert drain_all(state, somebody) == [("inbound/3/2", A), ("inbound/3/3", A)]


def test_r3_3_a_replacement_never_waits_for_others() -> None:
    state, somebody = DispatchState(0), shop(online="a")
    asked = request(0, purpose=Purpose.OFFLINE)
    steps = fold_steps(state, on_request(state, somebody, AT, asked, draining=Comparisons(10)))
    assert [each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)] == [
        Verdict.CHOSEN
    ]


def test_r9_4_a_choice_is_made_when_it_is_made_and_says_so_again() -> None:
    """An event can wait for a router that was not there, and the agents came later."""
    state, later = DispatchState(0), AT + timedelta(hours=1)
    (first,) = _answers(fold_steps(state, on_request(state, shop(), later, request(0))))
    again = later + timedelta(hours=1)
    (repeated,) = _answers(fold_steps(state, on_request(state, shop(), again, request(0))))
    assert (first.at, repeated) == (later, first)


def test_r9_4_no_choice_is_older_than_its_cause() -> None:
    slow = AT - timedelta(seconds=1)
    state = DispatchState(0)
    (made,) = _answers(fold_steps(state, on_request(state, shop(), slow, request(0))))
    assert made.at == AT


def _answers(steps: Iterable[DispatchStep]) -> list[Any]:
    return [
        each.answer.choice for each in steps if isinstance(each, RequestAnswered | AnswerRepeated)
    ]


@pytest.mark.parametrize("when_nobody", list(WhenNobody))
def test_r4_1_who_asks_ahead_of_what_is_known_here_waits_until_it_is(
    when_nobody: WhenNobody,
) -> None:
    """Rules are switched on: stage 1's worker has read of it, stage 2's has not."""
    state = DispatchState(0)
    off = dataclasses.replace(shop(auto_assign=False, when_nobody=when_nobody), directory_offset=6)
    said = ask(state, off, 0, conversation=COMMENT, directory=7)
    assert said.verdict is Verdict.QUEUED
    assert drain_all(state, off) == []
    assert drain_all(state, dataclasses.replace(shop(), directory_offset=7)) == [("inbound/3/0", A)]


@pytest.mark.parametrize(("known", "purpose"), [(7, Purpose.FIRST), (6, Purpose.OFFLINE)])
def test_r4_1_while_rules_are_off_for_both_nobody_waits(known: int, purpose: Purpose) -> None:
    off = dataclasses.replace(shop(auto_assign=False), directory_offset=known)
    said = ask(DispatchState(0), off, 0, conversation=COMMENT, directory=7, purpose=purpose)
    assert said.verdict is Verdict.OFF
