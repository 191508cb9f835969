"""Caches the pools of organizations from one decision to the next.

An `OrganizationState` is immutable, so what was computed from it is valid for as long as it is the
current one. The stage that decides owns the cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuyen_directory.links import Links
from tuyen_directory.organization import Organization
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pools import Pool
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, GroupId, OrganizationId, PageId, RuleId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import Capability

PoolKey = tuple[PageId, Capability, str | None, str | None, GroupId | None]
"""What an event requires: page, capability, department, region, and the group of its link."""

RulePoolKey = tuple[RuleId, Capability, str | None, str | None, GroupId | None]


@dataclass(frozen=True, slots=True)
class Team:
    """A rule's members, in the order of the rotation."""

    members: tuple[Member, ...]
    order: tuple[AgentId, ...]
    capacities: Mapping[AgentId, int]
    """Of the members who have a capacity (R1.7)."""


@dataclass(slots=True, eq=False)
class Rosters:
    """What follows from the directory alone, so that it stays valid when the presence of agents
    changes. `candidates` computes the entries when they are first needed.
    """

    directory: Organization
    links: Links
    teams: dict[RuleId, Team] = field(default_factory=dict)
    eligible: dict[tuple[RuleId, PoolKey], tuple[AgentId, ...]] = field(default_factory=dict)
    """The members who would be candidates, in their order, if everybody were present."""
    absent: dict[AgentId, Excluded] = field(default_factory=dict)
    """The exclusion entry of each agent who is enabled and absent."""


@dataclass(slots=True, eq=False)
class OrganizationPools:
    """The pools of one organization at one moment. `candidates` computes them when they are first
    needed."""

    organization: OrganizationState
    rosters: Rosters
    by_event: dict[PoolKey, Pool] = field(default_factory=dict)
    by_rule: dict[RulePoolKey, Pool] = field(default_factory=dict)
    """The same by rule, shared by all of its pages."""


class PoolCache:
    """The pools of each organization in the state that was looked up last."""

    def __init__(self) -> None:
        self._pools: dict[OrganizationId, OrganizationPools] = {}

    def pools_of(self, organization: OrganizationState) -> OrganizationPools:
        """The pools of exactly this state of the organization. Another state starts with empty
        pools, but keeps what does not depend on presence as long as the directory is the same."""
        found = self._pools.get(organization.id)
        if found is None or found.organization is not organization:
            rosters = None if found is None else found.rosters
            found = OrganizationPools(organization, _rosters_of(organization.directory, rosters))
            self._pools[organization.id] = found
        return found


def _rosters_of(directory: Organization, before: Rosters | None) -> Rosters:
    if before is not None and before.directory is directory:
        return before
    if before is not None and before.directory.links is directory.links:
        return Rosters(directory, before.links)
    return Rosters(directory, Links({each: link.value for each, link in directory.links.items()}))
