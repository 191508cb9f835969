"""Caches the pools of organizations from one decision to the next.

An `OrganizationState` is immutable, so what was computed from it is valid for as long as it is the
current one. The stage that decides owns the cache.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from tuyen_directory.links import Links
from tuyen_directory.organization import Organization
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.page_rules import PageRules
from tuyen_directory.pools import Pool
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, GroupId, OrganizationId, PageId, RuleId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import Capability

PoolKey = tuple[PageId, Capability, str | None, str | None, GroupId | None]
"""What an event requires: page, capability, department, region, and the group of its link."""

RulePoolKey = tuple[RuleId, Capability, str | None, str | None, GroupId | None]

_BESIDE = 32
"""The size of an empty pool, counted in members."""

_K = TypeVar("_K")
_V = TypeVar("_V")


class MemberCache(dict[_K, _V]):
    """Caches what was computed for the members of rules. Visitors choose what is requested, so the
    cache is cleared when it is full, and filled again as needed."""

    members = 0
    """How many members all entries contain together; an entry without any counts as well."""

    def keep(self, key: _K, found: _V, members: int, most: int) -> None:
        """Adds an entry of so many members to at most `most`."""
        if self.members + members + _BESIDE > most:
            self.clear()
            self.members = 0
        self[key] = found
        self.members += members + _BESIDE


@dataclass(frozen=True, slots=True)
class RuleMembers:
    """A rule's members, in the order of the rotation."""

    members: tuple[Member, ...]
    order: tuple[AgentId, ...]
    capacities: Mapping[AgentId, int]
    """Of the members who have a capacity (R1.7)."""


@dataclass(frozen=True, eq=False)
class Eligible:
    """The members of a rule who would be candidates, in their order, if everybody were present and
    worked on every page (R1.4)."""

    agents: tuple[AgentId, ...]
    everywhere: tuple[AgentId, ...]
    """Those of them who do work on every page."""

    def on_page(self, staff: AbstractSet[AgentId]) -> tuple[AgentId, ...]:
        """Those who work on a page with this staff, in their order. However many members the rule
        has, the cost is of the staff and of those who work everywhere."""
        others = [
            agent for agent in staff if agent in self._places and agent not in self._everywhere
        ]
        if not others:
            return self.everywhere
        return tuple(sorted((*self.everywhere, *others), key=self._places.__getitem__))

    def __contains__(self, agent: AgentId) -> bool:
        return agent in self._places

    @cached_property
    def _places(self) -> Mapping[AgentId, int]:
        return {agent: place for place, agent in enumerate(self.agents)}

    @cached_property
    def _everywhere(self) -> frozenset[AgentId]:
        return frozenset(self.everywhere)


@dataclass(slots=True, eq=False)
class DirectoryPools:
    """What follows from the directory alone, so that it stays valid when the presence of agents
    changes. `candidates` computes the entries when they are first needed.
    """

    directory: Organization
    links: Links
    rules: PageRules
    members_by_rule: dict[RuleId, RuleMembers] = field(default_factory=dict)
    """By rule; the rules that list no members have one team."""
    eligible: MemberCache[RulePoolKey, Eligible] = field(default_factory=MemberCache)
    eligible_on_page: MemberCache[tuple[RuleId, PoolKey], tuple[AgentId, ...]] = field(
        default_factory=MemberCache
    )
    """With `page_permissions`: those of them who work on a page (R1.4)."""
    absent: dict[AgentId, Excluded] = field(default_factory=dict)
    """The exclusion entry of each agent who is enabled and absent."""
    elsewhere: dict[AgentId, Excluded] = field(default_factory=dict)
    """The same of each who is excluded because they do not work on a page (R1.4)."""


@dataclass(slots=True, eq=False)
class OrganizationPools:
    """The pools of one organization at one moment. `candidates` computes them when they are first
    needed."""

    organization: OrganizationState
    directory_pools: DirectoryPools
    by_event: MemberCache[PoolKey, Pool] = field(default_factory=MemberCache)
    by_rule: MemberCache[RulePoolKey, Pool] = field(default_factory=MemberCache)
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
            directory_pools = None if found is None else found.directory_pools
            found = OrganizationPools(
                organization, _directory_pools_of(organization.directory, directory_pools)
            )
            self._pools[organization.id] = found
        return found


def _directory_pools_of(directory: Organization, before: DirectoryPools | None) -> DirectoryPools:
    if before is not None and before.directory is directory:
        return before
    if before is not None and before.directory.links is directory.links:
        links = before.links
    else:
        links = Links({each: link.value for each, link in directory.links.items()})
    if before is not None and before.directory.rules is directory.rules:
        return DirectoryPools(directory, links, before.rules)
    return DirectoryPools(directory, links, PageRules(directory.rules))
