"""R1, R9.6: what is cached while agents come and go equals what would be computed again."""

from collections.abc import Callable, Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from router.domain.inputs import PAGE
from router.domain.outcomes import pool_of
from router.domain.sites import LINKED
from support.organizations import after, agent, department, page, rule, shop
from tuyen_directory import candidates
from tuyen_directory.candidates import build_pool, narrow_to_offer
from tuyen_directory.capacity import Totals, find_at_capacity
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState, with_presence
from tuyen_directory.pool_cache import PoolCache
from tuyen_directory.pools import Pool
from tuyen_events.assignments import FULL_NAMED, Choice, bits_of, full_of
from tuyen_events.directory import DepartmentChanged, Member
from tuyen_events.ids import AgentId, PageId, RuleId
from tuyen_events.vocabulary import AppliesTo, Capability, Presence, Role

PAGES = (PAGE, PageId("page-2"))
NAMED = ((None, None), ("sales", None), ("sales", "north"), ("care", None), ("gone", None))
URLS = (None, "https://shop.example/giay")


def _pools(cache: PoolCache, organization: OrganizationState) -> list[Pool]:
    pools = cache.pools_of(organization)
    return [
        build_pool(pools, at, each, department=department, region=region, page_url=url)
        for at, each, (department, region), url in product(
            PAGES, (Capability.FACEBOOK_MESSAGE, Capability.LIVECHAT_MESSAGE), NAMED, URLS
        )
    ]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=st.integers())
def test_r1_pools_are_the_same_whatever_was_kept_from_before(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # chosen by hypothesis
    able = (Capability.LIVECHAT_MESSAGE,)
    changes: list[Callable[[OrganizationState], OrganizationState]] = [
        lambda known: after(known, rule(applies_to=AppliesTo.ALL)),
        lambda known: after(known, rule(members=())),
        lambda known: after(
            known,
            changed(
                rule(), members=(Member(agent_id=AgentId("b"), capabilities=able, capacity=1),)
            ),
        ),
        lambda known: after(known, page(staff="ab")),
        lambda known: after(known, Removed("agent", random.choice("abc"))),
        lambda known: after(known, shop(page_permissions=True).settings),
        lambda known: after(known, Removed("department", "care")),
    ]
    known, cache = LINKED, PoolCache()
    for _ in range(12):
        if random.random() < 0.7:
            agent, presence = AgentId(random.choice("abc")), random.choice(list(Presence))
            known = with_presence(known, agent, presence)
        else:
            known = random.choice(changes)(known)
        for pool, other in zip(_pools(cache, known), _pools(PoolCache(), known), strict=True):
            assert (pool.order, pool.candidates) == (other.order, other.candidates)
            assert pool.rule is None or pool.record == other.record
            assert {*pool.candidates}.isdisjoint(each.agent_id for each in pool.excluded)
            assert len(pool.candidates) + len(pool.excluded) == len(pool.order)


def test_r9_6_who_comes_or_goes_makes_nobody_look_at_all_members_again() -> None:
    cache, known = PoolCache(), shop()
    _pools(cache, known)
    kept = dict(cache.pools_of(known).directory_pools.eligible)
    gone = with_presence(known, AgentId("a"), Presence.OFFLINE)
    _pools(cache, gone)
    eligible = cache.pools_of(gone).directory_pools.eligible
    assert all(eligible[key] is found for key, found in kept.items())


def test_r9_6_addresses_are_read_again_only_when_a_link_changed() -> None:
    cache = PoolCache()
    links = cache.pools_of(LINKED).directory_pools.links
    renamed = after(LINKED, page(staff="a"))
    assert cache.pools_of(renamed).directory_pools.links is links
    fewer = after(renamed, Removed("link", "shop.example/giay"))
    assert (
        cache.pools_of(fewer).directory_pools.links.group_for("https://shop.example/giay") is None
    )


def test_r9_6_of_an_organization_that_changed_no_pool_is_kept() -> None:
    cache, known = PoolCache(), shop()
    before = cache.pools_of(known)
    assert cache.pools_of(known) is before
    changed_since = cache.pools_of(with_presence(known, AgentId("a"), Presence.AWAY))
    assert changed_since is not before
    assert not changed_since.by_event
    assert (
        cache.pools_of(after(shop(), page(staff="a"))).directory_pools is not before.directory_pools
    )


def _department(number: int) -> DepartmentChanged:
    return department(f"d{number}")


@pytest.mark.parametrize("page_permissions", [False, True])
def test_r9_6_what_visitors_name_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch, page_permissions: bool
) -> None:
    """Departments, regions and links of an organization make more pools than anybody needs."""
    monkeypatch.setattr(candidates, "MEMBERS_KEPT", 1_000)
    known = shop(page_permissions=page_permissions, pages=[page(staff="ab")])
    known = after(
        known,
        *map(_department, range(300)),
        *(changed(stored.value, departments=("d7",)) for stored in known.directory.agents.values()),
    )
    pools = PoolCache().pools_of(known)
    for number in range(300):
        build_pool(pools, PAGE, Capability.LIVECHAT_MESSAGE, department=f"d{number}")
    rosters = pools.directory_pools
    for kept in (pools.by_event, pools.by_rule, rosters.eligible, rosters.eligible_on_page):
        assert len(kept) <= 1_000 // 32
    seventh = build_pool(pools, PAGE, Capability.LIVECHAT_MESSAGE, department="d7")
    assert seventh.candidates == (("a", "b") if page_permissions else ("a", "b", "c"))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    staff=st.lists(st.sampled_from("abcdex"), unique=True),
    admins=st.sets(st.sampled_from("abcde")),
    members=st.permutations("abcde"),
)
def test_r1_4_a_pages_members_are_those_who_were_given_it_and_administrators(
    staff: list[str], admins: set[str], members: list[str]
) -> None:
    roles = {True: Role.SYSTEM_ADMIN, False: Role.AGENT}
    known = shop(
        agents=[agent(name, roles[name in admins]) for name in "abcde"],
        rules=[rule(members=members)],
        pages=[page(staff=staff)],
        page_permissions=True,
        online="abcde",
    )
    pool = pool_of(known, PAGE, Capability.FACEBOOK_MESSAGE)
    assert pool.candidates == tuple(each for each in members if each in {*staff, *admins})


def _count_members_looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Member]:
    looked_at: list[Member] = []
    real = candidates._has_capability

    def counting(member: Member, capability: Capability) -> bool:
        looked_at.append(member)
        return real(member, capability)

    monkeypatch.setattr(candidates, "_has_capability", counting)
    return looked_at


def test_r9_5_with_page_permissions_members_are_looked_at_once_and_not_for_each_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With 2,000 members, a cache that counted all of them for each page held some 490 pages."""
    monkeypatch.setattr(candidates, "MEMBERS_KEPT", 10_000)
    looked_at = _count_members_looked_at(monkeypatch)
    names = [f"a{number}" for number in range(100)]
    pages = [page(f"p{number}", staff=[names[number % 100]]) for number in range(200)]
    known = shop(
        agents=map(agent, names), rules=[rule(members=names)], pages=pages, page_permissions=True
    )
    cache = PoolCache()
    for presence in (Presence.ONLINE, Presence.AWAY):
        known = with_presence(known, AgentId("a7"), presence)
        pools = cache.pools_of(known)
        for each in pages:
            build_pool(pools, each.id, Capability.FACEBOOK_MESSAGE)
        assert len(pools.directory_pools.eligible_on_page) == len(pages)
    assert len(looked_at) == len(names)


def test_r9_5_rules_that_list_nobody_share_their_members(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = _count_members_looked_at(monkeypatch)
    rules = [rule(f"r{number}", (), pages=(f"p{number}",)) for number in range(50)]
    pools = PoolCache().pools_of(shop(rules=rules))
    for number in range(50):
        pool = build_pool(pools, PageId(f"p{number}"), Capability.FACEBOOK_MESSAGE)
        assert (pool.rule, pool.candidates) == (rules[number], ("a", "b", "c"))
    assert len(looked_at) == 3


class _Counted(tuple[Member, ...]):
    """Members of whom it is counted how often they were read."""

    readings = 0

    def __iter__(self) -> Iterator[Member]:
        _Counted.readings += 1
        return super().__iter__()


def test_r9_5_whether_rules_count_loads_is_found_once_for_each_version_of_the_directory() -> None:
    _Counted.readings = 0
    known = shop(rules=[changed(rule(), members=_Counted(rule().members))])
    for presence in (Presence.ONLINE, Presence.AWAY, Presence.OFFLINE):
        known = with_presence(known, AgentId("a"), presence)
        assert not known.counts_loads
    assert _Counted.readings == 1


@settings(derandomize=True, max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_r1_7_the_agents_at_capacity_are_kept_as_loads_change(
    steps: list[tuple[str, bool]],
) -> None:
    capacities = {AgentId("a"): 1, AgentId("b"): 2}
    totals = Totals()
    kept = totals.at_capacity(RuleId("r"), capacities)
    for name, rises in steps:
        if rises or totals.get(AgentId(name)):
            totals.add(AgentId(name), 1 if rises else -1)
        assert kept == find_at_capacity(totals, capacities)
        assert totals.at_capacity(RuleId("r"), capacities) is kept


def test_r1_7_a_rule_that_changed_is_looked_through_again() -> None:
    totals = Totals()
    totals.add(AgentId("a"), 2)
    assert totals.at_capacity(RuleId("r"), {AgentId("a"): 3}) == set()
    assert totals.at_capacity(RuleId("r"), {AgentId("a"): 2}) == {"a"}


def test_r1_7_an_offer_of_a_pool_leaves_out_agents_at_capacity_and_leavers() -> None:
    members = tuple(Member(agent_id=AgentId(each), capacity=1) for each in "abc")
    known = shop(rules=[changed(rule(), members=members)])
    pool = pool_of(known, PAGE, Capability.FACEBOOK_MESSAGE)
    offer = narrow_to_offer(pool, {AgentId("a"): 1}, (AgentId("b"),))
    assert (offer.agents, offer.candidates_at_capacity, offer.has_any()) == (("c",), ("a",), True)
    assert [offer.first_from(place) for place in range(4)] == ["c"] * 4
    nobody = narrow_to_offer(pool, {AgentId("a"): 1}, (AgentId("b"), AgentId("c")))
    assert not nobody.has_any()
    with pytest.raises(ValueError, match="nobody"):
        nobody.first_from(0)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(full=st.sets(st.integers(0, 99)))
def test_r9_4_agents_at_capacity_are_published_by_name_or_by_bits(full: set[int]) -> None:
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
    known = after(
        LINKED,
        changed(page(), staff=_Unscanned(page(staff="ab").staff)),
        shop(page_permissions=True).settings,
        *(
            changed(each.value, members=_Unscanned(each.value.members))
            for each in LINKED.directory.groups.values()
        ),
    )
    assert all(pool.excluded is not None for pool in _pools(PoolCache(), known))
