"""A small shop: two pages and a site, four agents, and all that people can set up in it."""

from collections.abc import Iterator
from typing import Any

from router.model.candidates import NO_VISIT, Visit
from support.organizations import (
    agent,
    department,
    group,
    link,
    organization,
    page,
    region,
    rule,
    settings,
    support_team,
)
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.directory import DirectoryEvent, Member, RuleChanged
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    Presence,
    Role,
    Strategy,
    WhenNobody,
)

AGENTS = ("an", "binh", "chi", "dung")
PAGES = ("page-1", "page-2", "site")
PARTITIONS = (3, 7)
PEOPLE = {f"{page}-c{number}": page for page in PAGES for number in range(3)}
ON_PAGES = [each for each, page in PEOPLE.items() if page != "site"]
"""Customers who comment; and who ask for no department: for each of them the candidates are the
same."""

DEPARTMENTS = ("sales", "care")
VISITS = (
    NO_VISIT,
    Visit("sales"),
    Visit("care"),
    Visit("sales", "north"),
    Visit("gone"),
    Visit(url="https://shop.example/vn/giay/nam?utm=x"),
    Visit("sales", None, "https://shop.example/vn/giay"),
    Visit(url="https://shop.example/vn/giay-dep"),
    Visit(url="https://other.example/vn"),
)

World = dict[str, Any]


def first_world() -> World:
    """Two pages and a site, one default rule that turns among all four agents; three are there."""
    agents: World = {
        name: {"role": "agent", "disabled": False, "presence": "online"} for name in AGENTS
    }
    for one in agents.values():
        one.update(departments=["sales"], regions=["sales/north"])
    agents["an"].update(departments=["sales", "care"], regions=[])
    agents["dung"]["presence"] = "offline"
    agents["chi"]["role"] = "sales_manager"
    default = {"enabled": True, "mode": "sequential", "applies_to": "online", "pages": None}
    return {
        "settings": {
            "assignment": True,
            "auto_assign": True,
            "auto_reassign": False,
            "page_permissions": False,
            "when_nobody": "queue",
            "take_unassigned": False,
        },
        "suspended": False,
        "support_team": ["binh", "an"],
        "agents": agents,
        "pages": {
            page: {"channel": "livechat" if page == "site" else "facebook", "staff": list(AGENTS)}
            for page in PAGES
        },
        "rules": {"r1": {**default, "members": [(name, None, None) for name in AGENTS]}},
        "groups": {"shoes": ["binh"], "all": list(AGENTS)},
        "links": {"https://shop.example/vn": "all", "https://shop.example/vn/giay": "shoes"},
    }


def organization_of(world: World) -> OrganizationState:
    """The world as the router's global tables have it."""
    presence = {name: Presence(one["presence"]) for name, one in world["agents"].items()}
    return organization(_changes(world), presence=presence, suspended=world["suspended"])


def _changes(world: World) -> Iterator[DirectoryEvent]:
    yield settings(
        **{**world["settings"], "when_nobody": WhenNobody(world["settings"]["when_nobody"])}
    )
    yield support_team(*world["support_team"])
    for name in DEPARTMENTS:
        yield department(name)
        yield region(name, "north")
    for name, one in world["agents"].items():
        yield agent(
            name,
            Role(one["role"]),
            departments=tuple(one["departments"]),
            regions=tuple(one["regions"]),
            disabled=one["disabled"],
        )
    for name, one in world["pages"].items():
        yield page(name, one["staff"], channel=Channel(one["channel"]))
    for name, one in world["rules"].items():
        yield _rule(name, one)
    for name, members in world["groups"].items():
        yield group(name, members)
    for url, to in world["links"].items():
        yield link(url, to)


def _rule(name: str, one: dict[str, Any]) -> RuleChanged:
    members = (
        Member(
            agent_id=AgentId(member),
            capabilities=None if able is None else tuple(map(Capability, able)),
            capacity=capacity,
        )
        for member, able, capacity in one["members"]
    )
    return rule(
        name,
        members,
        enabled=one["enabled"],
        mode=Strategy(one["mode"]),
        applies_to=AppliesTo(one["applies_to"]),
        pages=None if one["pages"] is None else tuple(map(PageId, one["pages"])),
    )
