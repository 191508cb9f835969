"""R1 as a program: whom a rule may choose.

A world is what people have set up, in plain dictionaries:

    {"settings": {...}, "suspended": bool, "support_team": [agent, ...],
     "agents": {agent: {"role", "disabled", "presence", "departments", "regions"}},
     "pages": {page: {"channel", "staff": [agent, ...]}},
     "rules": {rule: {"enabled", "mode", "applies_to", "pages": [...] or None, "members": [...]}},
     "groups": {group: [agent, ...]}, "links": {address: group}}

A rule's member is an agent, a list of capabilities (None: all) and a capacity (None: no bound).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Visit(NamedTuple):
    """What a livechat's visitor chose, and where they were."""

    department: str | None = None
    region: str | None = None
    url: str | None = None


NO_VISIT = Visit()


@dataclass
class Wait:
    """A place in the queue. Sticky conversations of one customer share one (R3.6)."""

    customer: str
    page: str
    event: str
    kind: str
    conversations: list[str]
    visit: Visit = NO_VISIT
    leavers: list[str] = field(default_factory=list)
    """Who gave it back (R6.5)."""
    comments: list[tuple[str, str]] = field(default_factory=list)
    """The messages and comments that each conversation waits for, while all are known (R4.6)."""


@dataclass(frozen=True)
class ModelOrganization:
    world: dict[str, Any]

    def auto(self) -> bool:
        settings = self.world["settings"]
        return bool(self.assigns() and settings["auto_assign"])

    def assigns(self) -> bool:
        return bool(self.world["settings"]["assignment"] and not self.world["suspended"])

    def allowed(self, agent: str, page: str) -> bool:
        """R1.4 and R1.8."""
        found = self.world["agents"].get(agent)
        if found is None or found["disabled"]:
            return False
        if not self.world["settings"]["page_permissions"] or found["role"] == "system_admin":
            return True
        return agent in self.world["pages"].get(page, {"staff": []})["staff"]

    def rule(self, page: str) -> str | None:
        """R1.1."""
        rules: dict[str, dict[str, Any]] = self.world["rules"]
        enabled = [name for name in sorted(rules) if rules[name]["enabled"]]
        named = [name for name in enabled if page in (rules[name]["pages"] or [])]
        default = [name for name in enabled if rules[name]["pages"] is None]
        return next(iter([*named, *default]), None)

    def pool(self, name: str) -> list[tuple[str, list[str] | None, int | None]]:
        """R1.1: the members, or all of role `agent` in the order of the support team."""
        members: list[tuple[str, list[str] | None, int | None]]
        members = self.world["rules"][name]["members"]
        if members:
            return members
        agents = self.world["agents"]
        taken = sorted(each for each in agents if agents[each]["role"] == "agent")
        team = [each for each in self.world["support_team"] if each in taken]
        order = [*team, *(each for each in taken if each not in team)]
        return [(each, None, None) for each in order]

    def candidates(self, name: str, wait: Wait, load: Callable[[str], int]) -> list[str]:
        """R1, in the order of the pool."""
        channel = self.world["pages"][wait.page]["channel"]
        needed = f"{channel}_{'message' if wait.kind == 'message' else 'comment'}"
        every = self.world["rules"][name]["applies_to"] == "all"
        able = [
            agent
            for agent, capabilities, capacity in self.pool(name)
            if (capabilities is None or needed in capabilities)  # R1.3
            and self.allowed(agent, wait.page)  # R1.4, R1.8
            and (every or self.world["agents"][agent]["presence"] == "online")  # R1.2
            and self.in_department(agent, wait.visit)  # R1.5
            and (capacity is None or load(agent) < capacity)  # R1.7
            and agent not in wait.leavers  # R6.5
        ]
        group = self.group(wait.visit.url)
        return [agent for agent in able if agent in group] or able  # R1.6

    def offline(self, agent: str) -> bool:
        return bool(self.world["agents"][agent]["presence"] == "offline")

    def in_department(self, agent: str, visit: Visit) -> bool:
        """R1.5."""
        if visit.department is None:
            return True
        known = self.world["agents"][agent]
        region = f"{visit.department}/{visit.region}"
        return visit.department in known["departments"] and (
            visit.region is None or region in known["regions"]
        )

    def group(self, url: str | None) -> list[str]:
        """R1.6: the members of the longest link that covers the address."""
        path = f"{url}/"
        links = [link for link in self.world["links"] if path.startswith(f"{link}/")]
        name = self.world["links"][max(links, key=len)] if links else None
        return list(self.world["groups"].get(name, []))
