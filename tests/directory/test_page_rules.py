"""R1.1: which rule covers a page."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace as changed

from router.domain.inputs import PAGE
from support.organizations import after, page, rule, shop
from tuyen_directory.candidates import build_pool
from tuyen_directory.organization_state import with_presence
from tuyen_directory.page_rules import PageRules
from tuyen_directory.pool_cache import PoolCache
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Capability, Presence


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ([rule("r")], "r"),
        ([rule("r", pages=(PAGE,))], "r"),
        ([rule("r", enabled=False)], None),
        ([rule("r", pages=("other",))], None),
        ([rule("a-default"), rule("z", pages=(PAGE,))], "z"),
        ([rule("default"), rule("z", pages=(PAGE,), enabled=False)], "default"),
        ([rule("z", pages=(PAGE,)), rule("b", pages=(PAGE,))], "b"),
        ([], None),
    ],
)
def test_r1_1_an_enabled_rule_that_names_the_page_else_a_default_one(
    rules: list[Any], chosen: str | None
) -> None:
    found = PageRules(shop(rules=rules).directory.rules).find_for(PAGE)
    assert (None if found is None else found.id) == chosen


class _Counted(tuple[PageId, ...]):
    """Pages of which it is counted how often they were read."""

    readings = 0

    def __iter__(self) -> Iterator[PageId]:
        _Counted.readings += 1
        return super().__iter__()

    def __contains__(self, page_id: object) -> bool:
        _Counted.readings += 1
        return super().__contains__(page_id)


def test_r9_5_the_pages_that_rules_name_are_read_once_for_each_version_of_the_rules() -> None:
    """However many pages are asked for, and whoever comes and goes."""
    _Counted.readings, cache = 0, PoolCache()
    rules = [
        changed(rule(f"r{number}"), pages=_Counted((PageId(f"p{number}"),))) for number in range(20)
    ]
    known = shop(rules=rules)
    for presence in (Presence.ONLINE, Presence.AWAY):
        known = after(with_presence(known, AgentId("a"), presence), page(staff="a"))
        for number in range(20):
            pools = cache.pools_of(known)
            pool = build_pool(pools, PageId(f"p{number}"), Capability.FACEBOOK_MESSAGE)
            assert pool.rule is rules[number]
    assert _Counted.readings == 20
