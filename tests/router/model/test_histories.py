"""Histories of chance against the model (R1 to R5), and against what must always hold.

A history that fails is named by its seed; `seed` in the test's body is all that it depends on.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from router.model import laws
from router.model.histories import REPLIES, WEIGHTS, begin, happen
from router.model.history import History
from router.model.world import ON_PAGES, PARTITIONS, PEOPLE, organization_of
from support.organizations import SHOP
from tuyen_events.commands import CommandSettled
from tuyen_events.ids import ConversationId
from tuyen_events.topic import Topic
from tuyen_events.topics import ANSWERS, ASSIGNMENTS, CHOICES, COMMAND_RESULTS, CUSTOMERS, REQUESTS
from tuyen_router.domain import archiving, dispatch_state, threads
from tuyen_router.domain.archive import ENTRY_BYTES
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages import organization_writer, snapshot_writer
from tuyen_router.stages.records import organization_partition

LENGTH = 60


def _choices(dispatch_state: DispatchState) -> list[tuple[str, str]]:
    answers = sorted(dispatch_state.answers.values(), key=lambda each: each.place)
    return [
        (str(each.choice.rule_id), str(each.choice.agent_id))
        for each in answers
        if each.choice.agent_id is not None
    ]


def _equals_the_model(history: History) -> None:
    assert history.model is not None
    rows = laws.rows(history)
    for name, expected in history.model.conversations.items():
        row = rows.get(ConversationId(name))
        seen: tuple[str | None, str | None, int, bool] = (None, None, 0, False)
        if row is not None:
            seen = (row.agent_id, row.reason.value, row.version, row.waiting)
        assert seen == (expected.agent, expected.reason, expected.version, expected.waiting), (
            name,
            history.log,
        )
    settled = {
        each.command_id: each.outcome.value
        for each in history.simulation.topics.events(COMMAND_RESULTS.name)
        if isinstance(each, CommandSettled)
    }
    assert settled == history.outcomes, history.log
    dispatch_state = history.simulation.dispatch_states[organization_partition(SHOP)]
    assert _choices(dispatch_state) == history.model.choices, history.log


@pytest.mark.parametrize("block", range(4))
def test_r1_to_r6_everything_at_once_is_what_the_model_says(block: int, histories: int) -> None:
    """Assignee, reason and version of each conversation, and the order of all choices."""
    for seed in range(block * 50 * histories, (block + 1) * 50 * histories):
        history = begin(seed, with_model=True)
        for _ in range(LENGTH):
            happen(history, WEIGHTS if seed % 4 else REPLIES)
            history.simulation.settle(history.random)
            _equals_the_model(history)


@pytest.fixture
def _snapshots_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recoveries begin with a snapshot, not with the whole of `assignments`."""
    monkeypatch.setattr(snapshot_writer, "SAVED_FROM", 3)
    monkeypatch.setattr(snapshot_writer, "SAVED_AT_ONCE", 2)


def _go_on(history: History, crashes: float, slow: str | None = None) -> None:
    """Some steps in an order of chance; each may be a crash instead.

    The broker takes the records of the topic `slow` ten times slower than others.
    """
    random, simulation = history.random, history.simulation
    for _ in range(random.choice([0, 1, 2, 3, 6, 12, 60])):
        if random.random() < crashes:
            worker = random.choice(simulation.workers)
            history.log.append(f"crash of {worker.inputs[0]} {worker.partition}")
            simulation.restart(worker, compacted=random.random() < 0.5)
        elif steps := simulation.steps():
            step = random.choice(steps)
            lands_in = [each[0] for each in getattr(step, "args", ()) if isinstance(each, tuple)]
            if slow not in lands_in or random.random() < 0.1:
                step(random)


def _run(
    seed: int,
    weights: dict[str, int],
    crashes: float,
    slow: str | None = None,
    *,
    customers: Sequence[str] = tuple(PEOPLE),
) -> History:
    history = begin(seed, with_model=False)
    history.customers = list(customers)
    for _ in range(LENGTH):
        happen(history, weights)
        _go_on(history, crashes, slow)
    return history


def _hold(history: History, *more: Callable[[History], None]) -> None:
    history.simulation.settle(history.random)
    try:
        laws.hold(history)
        for law in more:
            law(history)
    except AssertionError as error:
        error.add_note("\n".join(history.log))
        raise


@pytest.mark.usefixtures("_snapshots_all_the_time")
@pytest.mark.parametrize("crashes", [0, 0.01, 0.1])
@pytest.mark.parametrize("block", range(3))
def test_r9_2_laws_hold_in_any_order_and_across_any_crash(
    block: int, crashes: float, histories: int
) -> None:
    for seed in range(block * 40 * histories, (block + 1) * 40 * histories):
        _hold(_run(seed, WEIGHTS, crashes))


@pytest.mark.usefixtures("_snapshots_all_the_time")
@pytest.mark.parametrize("crashes", [0, 0.02])
@pytest.mark.parametrize("block", range(2))
def test_r4_5_threads_of_replies_have_one_owner_in_any_order_and_across_any_crash(
    block: int, crashes: float, histories: int
) -> None:
    weights = {kind: weight for kind, weight in REPLIES.items() if kind != "settings"}
    for seed in range(block * 40 * histories, (block + 1) * 40 * histories):
        _hold(_run(seed, weights, crashes), laws.everybody_has_somebody)


@pytest.mark.usefixtures("_snapshots_all_the_time")
def test_r4_5_threads_have_one_owner_where_most_of_them_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, histories: int
) -> None:
    monkeypatch.setattr(threads, "BUCKETS", 2)
    monkeypatch.setattr(threads, "_BUCKET_BYTES", 2 * threads._ENTRY)
    for seed in range(40 * histories):
        _hold(_run(seed, REPLIES, 0.02))


@pytest.mark.usefixtures("_snapshots_all_the_time")
@pytest.mark.parametrize("block", range(2))
def test_r9_1_every_conversation_was_decided_on(block: int, histories: int) -> None:
    """While rules assign, nothing is left without an owner, a wait or `no_candidate`."""
    weights = {kind: weight for kind, weight in WEIGHTS.items() if kind != "settings"}
    for seed in range(block * 40 * histories, (block + 1) * 40 * histories):
        _hold(_run(seed, weights, 0.02), laws.everybody_has_somebody)


@pytest.mark.usefixtures("_snapshots_all_the_time")
@pytest.mark.parametrize("slow", [ASSIGNMENTS, CUSTOMERS, REQUESTS, CHOICES, ANSWERS])
def test_r9_1_no_state_is_ahead_of_what_it_builds_on_however_slow_a_topic_is(
    slow: Topic, histories: int
) -> None:
    weights = {**WEIGHTS, "presence": 40, "write": 80}
    del weights["settings"]
    for seed in range(40 * histories):
        _hold(_run(seed, weights, 0.02, slow.name), laws.everybody_has_somebody)


@pytest.mark.usefixtures("_snapshots_all_the_time")
def test_r9_2_a_crash_of_everything_at_any_moment_loses_nothing(histories: int) -> None:
    for seed in range(40 * histories):
        history = _run(seed, WEIGHTS, 0)
        for worker in history.simulation.workers:
            history.simulation.restart(worker)
        _hold(history)


@pytest.mark.usefixtures("_snapshots_all_the_time")
def test_r9_2_reading_everything_again_changes_nothing(histories: int) -> None:
    """A replay of all inputs from their first offset, onto the states that they came to."""
    weights = {kind: weight for kind, weight in WEIGHTS.items() if kind != "settings"}
    for seed in range(20 * histories):
        history = _run(seed, weights, 0)
        simulation = history.simulation
        simulation.settle(history.random)
        before = laws.rows(history)
        for worker in simulation.workers:
            worker.committed.clear()
            simulation.restart(worker)
        _hold(history)
        assert {name: row.agent_id for name, row in laws.rows(history).items()} == {
            name: row.agent_id for name, row in before.items()
        }, history.log


def test_r5_1_few_remembered_answers_are_enough_where_few_are_under_way(
    monkeypatch: pytest.MonkeyPatch, histories: int
) -> None:
    """The slots of remembered answers go round: what they forget has long been handled."""
    for module in (dispatch_state, organization_writer):
        monkeypatch.setattr(module, "REMEMBERED_ANSWERS", 8)
    for seed in range(40 * histories):
        history = begin(seed, with_model=False)
        for _ in range(LENGTH):
            happen(history, {**WEIGHTS, "crowd": 0})
            history.simulation.settle(history.random)
            if history.random.random() < 0.1:
                simulation = history.simulation
                worker = history.random.choice(simulation.workers)
                simulation.restart(worker, compacted=True)
        for worker in history.simulation.workers:
            assert worker.partition in {*PARTITIONS, organization_partition(SHOP)}
        history.simulation.settle(history.random)
        laws.versions_rise_by_one(history)
        laws.nothing_is_pending(history)
        laws.states_are_what_the_logs_say(history)


@pytest.mark.usefixtures("_snapshots_all_the_time")
def test_r9_6_what_came_to_rest_is_as_if_it_had_not(
    monkeypatch: pytest.MonkeyPatch, histories: int
) -> None:
    """Four hours pass between two events, so comments are at rest for most of a history; workers
    start again whenever all is quiet, as they would long before anything comes to rest."""
    monkeypatch.setattr(archiving, "MIN_UNARCHIVED", 0)
    rested = 0
    for seed in range(40 * histories):
        history = begin(seed, with_model=False)
        history.pace = timedelta(hours=4)
        for _ in range(LENGTH):
            happen(history, WEIGHTS)
            history.simulation.settle(history.random)
            if history.random.random() < 0.1:
                worker = history.random.choice(history.simulation.workers)
                history.simulation.restart(worker, compacted=history.random.random() < 0.5)
        _hold(history)
        for state in history.simulation.customers.values():
            rested += sum(map(len, state.archive.buckets.values()))
    assert rested > 50 * ENTRY_BYTES


@pytest.mark.usefixtures("_snapshots_all_the_time")
def test_inv4_r2_1_skew_is_at_most_one_while_the_candidates_stay(histories: int) -> None:
    """R2.1 over the whole machine: any run of n choices, whatever crashes."""
    weights = {"write": 60, "again": 5, "done": 6}
    for seed in range(30 * histories):
        history = _run(seed, weights, 0.05, customers=ON_PAGES)
        _hold(history, laws.everybody_has_somebody)
        chosen = [
            str(choice.agent_id)
            for _, (choice, _) in sorted(history.simulation.chosen.items())
            if choice.agent_id is not None
        ]
        assert chosen == (["an", "binh", "chi"] * len(chosen))[: len(chosen)]


def test_r9_2_the_same_seed_is_the_same_history() -> None:
    first, second = (_run(7, WEIGHTS, 0.02) for _ in range(2))
    assert first.log == second.log
    assert first.random.getstate() == second.random.getstate()
    assert organization_of(first.world) == organization_of(second.world)
