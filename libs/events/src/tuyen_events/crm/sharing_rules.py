"""Rules by which the contacts of a campaign are shared with many agents."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent
from tuyen_events.ids import AgentId


class PutSharingRule(SetupCommand, frozen=True, kw_only=True):
    """Create the rule, or replace the one with that id."""

    type: ClassVar[str] = "sharing_rule.put.v1"
    name: str
    owner: AgentId
    campaign_id: str
    agent_ids: tuple[AgentId, ...]
    every_minutes: int


class RemoveSharingRule(SetupCommand, frozen=True, kw_only=True):
    """Remove the rule; if there is none, nothing changes."""

    type: ClassVar[str] = "sharing_rule.remove.v1"


class SharingRuleChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent created or changed a sharing rule (S2). The event contains all of it. `revision` is
    the sequence of the last change of its campaign or its agents, which has to be applied to
    contacts."""

    type: ClassVar[str] = "sharing_rule.changed.v1"
    name: str
    owner: AgentId
    campaign_id: str
    agent_ids: tuple[AgentId, ...]
    every_minutes: int
    revision: int


class SharingRuleRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a sharing rule."""

    type: ClassVar[str] = "sharing_rule.removed.v1"
    removes: ClassVar[bool] = True
