"""R1: who may be chosen."""

from typing import Any

import msgspec
import pytest

from router.domain.inputs import PAGE, A, B
from router.domain.outcomes import pool_of
from router.domain.sites import LINKED, SITE
from support.organizations import after, agent, group, link, page, rule, shop
from tuyen_directory.candidates import (
    build_pool,
    find_required_capability,
    may_answer,
    narrow_to_offer,
)
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import PoolCache
from tuyen_directory.pools import UNKNOWN
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import AppliesTo, Capability, Channel, ConversationKind, Role, Strategy

MESSAGE = Capability.FACEBOOK_MESSAGE


def _candidates(capability: Capability = MESSAGE, **given: Any) -> str:
    return "".join(pool_of(shop(**given), PAGE, capability).candidates)


def test_r1_1_no_rule_no_candidates() -> None:
    assert pool_of(shop(rules=[]), PAGE, MESSAGE).candidates == ()


def test_r1_1_a_rule_without_members_takes_agents_alone_in_the_order_of_the_team() -> None:
    agents = [agent("a"), agent("b"), agent("c"), agent("m", Role.SALES_MANAGER)]
    given: dict[str, Any] = {
        "agents": agents,
        "rules": [rule(members="")],
        "online": "abcm",
        "team": "cma",
    }
    assert _candidates(**given) == "cab"


def test_r1_1_a_listed_member_is_taken_whatever_the_role() -> None:
    agents = [agent("a"), agent("m", Role.SYSTEM_ADMIN)]
    assert _candidates(agents=agents, rules=[rule(members="ma")], online="am") == "ma"


@pytest.mark.parametrize(
    ("applies_to", "online", "away", "candidates"),
    [
        (AppliesTo.ONLINE, "ab", "", "ab"),
        (AppliesTo.ONLINE, "a", "b", "a"),
        (AppliesTo.ONLINE, "", "abc", ""),
        (AppliesTo.ALL, "", "b", "abc"),
    ],
)
def test_r1_2_presence(applies_to: AppliesTo, online: str, away: str, candidates: str) -> None:
    rules = [rule(applies_to=applies_to)]
    assert _candidates(rules=rules, online=online, away=away) == candidates


@pytest.mark.parametrize(
    ("channel", "kind", "capability"),
    [
        (Channel.FACEBOOK, ConversationKind.MESSAGE, Capability.FACEBOOK_MESSAGE),
        (Channel.FACEBOOK, ConversationKind.COMMENT, Capability.FACEBOOK_COMMENT),
        (Channel.FACEBOOK, ConversationKind.LIVESTREAM, Capability.FACEBOOK_COMMENT),
        (Channel.ZALO, ConversationKind.MESSAGE, Capability.ZALO_MESSAGE),
        (Channel.LIVECHAT, ConversationKind.MESSAGE, Capability.LIVECHAT_MESSAGE),
    ],
)
def test_r1_3_what_an_event_asks_for(
    channel: Channel, kind: ConversationKind, capability: Capability
) -> None:
    assert find_required_capability(channel, kind) is capability


@pytest.mark.parametrize("capability", list(Capability))
def test_r1_3_a_member_does_what_was_named_or_everything(capability: Capability) -> None:
    members = (
        Member(agent_id=AgentId("a"), capabilities=(MESSAGE,)),
        Member(agent_id=AgentId("b"), capabilities=()),
        Member(agent_id=AgentId("c")),
    )
    expected = "ac" if capability is MESSAGE else "c"
    rules = [msgspec.structs.replace(rule(), members=members)]
    assert _candidates(capability, rules=rules) == expected


@pytest.mark.parametrize(
    ("permissions", "role", "staff", "allowed"),
    [
        (False, Role.AGENT, "", True),
        (True, Role.AGENT, "", False),
        (True, Role.AGENT, "a", True),
        (True, Role.CHAIN_MANAGER, "", False),
        (True, Role.SYSTEM_ADMIN, "", True),
    ],
)
def test_r1_4_pages_bind_every_role_but_system_admin(
    permissions: bool, role: Role, staff: str, allowed: bool
) -> None:
    given: dict[str, Any] = {
        "agents": [agent("a", role)],
        "pages": [page(staff=staff)],
        "page_permissions": permissions,
    }
    assert may_answer(shop(**given), AgentId("a"), PAGE) is allowed
    assert _candidates(**given) == ("a" if allowed else "")


def test_r1_4_nobody_holds_a_page_that_is_not_known() -> None:
    given = shop(pages=[], page_permissions=True)
    assert not may_answer(given, AgentId("a"), PAGE)


def test_r1_8_disabled_or_removed_is_never_a_candidate() -> None:
    agents = [agent("a"), agent("b", disabled=True), agent("c")]
    given = shop(agents=agents)
    assert pool_of(given, PAGE, MESSAGE).candidates == ("a", "c")
    left = after(given, Removed("agent", "a"))
    assert pool_of(left, PAGE, MESSAGE).candidates == ("c",)
    assert pool_of(left, PAGE, MESSAGE).order == ("a", "b", "c")


def test_r1_1_a_removed_rule_covers_nothing() -> None:
    removed = after(shop(), Removed("rule", "r"))
    assert pool_of(removed, PAGE, MESSAGE).rule is None


@pytest.mark.parametrize(
    ("department", "region", "candidates"),
    [
        (None, None, "abc"),
        ("sales", None, "ab"),
        ("care", None, "bc"),
        ("sales", "north", "a"),
        ("sales", "south", "b"),
        ("care", "north", "b"),
        ("care", "south", ""),
        ("sales", "unheard-of", ""),
        ("unheard-of", None, ""),
        ("unheard-of", "north", ""),
        (UNKNOWN, None, ""),
        ("sales/north", None, ""),
        (None, "north", "abc"),
    ],
)
def test_r1_5_a_department_and_a_region_inside_it_are_strict(
    department: str | None, region: str | None, candidates: str
) -> None:
    pool = pool_of(SITE, PAGE, MESSAGE, department=department, region=region)
    assert "".join(pool.candidates) == candidates
    assert "".join(pool.order) == "abc", "one rotation whatever the department"


def test_r1_5_a_removed_department_or_region_has_nobody() -> None:
    less = after(SITE, Removed("department", "care"), Removed("region", "sales/north"))
    assert not pool_of(less, PAGE, MESSAGE, department="care").candidates
    assert not pool_of(less, PAGE, MESSAGE, department="sales", region="north").candidates
    assert pool_of(less, PAGE, MESSAGE, department="sales", region="south").candidates == (B,)


def test_r1_5_what_visitors_invent_takes_no_room() -> None:
    pools = PoolCache().pools_of(SITE)
    for number in range(50):
        name = f"d{number}"
        build_pool(pools, PAGE, MESSAGE, department=name, region=name, page_url=f"https://x/{name}")
        build_pool(pools, PAGE, MESSAGE, department="sales", region=name)
        build_pool(pools, PAGE, MESSAGE, region=name)
    assert len(pools.by_event) <= 20


@pytest.mark.parametrize(
    ("given", "page_url", "candidates", "group"),
    [
        (LINKED, "https://shop.example/giay/da", "bc", "shoes"),
        (LINKED, "https://shop.example/ao", "abc", None),
        (LINKED, None, "abc", None),
        (after(LINKED, group("shoes", "b")), "https://shop.example/giay", "b", "shoes"),
        (after(LINKED, group("shoes", "z")), "https://shop.example/giay", "abc", None),
        (after(LINKED, Removed("group", "shoes")), "https://shop.example/giay", "abc", None),
        (
            after(LINKED, Removed("link", "shop.example/giay")),
            "https://shop.example/giay",
            "abc",
            None,
        ),
        (
            after(LINKED, link("shop.example/giay/da", "nobody")),
            "https://shop.example/giay/da",
            "abc",
            None,
        ),
    ],
)
def test_r1_6_the_group_of_the_link_first_else_everybody(
    given: OrganizationState, page_url: str | None, candidates: str, group: str | None
) -> None:
    pool = pool_of(given, PAGE, MESSAGE, page_url=page_url)
    assert ("".join(pool.candidates), pool.group) == (candidates, group)


def test_r1_6_the_group_is_one_inside_the_department() -> None:
    url = "https://shop.example/giay"
    assert pool_of(LINKED, PAGE, MESSAGE, department="sales", page_url=url).candidates == (B,)
    pool = pool_of(LINKED, PAGE, MESSAGE, department="sales", region="north", page_url=url)
    assert pool.candidates == (A,), "with nobody of the group, R1.5 still binds"


def _make_bounded(**capacities: int | None) -> Any:
    members = (Member(agent_id=AgentId(each), capacity=n) for each, n in capacities.items())
    return msgspec.structs.replace(rule(), members=tuple(members))


@pytest.mark.parametrize(
    ("loads", "offer", "full"),
    [
        ({}, "abc", ""),
        ({"a": 1}, "abc", ""),
        ({"a": 2}, "bc", "a"),
        ({"a": 3, "b": 1}, "c", "ab"),
        ({"c": 99}, "abc", ""),
        ({"b": 0}, "abc", ""),
    ],
)
def test_r1_7_a_member_at_capacity_is_skipped(loads: dict[Any, int], offer: str, full: str) -> None:
    pool = pool_of(shop(rules=[_make_bounded(a=2, b=1, c=None)]), PAGE, MESSAGE)
    found = narrow_to_offer(pool, loads, ())
    assert ("".join(found.agents), "".join(found.candidates_at_capacity)) == (offer, full)


def test_r1_7_with_a_full_group_the_others_take_it() -> None:
    full = after(LINKED, _make_bounded(a=None, b=1, c=1))
    pool = pool_of(full, PAGE, MESSAGE, page_url="https://shop.example/giay")
    assert narrow_to_offer(pool, {AgentId("b"): 1}, ()).agents == ("c",)
    found = narrow_to_offer(pool, {AgentId("b"): 1, AgentId("c"): 1}, ())
    assert (found.agents, found.candidates_at_capacity, found.pool.group) == (
        ("a",),
        ("b", "c"),
        None,
    )


def test_r6_5_never_to_whom_it_was_taken_from() -> None:
    pool = pool_of(LINKED, PAGE, MESSAGE, page_url="https://shop.example/giay")
    assert narrow_to_offer(pool, None, [B]).agents == ("c",)
    alone = pool_of(shop(online="a"), PAGE, MESSAGE)
    assert narrow_to_offer(alone, None, [A]).agents == ()
    assert narrow_to_offer(alone, None, [B]).agents == (A,)


@pytest.mark.parametrize(
    ("rules", "counts"),
    [
        ([rule()], False),
        ([rule(mode=Strategy.RANDOM)], False),
        ([rule(mode=Strategy.LEAST_LOADED)], True),
        ([rule(mode=Strategy.LEAST_LOADED, enabled=False)], False),
        ([rule(), _make_bounded(a=None, b=0)], True),
        ([], False),
    ],
)
def test_r1_7_loads_are_counted_where_an_enabled_rule_asks_for_them(
    rules: list[Any], counts: bool
) -> None:
    assert shop(rules=rules).counts_loads is counts
