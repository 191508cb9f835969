"""Handles commands about campaigns (S2)."""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.campaigns import (
    CampaignChanged,
    CampaignRemoved,
    PutCampaign,
    RemoveCampaign,
)
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.sharing_rules import SharingRuleChanged

KIND = "campaigns"

CampaignCommands = PutCampaign | RemoveCampaign


def decide(known: KnownState, command: CampaignCommands) -> CommandDecision:
    match command:
        case PutCampaign():
            return put_entity(known, KIND, command, CampaignChanged)
        case RemoveCampaign():
            return _remove(known, command)
        case _:
            assert_never(command)


def _remove(known: KnownState, command: RemoveCampaign) -> CommandDecision:
    """A campaign stays while a sharing rule is for it."""
    for rule in known.list_setup("sharing_rules"):
        if isinstance(rule, SharingRuleChanged) and rule.campaign_id == command.id:
            return decide_refused(CrmRefusal.IN_USE)
    return remove_entity(known, KIND, command, CampaignRemoved)
