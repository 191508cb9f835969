"""Whom a rule may choose, by what the API says (R1)."""

from faults.evidence import World
from faults.tenants import Json


def rule_of(world: World, page: str) -> str | None:
    """R1.1."""
    enabled = [name for name, rule in sorted(world.rules.items()) if rule["enabled"]]
    named = [name for name in enabled if page in (world.rules[name]["pages"] or [])]
    default = [name for name in enabled if world.rules[name]["pages"] is None]
    return next(iter([*named, *default]), None)


def candidates(world: World, page: str, needed: str, loads: dict[str, int]) -> list[str]:
    """R1.1 to R1.4, R1.7 and R1.8, for a page and a capability, by what the API says."""
    name = rule_of(world, page)
    settings = world.settings
    if (
        name is None
        or page not in world.pages
        or not (settings["assignment"] and settings["auto_assign"])
    ):
        return []
    rule = world.rules[name]
    members: dict[str, Json] = {each["agent_id"]: each for each in rule["members"]}

    def able(agent: str) -> bool:
        known, member = world.agents.get(agent), members.get(agent, {})
        if known is None or known["disabled"]:
            return False
        if settings["page_permissions"] and agent not in world.pages[page]["staff"]:
            return False
        if needed not in (member.get("capabilities") or [needed]):
            return False
        capacity = member.get("capacity")
        if capacity is not None and loads.get(agent, 0) >= capacity:
            return False
        return rule["applies_to"] == "all" or world.presence.get(agent) == "online"

    return [agent for agent in pool_of(world, name) if able(agent)]


def pool_of(world: World, rule: str) -> list[str]:
    """R1.1: the members, or all of role `agent` in the order of the support team."""
    members = [each["agent_id"] for each in world.rules[rule]["members"]]
    if members:
        return members
    agents = sorted(name for name, each in world.agents.items() if each["role"] == "agent")
    team = [each for each in world.support_team if each in agents]
    return [*team, *(each for each in agents if each not in team)]
