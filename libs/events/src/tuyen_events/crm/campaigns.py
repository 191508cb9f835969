"""Campaigns, for which contacts are shared with many agents."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent


class PutCampaign(SetupCommand, frozen=True, kw_only=True):
    """Create the campaign, or replace the one with that id."""

    type: ClassVar[str] = "campaign.put.v1"
    name: str


class EmptyCampaign(SetupCommand, frozen=True, kw_only=True):
    """Take some of the campaign's contacts out of it. If it has none, nothing changes."""

    type: ClassVar[str] = "campaign.empty.v1"


class RemoveCampaign(SetupCommand, frozen=True, kw_only=True):
    """Remove the campaign, and take its contacts out of it; if there is none, nothing changes. With
    many contacts it has to be emptied first."""

    type: ClassVar[str] = "campaign.remove.v1"


class CampaignChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent created or changed a campaign (S2). The event contains all of it."""

    type: ClassVar[str] = "campaign.changed.v1"
    name: str


class CampaignRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a campaign, which had no contacts any more."""

    type: ClassVar[str] = "campaign.removed.v1"
    removes: ClassVar[bool] = True
