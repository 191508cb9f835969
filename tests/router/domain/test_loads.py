"""How many open conversations agents have: what stage 1 told, and what is on its way to it."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.inputs import A, B
from support.organizations import SHOP
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.routing import LoadsReported
from tuyen_router.domain.loads import (
    LoadReserved,
    Loads,
    apply_load_step,
    has_fallen,
    loads_before,
    on_load_report,
)


def _report(sequence: int, loads: dict[str, int], **fields: Any) -> LoadsReported:
    by_agent = {AgentId(agent): load for agent, load in loads.items()}
    chosen: dict[str, Any] = {"partition": 3, **fields}
    return LoadsReported(organization=SHOP, sequence=sequence, loads=by_agent, **chosen)


def _after(*reports: LoadsReported, reserved: tuple[LoadReserved, ...] = ()) -> dict[AgentId, int]:
    loads: dict[OrganizationId, Loads] = {}
    for each in reserved:
        apply_load_step(loads, each)
    for report in reports:
        for step in on_load_report(loads, report):
            apply_load_step(loads, step)
    return loads[SHOP].totals


RESERVED = (LoadReserved(SHOP, "q1", A), LoadReserved(SHOP, "q2", A), LoadReserved(SHOP, "q3", B))


@pytest.mark.parametrize(
    ("reports", "totals"),
    [
        ([_report(1, {"a": 2})], {"a": 2}),
        ([_report(1, {"a": 2, "b": 1}), _report(2, {"a": 3})], {"a": 3, "b": 1}),
        ([_report(1, {"a": 2}), _report(2, {"a": 0})], {}),
        ([_report(1, {"a": 2, "b": 1}), _report(2, {"a": 3}, complete=True)], {"a": 3}),
        ([_report(1, {"a": 2}), _report(1, {"a": 1}, partition=7)], {"a": 3}),
        ([_report(2, {"a": 2}), _report(1, {"a": 9})], {"a": 2}),
        ([_report(2, {"a": 2}), _report(1, {}, complete=True)], {"a": 2}),
        ([_report(2, {"a": 2}), _report(2, {"b": 1})], {"a": 2, "b": 1}),
    ],
)
def test_r1_7_the_latest_report_of_each_partition_counts(
    reports: list[LoadsReported], totals: dict[str, int]
) -> None:
    assert _after(*reports) == totals


def test_r1_7_what_was_chosen_counts_until_stage_1_has_it() -> None:
    assert _after(reserved=RESERVED) == {"a": 2, "b": 1}
    assert _after(_report(1, {"a": 1}, settled=("q1",)), reserved=RESERVED) == {"a": 2, "b": 1}
    assert _after(_report(1, {}, settled=("q1", "q3")), reserved=RESERVED) == {"a": 1}


def test_r1_7_an_old_report_settles_what_it_names() -> None:
    late = _report(1, {"a": 9}, settled=("q3", "unknown"))
    assert _after(_report(2, {"a": 1}), late, reserved=RESERVED) == {"a": 3}


def test_r9_2_a_report_and_a_reservation_that_come_again_change_nothing() -> None:
    report = _report(1, {"a": 1}, settled=("q1",))
    assert _after(report, report, reserved=(*RESERVED, *RESERVED)) == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("before", "after", "somebody_has_room"),
    [
        ({}, {}, False),
        ({}, {"a": 1}, False),
        ({"a": 1}, {"a": 1}, False),
        ({"a": 2, "b": 1}, {"a": 1, "b": 5}, True),
        ({"a": 1}, {}, True),
    ],
)
def test_r5_1_a_load_that_falls_frees_somebody(
    before: dict[Any, int], after: dict[Any, int], somebody_has_room: bool
) -> None:
    assert has_fallen(before, after) is somebody_has_room


@pytest.mark.parametrize(
    ("report", "agents"),
    [
        (_report(2, {"c": 1}), {"c": 0}),
        (_report(2, {"a": 0}), {"a": 4}),
        (_report(2, {}, settled=("q3", "unknown")), {"b": 2}),
        (_report(2, {"c": 1}, complete=True), {"a": 4, "b": 2, "c": 0}),
        (_report(2, {"c": 1}, complete=True, partition=7), {"c": 0}),
    ],
)
def test_r9_5_of_a_report_only_the_agents_it_is_about_are_compared(
    report: LoadsReported, agents: dict[str, int]
) -> None:
    loads: dict[OrganizationId, Loads] = {}
    assert loads_before(loads, report) == {}
    for reserved in RESERVED:
        apply_load_step(loads, reserved)
    for step in on_load_report(loads, _report(1, {"a": 2, "b": 1, "z": 0})):
        apply_load_step(loads, step)
    assert loads_before(loads, report) == agents


@settings(derandomize=True, max_examples=100, deadline=None)
@given(seed=st.integers())
def test_r1_7_every_conversation_is_in_the_counts_or_reserved_and_never_in_both(seed: int) -> None:
    """Two partitions of stage 1 handle answers, and report them, at random moments."""
    random = Random(seed)  # noqa: S311  # chosen by hypothesis
    loads: dict[OrganizationId, Loads] = {SHOP: Loads()}
    chosen, sequence = Counter[str](), Counter[int]()
    counted: dict[int, Counter[str]] = {0: Counter(), 1: Counter()}
    under_way: list[tuple[int, str, AgentId]] = []
    settled: dict[int, list[str]] = {0: [], 1: []}
    for number in range(80):
        partition, what = random.choice([0, 1]), random.choice(["choose", "take", "tell"])
        if what == "choose":
            agent = AgentId(random.choice("ab"))
            under_way.append((partition, f"q{number}", agent))
            apply_load_step(loads, LoadReserved(SHOP, f"q{number}", agent))
            chosen[agent] += 1
        elif what == "take" and under_way:
            partition, request, agent = under_way.pop(0)
            counted[partition][agent] += 1
            settled[partition].append(request)
        elif what == "tell":
            sequence[partition] += 1
            told = _report(
                sequence[partition],
                dict(counted[partition]),
                partition=partition,
                complete=random.random() < 0.5,
                settled=tuple(settled[partition]),
            )
            settled[partition] = []
            for step in on_load_report(loads, told):
                apply_load_step(loads, step)
        assert loads[SHOP].totals == dict(chosen)
