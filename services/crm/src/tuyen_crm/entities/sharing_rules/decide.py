"""Handles commands about sharing rules.

Decides S2.
"""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.sharing_rules import (
    PutSharingRule,
    RemoveSharingRule,
    SharingRuleChanged,
    SharingRuleRemoved,
)
from tuyen_events.crm_limits import SHARING_RULES_OF_CAMPAIGN

KIND = "sharing_rules"

SharingRuleCommands = PutSharingRule | RemoveSharingRule


def decide(known: KnownState, command: SharingRuleCommands) -> CommandDecision:
    match command:
        case PutSharingRule():
            return _put(known, command)
        case RemoveSharingRule():
            return remove_entity(known, KIND, command, SharingRuleRemoved)
        case _:
            assert_never(command)


def _put(known: KnownState, command: PutSharingRule) -> CommandDecision:
    if known.setup("campaigns", command.campaign_id) is None:
        return decide_refused(CrmRefusal.NO_CAMPAIGN)
    others = [
        rule
        for rule in known.list_setup(KIND)
        if isinstance(rule, SharingRuleChanged)
        and rule.campaign_id == command.campaign_id
        and rule.id != command.id
    ]
    if len(others) >= SHARING_RULES_OF_CAMPAIGN:
        return decide_refused(CrmRefusal.TOO_MANY)
    return put_entity(known, KIND, command, SharingRuleChanged, revision=_revise(known, command))


def _revise(known: KnownState, command: PutSharingRule) -> int:
    """The revision after the command: a new one if its agents or its campaign change, so that it is
    applied to the contacts again."""
    match known.setup(KIND, command.id):
        case SharingRuleChanged(campaign_id=campaign_id, agent_ids=agent_ids, revision=revision):
            if (campaign_id, agent_ids) == (command.campaign_id, command.agent_ids):
                return revision
    return known.setup_sequence() + 1
