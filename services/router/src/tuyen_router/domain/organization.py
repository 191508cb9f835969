"""What the router knows of one organization when it decides: set up by people, and who is there.

An `Organization` is never changed; whatever happens makes a new one. What is worked out from it is
therefore kept with it and can never be out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import is_not
from typing import TypeVar

from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    Member,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, GroupId, LinkId, OrganizationId, PageId, RuleId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import Capability, Mode, Presence
from tuyen_router.domain.links import Links
from tuyen_router.domain.pools import Pool

_K = TypeVar("_K")
_V = TypeVar("_V")

PoolKey = tuple[PageId, Capability, str | None, str | None, GroupId | None]
"""What an event wants: page, capability, department, region, and the group of its link."""

RulePoolKey = tuple[RuleId, Capability, str | None, str | None, GroupId | None]


@dataclass(frozen=True, slots=True)
class Team:
    """A rule's members, as rotations go round them."""

    members: tuple[Member, ...]
    order: tuple[AgentId, ...]
    capacities: Mapping[AgentId, int]
    """Of the members who have one (R1.7)."""


@dataclass(slots=True)
class Rosters:
    """What follows from all that people set up, whoever is there: agents come and go, and it stays.
    It holds for one `basis`."""

    basis: tuple[object, ...] = ()
    teams: dict[RuleId, Team] = field(default_factory=dict)
    eligible: dict[tuple[RuleId, PoolKey], tuple[AgentId, ...]] = field(default_factory=dict)
    """The members who could be chosen, in their order, if all were there."""
    absent: dict[AgentId, Excluded] = field(default_factory=dict)
    """What is said of an agent who is enabled and not there."""
    staff: dict[PageId, frozenset[AgentId]] = field(default_factory=dict)
    """Of pages, and of groups, who is in them: thousands are asked for one after another."""
    groups: dict[GroupId, frozenset[AgentId]] = field(default_factory=dict)


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
    rosters: Rosters = field(default_factory=Rosters, repr=False, compare=False)
    pools: dict[PoolKey, Pool] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `candidates.pool_for` worked out from this very organization."""
    pools_of_rules: dict[RulePoolKey, Pool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The same by rule, for all of its pages."""

    @cached_property
    def online(self) -> frozenset[AgentId]:
        """Who is there (R1.2)."""
        there = Presence.ONLINE
        return frozenset(agent for agent, presence in self.presence.items() if presence is there)

    @cached_property
    def alone(self) -> "Organization":
        """The same without what was worked out from it: for who keeps it longer than that."""
        return replace(self)

    def kept(self) -> Rosters:
        """Its rosters, begun anew when anything but presence changed."""
        basis = (
            self.settings,
            self.agents,
            self.pages,
            self.rules,
            self.support_team,
            self.departments,
            self.regions,
            self.groups,
        )
        rosters = self.rosters
        if len(rosters.basis) != len(basis) or any(map(is_not, rosters.basis, basis)):
            rosters.basis = basis
            rosters.teams, rosters.eligible, rosters.absent = {}, {}, {}
            rosters.staff, rosters.groups = {}, {}
        return rosters

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


def without_presence(organization: Organization, agent: AgentId) -> Organization:
    """The organization after an agent was forgotten, who is as one who never came."""
    return replace(organization, presence=_less(organization.presence, agent))


def _less(entities: Mapping[_K, _V], key: _K) -> dict[_K, _V]:
    return {each: entity for each, entity in entities.items() if each != key}
