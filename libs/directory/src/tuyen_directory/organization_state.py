"""What is known of one organization when somebody is chosen: its directory entities, and the
presence of its agents.

An `OrganizationState` is never changed; whatever happens makes a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tuyen_directory.organization import Organization
from tuyen_events.directory import SettingsChanged
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Presence


@dataclass(frozen=True)
class OrganizationState:
    """One organization at one moment. An agent without a presence record is offline."""

    directory: Organization
    """What people set up."""
    presence: Mapping[AgentId, Presence] = field(default_factory=dict)
    directory_offset: int = -1
    """The offset of the last directory record that was applied."""

    @property
    def id(self) -> OrganizationId:
        return self.directory.id

    @cached_property
    def settings(self) -> SettingsChanged:
        return self.directory.settings

    @cached_property
    def online(self) -> frozenset[AgentId]:
        """Who is online (R1.2)."""
        there = Presence.ONLINE
        return frozenset(agent for agent, presence in self.presence.items() if presence is there)

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

    @property
    def counts_loads(self) -> bool:
        """Whether a rule needs the number of open conversations of its agents (R1.7, R2.3)."""
        return self.directory.counts_loads


def with_presence(
    state: OrganizationState, agent: AgentId, presence: Presence
) -> OrganizationState:
    """The organization after an agent's presence changed."""
    return replace(state, presence={**state.presence, agent: presence})


def without_presence(state: OrganizationState, agent: AgentId) -> OrganizationState:
    """The organization after the presence of an agent was removed; the agent counts as offline."""
    presence = {each: known for each, known in state.presence.items() if each != agent}
    return replace(state, presence=presence)


def may_have_gained(before: OrganizationState, after: OrganizationState) -> bool:
    """Whether somebody may have become a candidate between two states of an organization (R5.1):
    unless at most some of its agents are no longer online (R1.2)."""
    return after.directory is not before.directory or not after.online <= before.online
