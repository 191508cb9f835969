"""What the router knows of one organization when it decides: set up by people, and who is there.

An `Organization` is never changed; whatever happens makes a new one. What is worked out from it is
therefore kept with it and can never be out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, GroupId, LinkId, OrganizationId, PageId, RuleId
from tuyen_events.vocabulary import Capability, Mode, Presence
from tuyen_router.domain.links import Links
from tuyen_router.domain.pools import Pool

_K = TypeVar("_K")
_V = TypeVar("_V")

PoolKey = tuple[PageId, Capability, str | None, str | None, GroupId | None]
"""What an event wants: page, capability, department, region, and the group of its link."""

RulePoolKey = tuple[RuleId, Capability, str | None, str | None, GroupId | None]


@dataclass(frozen=True)
class Organization:
    """One organization at one moment. Agents of whom nothing was heard are offline."""

    id: OrganizationId
    settings: SettingsChanged
    suspended: bool = False
    agents: Mapping[AgentId, AgentChanged] = field(default_factory=dict)
    pages: Mapping[PageId, PageChanged] = field(default_factory=dict)
    rules: Mapping[RuleId, RuleChanged] = field(default_factory=dict)
    support_team: tuple[AgentId, ...] = ()
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    """As `department/region`."""
    groups: Mapping[GroupId, GroupChanged] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    presence: Mapping[AgentId, Presence] = field(default_factory=dict)
    directory: int = -1
    """The offset of the last record of the directory that it was made from."""
    pools: dict[PoolKey, Pool] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `candidates.pool_for` worked out from this very organization."""
    pools_of_rules: dict[RulePoolKey, Pool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The same by rule, for all of its pages."""

    def presence_of(self, agent: AgentId) -> Presence:
        return self.presence.get(agent, Presence.OFFLINE)

    @property
    def assigns(self) -> bool:
        """Whether conversations may be assigned at all."""
        return self.settings.assignment and not self.suspended

    @cached_property
    def assigns_by_itself(self) -> bool:
        """Whether rules assign, rather than managers alone."""
        return self.assigns and self.settings.auto_assign

    @cached_property
    def counts_loads(self) -> bool:
        """Whether a rule asks how many open conversations agents have (R1.7, R2.3)."""
        return any(
            rule.mode is Mode.LEAST_LOADED
            or any(member.capacity is not None for member in rule.members)
            for rule in self.rules.values()
            if rule.enabled
        )


def evolve(organization: Organization, change: DirectoryEvent) -> Organization:
    """The organization after one of its entities was set up or changed.

    Entities that routing does not ask for change nothing.
    """
    match change:
        case OrganizationChanged():
            changed = replace(organization, suspended=change.suspended)
        case SettingsChanged():
            changed = replace(organization, settings=change)
        case AgentChanged():
            changed = replace(organization, agents={**organization.agents, change.id: change})
        case PageChanged():
            changed = replace(organization, pages={**organization.pages, change.id: change})
        case RuleChanged():
            changed = replace(organization, rules={**organization.rules, change.id: change})
        case SupportTeamChanged():
            changed = replace(organization, support_team=change.agent_ids)
        case DepartmentChanged():
            changed = replace(organization, departments=organization.departments | {change.id})
        case RegionChanged():
            region = f"{change.department_id}/{change.id}"
            changed = replace(organization, regions=organization.regions | {region})
        case GroupChanged():
            changed = replace(organization, groups={**organization.groups, change.id: change})
        case LinkChanged():
            changed = replace(organization, links=organization.links.having(change))
        case _:
            changed = organization
    return changed


def without(organization: Organization, entity: str, entity_id: str) -> Organization:
    """The organization after an entity was removed; a region's id is `department/region`."""
    match entity:
        case "agent":
            changed = replace(organization, agents=_less(organization.agents, AgentId(entity_id)))
        case "page":
            changed = replace(organization, pages=_less(organization.pages, PageId(entity_id)))
        case "rule":
            changed = replace(organization, rules=_less(organization.rules, RuleId(entity_id)))
        case "department":
            changed = replace(organization, departments=organization.departments - {entity_id})
        case "region":
            changed = replace(organization, regions=organization.regions - {entity_id})
        case "group":
            changed = replace(organization, groups=_less(organization.groups, GroupId(entity_id)))
        case "link":
            changed = replace(organization, links=organization.links.without(LinkId(entity_id)))
        case _:
            changed = organization
    return changed


def with_presence(organization: Organization, agent: AgentId, presence: Presence) -> Organization:
    """The organization after an agent came or went."""
    return replace(organization, presence={**organization.presence, agent: presence})


def _less(entities: Mapping[_K, _V], key: _K) -> dict[_K, _V]:
    return {each: entity for each, entity in entities.items() if each != key}
