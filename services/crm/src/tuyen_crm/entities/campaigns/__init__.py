"""Campaigns, for which contacts are shared with many agents (S2)."""

from tuyen_crm.entities.campaigns import decide, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.campaigns import (
    CampaignChanged,
    CampaignRemoved,
    EmptyCampaign,
    PutCampaign,
    RemoveCampaign,
)
from tuyen_views.campaigns import CAMPAIGNS_VIEW, CampaignDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.CampaignCommands, view.CampaignEvents, CampaignDocument] = Entity(
    name=decide.KIND,
    commands=(PutCampaign, EmptyCampaign, RemoveCampaign),
    decide=decide.decide,
    events=(CampaignChanged, CampaignRemoved),
    view=CAMPAIGNS_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
