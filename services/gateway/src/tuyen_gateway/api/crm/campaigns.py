"""Campaigns, for which contacts are shared with many agents (S2)."""

from fastapi import APIRouter
from pydantic import ConfigDict

from tuyen_events.crm.campaigns import EmptyCampaign, PutCampaign, RemoveCampaign
from tuyen_gateway.api.bodies import Name
from tuyen_gateway.api.crm.entities import EntityView, meta_of
from tuyen_gateway.api.crm.setup_routes import SetupBody, SetupKind, add_setup_routes
from tuyen_gateway.api.paging import Listed
from tuyen_views.campaigns import CAMPAIGNS_VIEW, CampaignDocument

router = APIRouter(prefix="/campaigns", tags=["contacts"])


class CampaignIn(SetupBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Tết 2027"}]})

    name: Name


class CampaignView(EntityView):
    name: str


def _view(campaign: CampaignDocument) -> CampaignView:
    return CampaignView(**meta_of(campaign), name=campaign.name)


add_setup_routes(
    router,
    SetupKind(
        one="campaign",
        many="campaigns",
        view=CAMPAIGNS_VIEW,
        content=CampaignIn,
        shown=CampaignView,
        listed=Listed[CampaignView],
        put=PutCampaign,
        remove=RemoveCampaign,
        render=_view,
        empty=EmptyCampaign,
        effect="The contacts of a campaign that is removed leave it, and have no care status any "
        "more; it is `409` while a sharing rule is for it.",
    ),
)
