"""L2: what a livechat page offers its visitors, by who is there."""

from collections.abc import Sequence

import pytest

from support.organizations import agent, department, fold, page, region, settings
from tuyen_directory.offers import find_choices, find_present
from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId, PageId

SITE = PageId("site")
SHOP = fold(
    [
        page("site", ["lan"]),
        department("sales"),
        department("repair"),
        region("sales", "north"),
        region("sales", "south"),
        agent("lan", departments=("sales",), regions=("sales/north",)),
        agent("minh", departments=("sales",), regions=("sales/south",)),
        agent("hoa", departments=("repair",), disabled=True),
    ]
)


def offered(shop: Organization, *online: str) -> dict[str, Sequence[str]]:
    there = {AgentId(each) for each in online}
    return {
        one.department.id: [each.id for each in one.regions]
        for one in find_choices(shop, SITE, there.__contains__)
    }


@pytest.mark.parametrize(
    ("online", "found"),
    [
        ((), {}),
        (("lan",), {"sales": []}),
        (("lan", "minh"), {"sales": ["north", "south"]}),
        (("hoa",), {}),
        (("nobody",), {}),
    ],
)
def test_l2_departments_and_regions_by_who_is_there(
    online: tuple[str, ...], found: dict[str, list[str]]
) -> None:
    assert offered(SHOP, *online) == found


def test_l2_with_page_permissions_only_those_who_have_the_page_are_there() -> None:
    limited = fold([settings(page_permissions=True)], SHOP, first_version=100)
    assert offered(limited, "lan", "minh") == {"sales": []}
    assert [one.id for one in find_present(limited, SITE, lambda _: True)] == ["lan"]
