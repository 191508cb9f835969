"""R1.7 and R2.3 where stage 2 chooses: capacity, and the fewest open conversations."""

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec
from hypothesis import given as drawn_from
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from router.domain.dispatch import ask, drain_all, drain_steps, fold_steps
from router.domain.inputs import A, B, C, request
from support.organizations import AT, SHOP, rule, shop
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import LoadsReported, Verdict
from tuyen_events.vocabulary import Strategy
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    DispatchStep,
    RequestAnswered,
)
from tuyen_router.domain.loads import LoadReleased, LoadReserved
from tuyen_router.domain.queue import (
    on_loads,
    on_request,
)


def _make_bounded(most: int, names: str = "ab", **fields: Any) -> Any:
    members = tuple(Member(agent_id=AgentId(each), capacity=most) for each in names)
    return msgspec.structs.replace(rule(**fields), members=members)


def _tell(state: DispatchState, sequence: int, loads: dict[AgentId, int], *settled: str) -> Any:
    report = LoadsReported(
        organization=SHOP, partition=3, sequence=sequence, loads=loads, settled=settled
    )
    return fold_steps(state, on_loads(state, report))


def test_r1_7_a_member_at_capacity_is_skipped_and_the_rest_waits() -> None:
    state, organization = DispatchState(0), shop(rules=[_make_bounded(1)])
    said = [ask(state, organization, offset) for offset in range(3)]
    assert [each.agent_id for each in said] == [A, B, None]
    assert [each.choice.load for each in said] == [0, 0, None]
    assert [each.choice.full for each in said] == [(), (A,), (A, B)]
    assert said[2].verdict is Verdict.QUEUED


def test_r5_1_a_load_that_falls_lets_one_more_in_and_no_more() -> None:
    state, organization = DispatchState(0), shop(rules=[_make_bounded(1)])
    for offset in range(4):
        ask(state, organization, offset)
    _tell(state, 1, {A: 1, B: 1}, "inbound/3/0", "inbound/3/1")
    assert drain_all(state, organization) == []
    _tell(state, 2, {A: 0})
    assert drain_all(state, organization) == [("inbound/3/2", A)]


def test_r1_7_a_choice_that_came_to_nothing_counts_no_longer() -> None:
    state, organization = DispatchState(0), shop(rules=[_make_bounded(1, "a")])
    ask(state, organization, 0)
    ask(state, organization, 1)
    steps = _tell(state, 1, {}, "inbound/3/0")
    assert [each for each in steps if isinstance(each, LoadReleased)] == [
        LoadReleased(SHOP, "inbound/3/0")
    ]
    assert drain_all(state, organization) == [("inbound/3/1", A)]


def test_r1_7_capacity_counts_what_other_rules_gave() -> None:
    state = DispatchState(0)
    rules = [_make_bounded(1, "a", pages=("page",)), rule("z", "a")]
    assert ask(state, shop(rules=rules), 0, page_id=PageId("other")).agent_id == A
    assert ask(state, shop(rules=rules), 1).verdict is Verdict.QUEUED
    assert ask(state, shop(rules=rules), 2, page_id=PageId("other")).agent_id == A


def test_r1_7_where_no_rule_asks_for_loads_nothing_is_reserved() -> None:
    state = DispatchState(0)
    steps = fold_steps(state, on_request(state, shop(), AT, request(0)))
    assert not any(isinstance(each, LoadReserved) for each in steps)
    assert state.loads == {}


def test_r1_7_a_repeated_request_reserves_nothing_more() -> None:
    state, organization = DispatchState(0), shop(rules=[_make_bounded(2, "a")])
    for _ in range(2):
        ask(state, organization, 0)
    assert state.loads_of(SHOP) == {A: 1}


def test_r2_3_the_least_loaded_is_chosen_and_says_how_many_they_had() -> None:
    state, organization = DispatchState(0), shop(rules=[rule(mode=Strategy.LEAST_LOADED)])
    _tell(state, 1, {A: 2, B: 1, C: 1})
    said = [ask(state, organization, offset) for offset in range(4)]
    assert [each.agent_id for each in said] == [B, C, A, B]
    assert [each.choice.load for each in said] == [1, 1, 2, 2]
    assert [each.choice.after for each in said] == [None, B, C, A]
    assert {each.mode for each in said} == {Strategy.LEAST_LOADED}


@hypothesis_settings(derandomize=True, max_examples=100, deadline=None)
@drawn_from(seed=st.integers(), most=st.integers(0, 3))
def test_r1_7_nobody_ever_has_more_than_they_may_and_nobody_waits_for_whom_is_free(
    seed: int, most: int
) -> None:
    """Stage 1 handles answers, closes conversations and reports both at random moments."""
    random = Random(seed)  # noqa: S311  # chosen by hypothesis
    state, organization = (
        DispatchState(0),
        shop(rules=[_make_bounded(most, mode=Strategy.LEAST_LOADED)]),
    )
    open_now, untaken, settled = Counter[AgentId](), list[Any](), list[str]()
    for number in range(60):
        match random.choice(["ask", "ask", "take", "close", "tell"]):
            case "ask":
                steps = fold_steps(state, on_request(state, organization, AT, request(number)))
                untaken += _list_taken(steps)
            case "take" if untaken:
                name, chosen = untaken.pop(0)
                open_now[chosen] += 1
                settled.append(name)
            case "close" if +open_now:
                open_now[random.choice(list(+open_now))] -= 1
            case "tell":
                _tell(state, number, dict(open_now), *settled)
                settled = []
                untaken += _list_taken(fold_steps(state, drain_steps(state, organization)))
                told = state.loads_of(SHOP)
                assert not state.queues.get(SHOP) or told.get(A) == told.get(B) == (most or None)
            case _:
                pass
        under_way = Counter(chosen for _, chosen in untaken)
        assert all(load <= most for load in (open_now + under_way).values())


def _list_taken(steps: Iterable[DispatchStep]) -> list[tuple[str, AgentId]]:
    said = (each.answer.choice for each in steps if isinstance(each, RequestAnswered))
    return [(each.request_id, each.agent_id) for each in said if each.agent_id is not None]
