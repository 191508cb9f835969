"""Teams: whose contacts a leader sees, and may reassign among the members."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent
from tuyen_events.ids import AgentId


class PutTeam(SetupCommand, frozen=True, kw_only=True):
    """Create the team, or replace the one with that id."""

    type: ClassVar[str] = "team.put.v1"
    name: str
    leaders: tuple[AgentId, ...] = ()
    members: tuple[AgentId, ...] = ()


class RemoveTeam(SetupCommand, frozen=True, kw_only=True):
    """Remove the team; if there is none, nothing changes."""

    type: ClassVar[str] = "team.remove.v1"


class TeamChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent created or changed a team (W7). The event contains all of it."""

    type: ClassVar[str] = "team.changed.v1"
    name: str
    leaders: tuple[AgentId, ...] = ()
    members: tuple[AgentId, ...] = ()


class TeamRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a team."""

    type: ClassVar[str] = "team.removed.v1"
    removes: ClassVar[bool] = True
