"""R1, R9.6: what is kept while agents come and go is what would be worked out anew."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from router.domain.shop import PAGE, page, rule, shop
from router.domain.test_candidates import LINKED
from tuyen_events.assignments import FULL_NAMED, Choice, bits_of, full_of
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, PageId, RuleId
from tuyen_events.vocabulary import AppliesTo, Capability, Presence
from tuyen_router.domain import candidates
from tuyen_router.domain.candidates import offered, pool_for
from tuyen_router.domain.loads import Totals, full_by
from tuyen_router.domain.organization import Organization, Rosters, evolve, with_presence, without
from tuyen_router.domain.pools import Pool

PAGES = (PAGE, PageId("page-2"))
NAMED = ((None, None), ("sales", None), ("sales", "north"), ("care", None), ("gone", None))
URLS = (None, "https://shop.example/giay")


def _pools(organization: Organization) -> list[Pool]:
    return [
        pool_for(organization, at, each, department=department, region=region, page_url=url)
        for at, each, (department, region), url in product(
            PAGES, (Capability.FACEBOOK_MESSAGE, Capability.LIVECHAT_MESSAGE), NAMED, URLS
        )
    ]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=st.integers())
def test_r1_pools_are_the_same_whatever_was_kept_from_before(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # chosen by hypothesis
    able = (Capability.LIVECHAT_MESSAGE,)
    changes: list[Callable[[Organization], Organization]] = [
        lambda known: evolve(known, rule(applies_to=AppliesTo.ALL)),
        lambda known: evolve(known, rule(members=())),
        lambda known: evolve(
            known,
            changed(
                rule(), members=(Member(agent_id=AgentId("b"), capabilities=able, capacity=1),)
            ),
        ),
        lambda known: evolve(known, page(staff="ab")),
        lambda known: without(known, "agent", random.choice("abc")),
        lambda known: replace(known, settings=shop(page_permissions=True).settings),
        lambda known: without(known, "department", "care"),
    ]
    known = LINKED
    for _ in range(12):
        if random.random() < 0.7:
            agent, presence = AgentId(random.choice("abc")), random.choice(list(Presence))
            known = with_presence(known, agent, presence)
        else:
            known = random.choice(changes)(known)
        anew = replace(known, rosters=Rosters())
        for pool, other in zip(_pools(known), _pools(anew), strict=True):
            assert (pool.order, pool.candidates) == (other.order, other.candidates)
            assert pool.rule is None or pool.record == other.record
            assert {*pool.candidates}.isdisjoint(each.agent_id for each in pool.excluded)
            assert len(pool.candidates) + len(pool.excluded) == len(pool.order)


def test_r9_6_who_comes_or_goes_makes_nobody_look_at_all_members_again() -> None:
    known = shop()
    _pools(known)
    kept = dict(known.kept().eligible)
    gone = with_presence(known, AgentId("a"), Presence.OFFLINE)
    _pools(gone)
    eligible = gone.kept().eligible
    assert all(eligible[key] is found for key, found in kept.items())


@pytest.mark.parametrize("page_permissions", [False, True])
def test_r9_6_what_visitors_name_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch, page_permissions: bool
) -> None:
    """Departments, regions and links of an organization make more pools than anybody needs."""
    monkeypatch.setattr(candidates, "MEMBERS_KEPT", 1_000)
    known = replace(
        shop(page_permissions=page_permissions, pages=[page(staff="ab")]),
        departments=frozenset(f"d{number}" for number in range(300)),
        agents={each: changed(found, departments=("d7",)) for each, found in shop().agents.items()},
    )
    for number in range(300):
        pool_for(known, PAGE, Capability.LIVECHAT_MESSAGE, department=f"d{number}")
    for kept in (known.pools, known.pools_of_rules, known.kept().eligible):
        assert len(kept) <= 1_000 // 32
    seventh = pool_for(known, PAGE, Capability.LIVECHAT_MESSAGE, department="d7")
    assert seventh.candidates == (("a", "b") if page_permissions else ("a", "b", "c"))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_r1_7_who_is_full_is_kept_as_loads_change(steps: list[tuple[str, bool]]) -> None:
    capacities = {AgentId("a"): 1, AgentId("b"): 2}
    totals = Totals()
    kept = totals.full(RuleId("r"), capacities)
    for agent, rises in steps:
        if rises or totals.get(AgentId(agent)):
            totals.add(AgentId(agent), 1 if rises else -1)
        assert kept == full_by(totals, capacities)
        assert totals.full(RuleId("r"), capacities) is kept


def test_r1_7_a_rule_that_changed_is_looked_through_again() -> None:
    totals = Totals()
    totals.add(AgentId("a"), 2)
    assert totals.full(RuleId("r"), {AgentId("a"): 3}) == set()
    assert totals.full(RuleId("r"), {AgentId("a"): 2}) == {"a"}


def test_r1_7_an_offer_of_a_pool_leaves_out_who_is_full_and_who_left() -> None:
    members = tuple(Member(agent_id=AgentId(each), capacity=1) for each in "abc")
    pool = pool_for(
        shop(rules=[changed(rule(), members=members)]), PAGE, Capability.FACEBOOK_MESSAGE
    )
    offer = offered(pool, {AgentId("a"): 1}, (AgentId("b"),))
    assert (offer.agents, offer.full, offer.has_any()) == (("c",), ("a",), True)
    assert [offer.first_from(place) for place in range(4)] == ["c"] * 4
    nobody = offered(pool, {AgentId("a"): 1}, (AgentId("b"), AgentId("c")))
    assert not nobody.has_any()
    with pytest.raises(ValueError, match="nobody"):
        nobody.first_from(0)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(full=st.sets(st.integers(0, 99)))
def test_r9_4_who_was_full_is_told_by_name_or_by_bits(full: set[int]) -> None:
    candidates = [AgentId(f"agent-{number}") for number in range(100)]
    named = tuple(candidates[number] for number in sorted(full))
    few = len(named) <= FULL_NAMED
    choice = Choice(full=named if few else (), full_bits=bits_of(named, candidates))
    assert (choice.full_bits is None) is few
    assert full_of(choice, candidates) == named


class _Unscanned(tuple[AgentId, ...]):
    """A list that may be read once, and not once for each agent."""

    def __contains__(self, _: object) -> bool:
        raise AssertionError("scanned")


def test_r9_5_nobody_looks_through_a_pages_staff_or_a_group_for_each_agent() -> None:
    """With 2,000 of each, that was four million comparisons for one event."""
    known = evolve(LINKED, changed(page(), staff=_Unscanned(page(staff="ab").staff)))
    known = replace(known, settings=shop(page_permissions=True).settings)
    for each in known.groups.values():
        known = evolve(known, changed(each, members=_Unscanned(each.members)))
    assert all(pool.excluded is not None for pool in _pools(known))
