"""Handles commands about campaigns.

Decides S2.
"""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.campaigns import (
    CampaignChanged,
    CampaignRemoved,
    PutCampaign,
    RemoveCampaign,
)

KIND = "campaigns"

CampaignCommands = PutCampaign | RemoveCampaign


def decide(known: KnownState, command: CampaignCommands) -> CommandDecision:
    match command:
        case PutCampaign():
            return put_entity(known, KIND, command, CampaignChanged)
        case RemoveCampaign():
            return remove_entity(known, KIND, command, CampaignRemoved)
        case _:
            assert_never(command)
