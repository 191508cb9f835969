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
    DirectoryEvent,
    OrganizationChanged,
    PageChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, OrganizationId, PageId, RuleId
from tuyen_events.vocabulary import Capability, Mode, Presence

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Pool:
    """The agents that a rule chooses from for one page and capability.

    `order` is the whole pool, which the rotation goes round; `candidates` are those of it who may
    be chosen at this moment, in the same order. `rule` is None where no rule covers the page.
    """

    rule: RuleChanged | None
    order: tuple[AgentId, ...]
    candidates: tuple[AgentId, ...]


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
    presence: Mapping[AgentId, Presence] = field(default_factory=dict)
    pools: dict[tuple[PageId, Capability], Pool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `candidates.pool_for` worked out from this very organization."""

    def presence_of(self, agent: AgentId) -> Presence:
        return self.presence.get(agent, Presence.OFFLINE)

    @property
    def assigns(self) -> bool:
        """Whether conversations may be assigned at all."""
        return self.settings.assignment and not self.suspended

    @property
    def assigns_by_itself(self) -> bool:
        """Whether rules assign, rather than managers alone."""
        return self.assigns and self.settings.auto_assign

    @cached_property
    def counts_loads(self) -> bool:
        """Whether a choice depends on how many open conversations agents have (R1.7, R2.3)."""
        return any(
            rule.mode is Mode.LEAST_LOADED or any(m.capacity is not None for m in rule.members)
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
        case _:
            changed = organization
    return changed


def without(organization: Organization, entity: str, entity_id: str) -> Organization:
    """The organization after an agent, a page or a rule was removed."""
    match entity:
        case "agent":
            return replace(organization, agents=_less(organization.agents, AgentId(entity_id)))
        case "page":
            return replace(organization, pages=_less(organization.pages, PageId(entity_id)))
        case "rule":
            return replace(organization, rules=_less(organization.rules, RuleId(entity_id)))
        case _:
            return organization


def with_presence(organization: Organization, agent: AgentId, presence: Presence) -> Organization:
    """The organization after an agent came or went."""
    return replace(organization, presence={**organization.presence, agent: presence})


def _less(entities: Mapping[_K, _V], key: _K) -> dict[_K, _V]:
    return {each: entity for each, entity in entities.items() if each != key}
