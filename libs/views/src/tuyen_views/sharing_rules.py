"""Sharing rules. The CRM writes them; the gateway reads them."""

from tuyen_events.ids import AgentId
from tuyen_views.view import BY_ID, SetupDocument, View


class SharingRuleDocument(SetupDocument, frozen=True, kw_only=True):
    """A sharing rule. `revision` is as in the event."""

    name: str
    owner: AgentId
    campaign_id: str
    agent_ids: tuple[AgentId, ...]
    every_minutes: int
    revision: int = 0


SHARING_RULES_VIEW = View("crm_sharing_rules", SharingRuleDocument, (BY_ID,))
