"""What the router knows of one organization when it decides: what people set up, and who is there.

An `OrganizationState` is never changed; whatever happens makes a new one. What is worked out from
it is therefore kept with it and can never be out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tuyen_directory.organization import Organization
from tuyen_events.directory import Member, SettingsChanged
from tuyen_events.ids import AgentId, GroupId, OrganizationId, PageId, RuleId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import Capability, Presence, Strategy
from tuyen_router.domain.links import Links
from tuyen_router.domain.pools import Pool

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

    basis: Organization | None = None
    links: Links = field(default_factory=Links)
    teams: dict[RuleId, Team] = field(default_factory=dict)
    eligible: dict[tuple[RuleId, PoolKey], tuple[AgentId, ...]] = field(default_factory=dict)
    """The members who could be chosen, in their order, if all were there."""
    absent: dict[AgentId, Excluded] = field(default_factory=dict)
    """What is said of an agent who is enabled and not there."""


@dataclass(frozen=True)
class OrganizationState:
    """One organization at one moment. Agents of whom nothing was heard are offline."""

    directory: Organization
    """What people set up."""
    presence: Mapping[AgentId, Presence] = field(default_factory=dict)
    directory_offset: int = -1
    """The offset of the last record of the directory that it was made from."""
    rosters: Rosters = field(default_factory=Rosters, repr=False, compare=False)
    pools: dict[PoolKey, Pool] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `candidates.build_pool` worked out from this very organization."""
    pools_of_rules: dict[RulePoolKey, Pool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The same by rule, for all of its pages."""

    @property
    def id(self) -> OrganizationId:
        return self.directory.id

    @cached_property
    def settings(self) -> SettingsChanged:
        return self.directory.settings

    @cached_property
    def online(self) -> frozenset[AgentId]:
        """Who is there (R1.2)."""
        there = Presence.ONLINE
        return frozenset(agent for agent, presence in self.presence.items() if presence is there)

    @cached_property
    def alone(self) -> "OrganizationState":
        """The same without what was worked out from it: for who keeps it longer than that."""
        return replace(self)

    def kept(self) -> Rosters:
        """Its rosters, begun anew when anything but presence changed."""
        rosters = self.rosters
        if rosters.basis is not self.directory:
            rosters.basis = self.directory
            rosters.links = Links(
                {link_id: link.value for link_id, link in self.directory.links.items()}
            )
            rosters.teams, rosters.eligible, rosters.absent = {}, {}, {}
        return rosters

    def presence_of(self, agent: AgentId) -> Presence:
        return self.presence.get(agent, Presence.OFFLINE)

    @property
    def assigns(self) -> bool:
        """Whether conversations may be assigned at all."""
        return self.settings.assignment and not self.directory.suspended

    @cached_property
    def assigns_by_itself(self) -> bool:
        """Whether rules assign, rather than managers alone."""
        return self.assigns and self.settings.auto_assign

    @cached_property
    def counts_loads(self) -> bool:
        """Whether a rule asks how many open conversations agents have (R1.7, R2.3)."""
        return any(
            rule.value.mode is Strategy.LEAST_LOADED
            or any(member.capacity is not None for member in rule.value.members)
            for rule in self.directory.rules.values()
            if rule.value.enabled
        )


def with_presence(
    state: OrganizationState, agent: AgentId, presence: Presence
) -> OrganizationState:
    """The organization after an agent came or went."""
    return replace(state, presence={**state.presence, agent: presence})
