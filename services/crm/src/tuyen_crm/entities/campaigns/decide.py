"""Handles commands about campaigns (S2)."""

from collections.abc import Iterable
from functools import partial
from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.domain.entity_removal import build_contact_command, decide_removal_with_contacts
from tuyen_crm.domain.index_keys import campaign_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.shares.decide import decide_enrollment
from tuyen_events.crm.campaigns import (
    CampaignChanged,
    CampaignRemoved,
    EmptyCampaign,
    PutCampaign,
    RemoveCampaign,
)
from tuyen_events.crm.records import CrmEvent, CrmRefusal
from tuyen_events.crm.shares import EnrollContact
from tuyen_events.crm.sharing_rules import SharingRuleChanged
from tuyen_events.ids import ContactId

KIND = "campaigns"

CampaignCommands = PutCampaign | EmptyCampaign | RemoveCampaign


def decide(known: KnownState, command: CampaignCommands) -> CommandDecision:
    match command:
        case PutCampaign():
            return put_entity(known, KIND, command, CampaignChanged)
        case EmptyCampaign() | RemoveCampaign():
            return _remove(known, command)
        case _:
            assert_never(command)


def _remove(known: KnownState, command: EmptyCampaign | RemoveCampaign) -> CommandDecision:
    """Refuses to remove a campaign that has a sharing rule."""
    if _has_rule(known, command.id):
        return decide_refused(CrmRefusal.IN_USE)
    removed = None
    if isinstance(command, RemoveCampaign):
        removed = remove_entity(known, KIND, command, CampaignRemoved)
    keys = [campaign_key(command.id)]
    return decide_removal_with_contacts(known, keys, partial(_take_out, known, command), removed)


def _has_rule(known: KnownState, campaign_id: str) -> bool:
    return any(
        isinstance(rule, SharingRuleChanged) and rule.campaign_id == campaign_id
        for rule in known.list_setup("sharing_rules")
    )


def _take_out(
    known: KnownState,
    command: EmptyCampaign | RemoveCampaign,
    contact_id: ContactId,
    contact: ContactState,
) -> Iterable[CrmEvent]:
    """Takes a contact out of the campaign, so that it waits for none of its sharing rules."""
    leave = build_contact_command(
        command, EnrollContact, contact_id, campaign_id=None, care_status=None
    )
    return decide_enrollment(known, contact, leave).events
