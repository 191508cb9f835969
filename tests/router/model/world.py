"""A small shop: two pages and a site, four agents, and all that people can set up in it."""

from typing import Any

from router.model.model import NO_VISIT, Visit
from router.model.simulation import START
from tuyen_events.directory import (
    AgentChanged,
    GroupChanged,
    LinkChanged,
    Member,
    PageChanged,
    RuleChanged,
    SettingsChanged,
)
from tuyen_events.ids import AgentId, GroupId, LinkId, OrganizationId, PageId, RuleId
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    Mode,
    Presence,
    Role,
    WhenNobody,
)
from tuyen_router.domain.links import Links
from tuyen_router.domain.organization import Organization

SHOP = OrganizationId("shop")
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
    for agent in agents.values():
        agent.update(departments=["sales"], regions=["sales/north"])
    agents["an"].update(departments=["sales", "care"], regions=[])
    agents["dung"]["presence"] = "offline"
    agents["chi"]["role"] = "sales_manager"
    rule = {"enabled": True, "mode": "sequential", "applies_to": "online", "pages": None}
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
        "rules": {"r1": {**rule, "members": [(name, None, None) for name in AGENTS]}},
        "groups": {"shoes": ["binh"], "all": list(AGENTS)},
        "links": {"https://shop.example/vn": "all", "https://shop.example/vn/giay": "shoes"},
    }


def organization_of(world: World) -> Organization:
    """The world as the router's copies have it."""
    settings = {**world["settings"], "when_nobody": WhenNobody(world["settings"]["when_nobody"])}
    return Organization(
        SHOP,
        SettingsChanged(organization=SHOP, at=START, **settings),
        suspended=world["suspended"],
        agents={
            AgentId(name): AgentChanged(
                organization=SHOP,
                at=START,
                id=AgentId(name),
                name=name,
                username=name,
                role=Role(agent["role"]),
                departments=tuple(agent["departments"]),
                regions=tuple(agent["regions"]),
                disabled=agent["disabled"],
            )
            for name, agent in world["agents"].items()
        },
        pages={
            PageId(name): PageChanged(
                organization=SHOP,
                at=START,
                id=PageId(name),
                channel=Channel(page["channel"]),
                external_id=name,
                name=name,
                staff=tuple(map(AgentId, page["staff"])),
            )
            for name, page in world["pages"].items()
        },
        rules={RuleId(name): _rule(name, rule) for name, rule in world["rules"].items()},
        support_team=tuple(map(AgentId, world["support_team"])),
        departments=frozenset(DEPARTMENTS),
        regions=frozenset(f"{each}/north" for each in DEPARTMENTS),
        groups={
            GroupId(name): GroupChanged(
                organization=SHOP,
                at=START,
                id=GroupId(name),
                name=name,
                members=tuple(map(AgentId, members)),
            )
            for name, members in world["groups"].items()
        },
        links=Links(
            {
                LinkId(url): LinkChanged(
                    organization=SHOP, at=START, id=LinkId(url), url=url, group=GroupId(group)
                )
                for url, group in world["links"].items()
            }
        ),
        presence={
            AgentId(name): Presence(agent["presence"]) for name, agent in world["agents"].items()
        },
    )


def _rule(name: str, rule: dict[str, Any]) -> RuleChanged:
    members = (
        Member(
            agent_id=AgentId(agent),
            capabilities=None if able is None else tuple(map(Capability, able)),
            capacity=capacity,
        )
        for agent, able, capacity in rule["members"]
    )
    return RuleChanged(
        organization=SHOP,
        at=START,
        id=RuleId(name),
        name=name,
        enabled=rule["enabled"],
        mode=Mode(rule["mode"]),
        applies_to=AppliesTo(rule["applies_to"]),
        pages=None if rule["pages"] is None else tuple(map(PageId, rule["pages"])),
        members=tuple(members),
    )
