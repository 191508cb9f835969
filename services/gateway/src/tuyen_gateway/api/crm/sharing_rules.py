"""Rules by which the contacts of a campaign are shared with many agents (S2)."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from tuyen_events.crm.sharing_rules import PutSharingRule, RemoveSharingRule
from tuyen_events.crm_limits import AGENTS_OF_SHARING_RULE, SHARING_EVERY_MINUTES
from tuyen_events.ids import AgentId
from tuyen_gateway.api.bodies import ChosenId, Name
from tuyen_gateway.api.crm.entities import EntityView, meta_of
from tuyen_gateway.api.crm.setup_routes import SetupBody, SetupKind, add_setup_routes
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed
from tuyen_gateway.domain.changes import check_agents
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument

router = APIRouter(prefix="/sharing-rules", tags=["contacts"])

RuleType = Literal["multi_assigned_account"]


class SharingRuleIn(SetupBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Khách Tết cho cả nhóm",
                    "type": "multi_assigned_account",
                    "campaign_id": "tet-2027",
                    "agent_ids": ["lan", "minh"],
                    "every_minutes": 15,
                }
            ]
        }
    )

    name: Name
    type: RuleType
    owner: ChosenId | None = None
    """The agent who is responsible for the rule; if omitted, whoever created it."""
    campaign_id: ChosenId
    agent_ids: list[ChosenId] = Field(max_length=AGENTS_OF_SHARING_RULE, fail_fast=True)
    every_minutes: int = Field(ge=1, le=SHARING_EVERY_MINUTES)
    """How often new contacts of the campaign are shared."""

    def convert(self, caller: Caller, existing: Any) -> dict[str, Any]:
        owner = self.owner or (existing.owner if existing else caller.viewer.agent_id)
        if self.owner and "owner" in self.model_fields_set:
            check_agents(caller.organization, "owner", [AgentId(owner)])
        return {
            "name": self.name,
            "owner": AgentId(owner),
            "campaign_id": self.campaign_id,
            "agent_ids": tuple(sorted({*self.read_agents(caller, "agent_ids")})),
            "every_minutes": self.every_minutes,
        }


class SharingRuleView(EntityView):
    name: str
    type: RuleType
    owner: str
    campaign_id: str
    agent_ids: list[str]
    every_minutes: int


def _view(rule: SharingRuleDocument) -> SharingRuleView:
    return SharingRuleView(
        **meta_of(rule),
        name=rule.name,
        type="multi_assigned_account",
        owner=rule.owner,
        campaign_id=rule.campaign_id,
        agent_ids=list(rule.agent_ids),
        every_minutes=rule.every_minutes,
    )


add_setup_routes(
    router,
    SetupKind(
        one="sharing rule",
        many="sharing rules",
        view=SHARING_RULES_VIEW,
        content=SharingRuleIn,
        shown=SharingRuleView,
        listed=Listed[SharingRuleView],
        put=PutSharingRule,
        remove=RemoveSharingRule,
        render=_view,
        effect="Contacts that were shared by the rule are shared again at once, so that an agent "
        "who was taken off it loses what it gave (S4); new contacts of the campaign are shared "
        "every `every_minutes`. A rule that is removed takes back everything that it gave.",
    ),
)
