"""Rules by which the contacts of a campaign are shared with many agents (S2)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict, Field

from tuyen_events.crm.sharing_rules import PutSharingRule, RemoveSharingRule
from tuyen_events.crm_limits import AGENTS_OF_SHARING_RULE, SHARING_EVERY_MINUTES
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody
from tuyen_gateway.api.crm.access import carry_out, not_found
from tuyen_gateway.api.crm.entities import EntityView, command_fields, list_setup, meta_of
from tuyen_gateway.api.dependencies import Administrator, Caller, GatewayPorts, SetupReader
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument

router = APIRouter(prefix="/sharing-rules", tags=["contacts"])

SharingRulePath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]
RuleType = Literal["multi_assigned_account"]


class SharingRuleIn(RequestBody):
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


class SharingRuleView(EntityView):
    name: str
    type: RuleType
    owner: str
    campaign_id: str
    agent_ids: list[str]
    every_minutes: int


@router.put(
    "/{rule_id}", summary="Add or change a sharing rule", responses=problems(403, 409, 412, 429)
)
async def put_sharing_rule(
    *,
    rule_id: SharingRulePath,
    body: SharingRuleIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> SharingRuleView:
    """For the role `system_admin`. Contacts that were shared by the rule are shared again at once,
    so that an agent who was taken off it loses what it gave (S4); new contacts of the campaign are
    shared every `every_minutes`. `409` if there is no such campaign."""
    existing = await gateway.crm.setup(SHARING_RULES_VIEW, caller.organization.id, rule_id)
    owner = body.owner or (existing.owner if existing else caller.viewer.agent_id)
    _check_agents(caller, body, owner)
    command = PutSharingRule(
        **command_fields(gateway, caller, expected),
        id=rule_id,
        name=body.name,
        owner=AgentId(owner),
        campaign_id=body.campaign_id,
        agent_ids=tuple(AgentId(agent) for agent in sorted({*body.agent_ids})),
        every_minutes=body.every_minutes,
    )
    settled = await carry_out(gateway, command, "sharing rule")
    set_etag(response, settled.version)
    return SharingRuleView(
        id=rule_id,
        name=command.name,
        type=body.type,
        owner=command.owner,
        campaign_id=command.campaign_id,
        agent_ids=list(command.agent_ids),
        every_minutes=command.every_minutes,
        created_at=existing.created_at if existing else command.at,
        created_by=existing.created_by if existing else command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the sharing rules", responses=problems(403))
async def list_sharing_rules(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[SharingRuleView]:
    """For managing roles; in the order of their ids."""
    return await list_setup(gateway, caller.organization.id, paging, SHARING_RULES_VIEW, _view)


@router.get("/{rule_id}", summary="One sharing rule", responses=problems(403, 404))
async def get_sharing_rule(
    rule_id: SharingRulePath, caller: SetupReader, gateway: GatewayPorts, response: Response
) -> SharingRuleView:
    """For managing roles."""
    rule = await gateway.crm.setup(SHARING_RULES_VIEW, caller.organization.id, rule_id)
    if rule is None:
        raise not_found("sharing rule", rule_id)
    set_etag(response, rule.sequence)
    return _view(rule)


@router.delete(
    "/{rule_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a sharing rule",
    responses=problems(403, 412, 429),
)
async def delete_sharing_rule(
    rule_id: SharingRulePath,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
) -> None:
    """For the role `system_admin`. Ends everything that the rule gave. The answer is the same if
    there is no such rule."""
    command = RemoveSharingRule(**command_fields(gateway, caller, expected), id=rule_id)
    await carry_out(gateway, command, "sharing rule")


def _check_agents(caller: Caller, body: SharingRuleIn, owner: str) -> None:
    if owner not in caller.organization.agents:
        raise InvalidError("owner", f"There is no agent {owner!r}.")
    for agent in body.agent_ids:
        if agent not in caller.organization.agents:
            raise InvalidError("agent_ids", f"There is no agent {agent!r}.")


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
