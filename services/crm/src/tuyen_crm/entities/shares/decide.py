"""Handles commands about who may read a contact.

Decides S1, S2, S3 and S4.
"""

from functools import partial
from typing import assert_never

from msgspec import UNSET

from tuyen_crm.domain.content import MANUALLY
from tuyen_crm.domain.decision import (
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.survivors import decide_for_survivor
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.records import ContactEvent, CrmRefusal
from tuyen_events.crm.shares import (
    ApplySharingRule,
    CareStatus,
    ContactEnrolled,
    ContactShared,
    ContactUnshared,
    EnrollContact,
    ShareContact,
    SharingRuleApplied,
    SharingRuleEnded,
    UnshareContact,
)
from tuyen_events.crm.sharing_rules import SharingRuleChanged
from tuyen_events.crm_limits import MANUAL_VIEWERS

ShareCommands = ShareContact | UnshareContact | EnrollContact | ApplySharingRule


def decide(known: KnownState, command: ShareCommands) -> CommandDecision:
    return decide_for_survivor(known, command, partial(_decide, known))


def _decide(known: KnownState, contact: ContactState, command: ShareCommands) -> CommandDecision:
    if isinstance(command, ApplySharingRule):
        return _apply_rule(known, contact, command)
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    match command:
        case ShareContact():
            return _share(contact, command)
        case UnshareContact():
            return _unshare(contact, command)
        case EnrollContact():
            return decide_enrollment(known, contact, command)
        case _:
            assert_never(command)


def _share(contact: ContactState, command: ShareContact) -> CommandDecision:
    if MANUALLY in contact.shares.get(command.agent_id, ()):
        return decide_unchanged(contact.version)
    if sum(MANUALLY in reasons for reasons in contact.shares.values()) >= MANUAL_VIEWERS:
        return decide_refused(CrmRefusal.TOO_MANY, contact.version)
    return decide_applied(build_event(command, ContactShared, contact.sequence + 1))


def _unshare(contact: ContactState, command: UnshareContact) -> CommandDecision:
    """Ends the manual share. Shares by rules stay."""
    if MANUALLY not in contact.shares.get(command.agent_id, ()):
        return decide_unchanged(contact.version)
    return decide_applied(build_event(command, ContactUnshared, contact.sequence + 1))


def decide_enrollment(
    known: KnownState, contact: ContactState, command: EnrollContact
) -> CommandDecision:
    """Changes the campaign and the care status. Shares by the rules of another campaign end."""
    chosen = contact.campaign_id if command.campaign_id is UNSET else command.campaign_id
    status = contact.care_status if command.care_status is UNSET else command.care_status
    if (chosen, status) == (contact.campaign_id, contact.care_status):
        return decide_unchanged(contact.version)
    campaign = None if chosen is None else known.setup("campaigns", chosen)
    if campaign is None and chosen is not None and chosen != contact.campaign_id:
        return decide_refused(CrmRefusal.NO_CAMPAIGN, contact.version)
    enrolled = ContactEnrolled(
        organization=command.organization,
        contact_id=command.contact_id,
        sequence=contact.sequence + 1,
        campaign_id=chosen,
        campaign_name=campaign.name if isinstance(campaign, CampaignChanged) else None,
        care_status=status,
        by=command.by,
        caused_by=command.command_id,
        at=command.at,
    )
    ended = [each for each in contact.applied if _find_rule(known, each, chosen) is None]
    return decide_applied(
        enrolled,
        *(
            _end_rule(command, each, enrolled.sequence + number)
            for number, each in enumerate(ended, start=1)
        ),
    )


def _apply_rule(
    known: KnownState, contact: ContactState, command: ApplySharingRule
) -> CommandDecision:
    """Shares the contact as the rule says now. If this revision of the rule was applied before, and
    the contact does not wait for it, nothing changes, so a job may apply it twice."""
    rule = _find_rule(known, command.rule_id, contact.campaign_id)
    if rule is None:
        if command.rule_id not in contact.applied:
            return decide_unchanged(contact.version)
        return decide_applied(_end_rule(command, command.rule_id, contact.sequence + 1))
    waits = contact.care_status is CareStatus.MULTI_ASSIGN_PENDING
    if contact.applied.get(rule.id) == rule.revision and not waits:
        return decide_unchanged(contact.version)
    return decide_applied(
        SharingRuleApplied(
            organization=command.organization,
            contact_id=command.contact_id,
            sequence=contact.sequence + 1,
            rule_id=rule.id,
            rule_name=rule.name,
            revision=rule.revision,
            agent_ids=rule.agent_ids,
            care_status=CareStatus.MULTI_ASSIGNED if waits else contact.care_status,
            caused_by=command.command_id,
            at=command.at,
        )
    )


def _find_rule(
    known: KnownState, rule_id: str, campaign_id: str | None
) -> SharingRuleChanged | None:
    """The rule, if it is for this campaign."""
    rule = known.setup("sharing_rules", rule_id)
    if isinstance(rule, SharingRuleChanged) and rule.campaign_id == campaign_id:
        return rule
    return None


def _end_rule(
    command: EnrollContact | ApplySharingRule, rule_id: str, sequence: int
) -> ContactEvent:
    return SharingRuleEnded(
        organization=command.organization,
        contact_id=command.contact_id,
        sequence=sequence,
        rule_id=rule_id,
        caused_by=command.command_id,
        at=command.at,
    )
