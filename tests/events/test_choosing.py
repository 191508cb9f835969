"""R2: which of the candidates is chosen."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuyen_directory.pools import Offer, Pool
from tuyen_events.choosing import Cursor, choose, choose_next, draw
from tuyen_events.ids import AgentId, OrganizationId, event_id
from tuyen_events.vocabulary import Strategy

LAWS = settings(derandomize=True, max_examples=100, deadline=None)
SEED = event_id("seed")


def _offer(order: str, candidates: str | None = None) -> Offer:
    allowed = order if candidates is None else candidates
    agents = tuple(AgentId(each) for each in order if each in allowed)
    return Pool(OrganizationId("shop"), None, tuple(map(AgentId, order)), agents).offer


def _cursor(last: str, order: str) -> Cursor:
    return Cursor(AgentId(last), tuple(map(AgentId, order)))


@pytest.mark.parametrize(
    ("order", "candidates", "cursor", "chosen"),
    [
        ("abc", "abc", None, "a"),
        ("abc", "bc", None, "b"),
        ("abc", "abc", ("a", "abc"), "b"),
        ("abc", "abc", ("c", "abc"), "a"),
        ("abc", "ac", ("a", "abc"), "c"),
        ("abc", "a", ("a", "abc"), "a"),
    ],
)
def test_r2_1_in_pool_order_after_the_last_wrapping_round(
    order: str, candidates: str, cursor: tuple[str, str] | None, chosen: str
) -> None:
    before = None if cursor is None else _cursor(*cursor)
    assert choose(Strategy.SEQUENTIAL, _offer(order, candidates), before, SEED, {}) == (
        chosen,
        _cursor(chosen, order),
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_r2_every_strategy_chooses_among_those_on_offer(strategy: Strategy) -> None:
    for seed in range(20):
        agent, _ = choose(strategy, _offer("abcd", "bd"), None, event_id(str(seed)), {})
        assert agent in ("b", "d")


@pytest.mark.parametrize(
    ("before", "last", "after", "chosen"),
    [
        ("abc", "a", "axbc", "x"),
        ("abc", "b", "xabc", "c"),
        ("abc", "c", "abcx", "x"),
        ("abc", "b", "cba", "a"),
    ],
)
def test_r2_4_added_member_is_reached_in_its_turn(
    before: str, last: str, after: str, chosen: str
) -> None:
    assert choose_next(_offer(after), _cursor(last, before)) == chosen


@pytest.mark.parametrize(
    ("before", "last", "after", "chosen"),
    [
        ("abc", "b", "ac", "c"),
        ("abc", "c", "ab", "a"),
        ("abcd", "b", "ad", "d"),
        ("abc", "b", "xyz", "x"),
    ],
)
def test_r2_4_where_the_last_one_is_gone_the_next_of_the_old_order_comes(
    before: str, last: str, after: str, chosen: str
) -> None:
    assert choose_next(_offer(after), _cursor(last, before)) == chosen


def test_r2_1_an_offer_of_nobody_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nobody"):
        choose_next(_offer("abc", ""), None)


@LAWS
@given(
    order=st.permutations("abcdefg"),
    absent=st.sets(st.sampled_from("abcdef")),
    start=st.sampled_from("abcdefg"),
    length=st.integers(1, 40),
)
def test_r2_1_any_run_has_a_skew_of_one_at_most_and_the_order_of_the_offer(
    order: list[str], absent: set[str], start: str, length: int
) -> None:
    offer = _offer("".join(order), "".join(set("abcdefg") - absent))
    cursor: Cursor | None = _cursor(start, "".join(order))
    chosen = []
    for _ in range(length):
        agent, cursor = choose(Strategy.SEQUENTIAL, offer, cursor, SEED, {})
        chosen.append(agent)
    counts = Counter(chosen)
    for begin in range(length):
        for end in range(begin + 1, length + 1):
            counts = Counter(dict.fromkeys(offer.agents, 0))
            counts.update(chosen[begin:end])
            assert max(counts.values()) - min(counts.values()) <= 1
    place = offer.agents.index(chosen[0])
    turns = (*offer.agents[place:], *offer.agents[:place])
    assert chosen == [turns[each % len(turns)] for each in range(length)]


@LAWS
@given(candidates=st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True), seed=st.text())
def test_r2_2_the_same_event_draws_the_same_agent_and_moves_no_cursor(
    candidates: list[str], seed: str
) -> None:
    offer = _offer("".join(candidates))
    cursor = _cursor(candidates[0], "".join(candidates))
    first = choose(Strategy.RANDOM, offer, cursor, event_id(seed), {})
    assert first == choose(Strategy.RANDOM, offer, cursor, event_id(seed), {})
    assert first[0] in offer.agents
    assert first[1] is cursor


@pytest.mark.parametrize("size", [2, 3, 7])
def test_r2_2_draws_are_uniform(size: int) -> None:
    candidates = [AgentId(each) for each in "abcdefg"[:size]]
    counts = Counter(draw(candidates, event_id(str(each))) for each in range(7000))
    expected = 7000 / size
    chi_squared = sum((counts[each] - expected) ** 2 / expected for each in candidates)
    assert chi_squared < 22.5, "less likely than one in a thousand, for up to six degrees"


@pytest.mark.parametrize(
    ("loads", "last", "chosen"),
    [
        ({}, None, "a"),
        ({}, "a", "b"),
        ({"a": 1}, None, "b"),
        ({"a": 1, "b": 1, "c": 1}, "b", "c"),
        ({"a": 2, "b": 1, "c": 1}, "c", "b"),
        ({"a": 2, "b": 1, "c": 1}, "b", "c"),
        ({"b": 5, "c": 4, "a": 9}, "a", "c"),
    ],
)
def test_r2_3_the_fewest_open_conversations_then_whose_turn_it_is(
    loads: dict[AgentId, int], last: str | None, chosen: str
) -> None:
    cursor = None if last is None else _cursor(last, "abc")
    assert choose(Strategy.LEAST_LOADED, _offer("abc"), cursor, SEED, loads) == (
        chosen,
        _cursor(chosen, "abc"),
    )


@LAWS
@given(
    order=st.permutations("abcde"),
    present=st.sets(st.sampled_from("abcde"), min_size=1),
    loads=st.dictionaries(st.sampled_from("abcde"), st.integers(0, 3)),
    last=st.none() | st.sampled_from("abcdex"),
)
def test_r2_3_nobody_on_offer_has_fewer_nor_as_few_and_an_earlier_turn(
    order: list[str], present: set[str], loads: dict[AgentId, int], last: str | None
) -> None:
    offer = _offer("".join(order), "".join(present))
    cursor = None if last is None else _cursor(last, "x" + "".join(order))
    agent, _ = choose(Strategy.LEAST_LOADED, offer, cursor, SEED, loads)
    fewest = min(loads.get(each, 0) for each in offer.agents)
    equals = "".join(each for each in offer.agents if loads.get(each, 0) == fewest)
    assert agent == choose_next(_offer("".join(order), equals), cursor)


@LAWS
@given(order=st.permutations("abcde"), length=st.integers(1, 40), seed=st.integers(0, 99))
def test_r2_3_without_anything_done_it_is_the_rotation(
    order: list[str], length: int, seed: int
) -> None:
    offer, cursor, turns = _offer("".join(order)), None, None
    loads: Counter[AgentId] = Counter()
    for _ in range(length):
        agent, cursor = choose(Strategy.LEAST_LOADED, offer, cursor, event_id(str(seed)), loads)
        turn, turns = choose(Strategy.SEQUENTIAL, offer, turns, SEED, {})
        loads[agent] += 1
        assert agent == turn
