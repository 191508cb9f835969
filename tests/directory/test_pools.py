"""R9.4: what a pool says of its agents, and of whoever is no candidate."""

from typing import Any

import msgspec
import pytest

from router.domain.inputs import PAGE, A, B
from router.domain.outcomes import pool_of
from router.domain.sites import LINKED, SITE
from support.organizations import after, agent, page, rule, shop
from tuyen_directory.candidates import build_pool
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import PoolCache
from tuyen_directory.pools import UNKNOWN
from tuyen_events.directory import Member
from tuyen_events.ids import PageId
from tuyen_events.vocabulary import AppliesTo, Capability, Exclusion, Strategy

MESSAGE = Capability.FACEBOOK_MESSAGE
OUT = Exclusion


@pytest.mark.parametrize(
    ("given", "wants", "why"),
    [
        (SITE, {}, {}),
        (after(SITE, rule(applies_to=AppliesTo.ALL)), {}, {}),
        (shop(online="b", away="c"), {}, {"a": OUT.OFFLINE, "c": OUT.OFFLINE}),
        (shop(page_permissions=True, pages=[page(staff="b")]), {}, {"a": OUT.PAGE, "c": OUT.PAGE}),
        (
            shop(agents=[agent("a"), agent("b", disabled=True)]),
            {},
            dict.fromkeys("bc", OUT.DISABLED),
        ),
        (SITE, {"department": "sales"}, {"c": OUT.DEPARTMENT}),
        (SITE, {"department": "sales", "region": "south"}, dict.fromkeys("ac", OUT.DEPARTMENT)),
        (SITE, {"department": "unheard-of"}, dict.fromkeys("abc", OUT.DEPARTMENT)),
        (LINKED, {"page_url": "shop.example/giay"}, {"a": OUT.GROUP}),
        (
            shop(online="", agents=[agent("a", disabled=True)]),
            {},
            dict.fromkeys("abc", OUT.DISABLED),
        ),
    ],
)
def test_r9_4_an_agent_who_is_no_candidate_has_one_reason(
    given: OrganizationState, wants: Any, why: dict[str, Exclusion]
) -> None:
    pool = pool_of(given, PAGE, MESSAGE, **wants)
    assert {each.agent_id: each.why for each in pool.excluded} == why
    assert {*pool.candidates, *why} == set(pool.order)


def test_r9_4_a_member_who_cannot_has_an_exclusion() -> None:
    members = (Member(agent_id=A, capabilities=()), Member(agent_id=B))
    pool = pool_of(shop(rules=[msgspec.structs.replace(rule(), members=members)]), PAGE, MESSAGE)
    assert [(each.agent_id, each.why) for each in pool.excluded] == [(A, OUT.CAPABILITY)]


def test_r9_4_a_pool_is_named_by_its_content() -> None:
    one, same = pool_of(shop(), PAGE, MESSAGE), pool_of(shop(), PAGE, MESSAGE)
    assert one.id == same.id == one.record.id
    others = [
        pool_of(shop(online="ab"), PAGE, MESSAGE),
        pool_of(shop(rules=[rule(version=2)]), PAGE, MESSAGE),
        pool_of(shop(rules=[rule("s")]), PAGE, MESSAGE),
        pool_of(shop(rules=[rule(members="acb")]), PAGE, MESSAGE),
        pool_of(shop(rules=[rule(mode=Strategy.RANDOM)]), PAGE, MESSAGE),
        pool_of(SITE, PAGE, MESSAGE, department="sales"),
    ]
    assert len({one.id, *(each.id for each in others)}) == 7


def test_r9_4_a_pool_is_worked_out_once() -> None:
    cache, given = PoolCache(), shop()
    one, again = (build_pool(cache.pools_of(given), PAGE, MESSAGE) for _ in range(2))
    assert one is again


@pytest.mark.parametrize("permissions", [False, True])
def test_r1_4_pages_of_one_rule_share_a_pool_unless_agents_are_given_pages(
    permissions: bool,
) -> None:
    other = PageId("other")
    pages = [page(staff="a"), page("other", staff="b")]
    pools = PoolCache().pools_of(shop(pages=pages, page_permissions=permissions))
    one, two = build_pool(pools, PAGE, MESSAGE), build_pool(pools, other, MESSAGE)
    assert (one is two) is not permissions
    assert one.candidates == (tuple("a") if permissions else tuple("abc"))


def test_r9_4_the_record_of_a_pool_says_what_was_wanted() -> None:
    pool = pool_of(LINKED, PAGE, MESSAGE, department="sales", page_url="shop.example/giay")
    said = pool.record
    assert (said.department, said.region, said.group) == ("sales", None, "shoes")
    assert (said.order, said.candidates) == (("a", "b", "c"), ("b",))
    unknown = pool_of(SITE, PAGE, MESSAGE, department="x", region="y").record
    assert (unknown.department, unknown.region) == (UNKNOWN, UNKNOWN)
