"""Campaigns, for which contacts are shared with many agents (S2)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict

from tuyen_events.crm.campaigns import EmptyCampaign, PutCampaign, RemoveCampaign
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import Name, RequestBody
from tuyen_gateway.api.crm.access import carry_out, not_found
from tuyen_gateway.api.crm.entities import (
    EntityView,
    command_fields,
    list_setup,
    meta_of,
    remove_emptied,
)
from tuyen_gateway.api.dependencies import Administrator, GatewayPorts, SetupReader
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_views.campaigns import CAMPAIGNS_VIEW, CampaignDocument

router = APIRouter(prefix="/campaigns", tags=["contacts"])

CampaignPath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class CampaignIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Tết 2027"}]})

    name: Name


class CampaignView(EntityView):
    name: str


@router.put(
    "/{campaign_id}", summary="Add or change a campaign", responses=problems(403, 409, 412, 429)
)
async def put_campaign(
    *,
    campaign_id: CampaignPath,
    body: CampaignIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> CampaignView:
    """For the role `system_admin`."""
    organization = caller.organization.id
    existing = await gateway.crm.setup(CAMPAIGNS_VIEW, organization, campaign_id)
    command = PutCampaign(
        **command_fields(gateway, caller, expected), id=campaign_id, name=body.name
    )
    settled = await carry_out(gateway, command, "campaign")
    set_etag(response, settled.version)
    return CampaignView(
        id=campaign_id,
        name=body.name,
        created_at=existing.created_at if existing else command.at,
        created_by=existing.created_by if existing else command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the campaigns", responses=problems(403))
async def list_campaigns(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[CampaignView]:
    """For managing roles; in the order of their ids."""
    return await list_setup(gateway, caller.organization.id, paging, CAMPAIGNS_VIEW, _view)


@router.get("/{campaign_id}", summary="One campaign", responses=problems(403, 404))
async def get_campaign(
    campaign_id: CampaignPath, caller: SetupReader, gateway: GatewayPorts, response: Response
) -> CampaignView:
    """For managing roles."""
    organization = caller.organization.id
    campaign = await gateway.crm.setup(CAMPAIGNS_VIEW, organization, campaign_id)
    if campaign is None:
        raise not_found("campaign", campaign_id)
    set_etag(response, campaign.sequence)
    return _view(campaign)


@router.delete(
    "/{campaign_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a campaign",
    responses=problems(403, 409, 412, 429),
)
async def delete_campaign(
    campaign_id: CampaignPath,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
) -> None:
    """For the role `system_admin`. Its contacts leave it, and have no care status any more. If they
    are so many that it takes longer than 5 s, the answer is `503`, and the request is to be
    repeated. The answer is the same if there is no such campaign; it is `409` while a sharing rule
    is for it."""
    remove = RemoveCampaign(**command_fields(gateway, caller, expected), id=campaign_id)
    await remove_emptied(gateway, remove, EmptyCampaign, "campaign")


def _view(campaign: CampaignDocument) -> CampaignView:
    return CampaignView(**meta_of(campaign), name=campaign.name)
