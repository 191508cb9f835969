"""Sharing rules (S2): what is decided, and what is shown."""

from datetime import UTC, datetime
from typing import Any

from crm.known import KnownThings
from tuyen_crm.entities.campaigns.decide import decide as decide_campaign
from tuyen_crm.entities.sharing_rules.decide import decide
from tuyen_crm.entities.sharing_rules.view import describe, fold
from tuyen_events.crm.campaigns import CampaignChanged, RemoveCampaign
from tuyen_events.crm.records import CrmOutcome, CrmRefusal, SetupEvent
from tuyen_events.crm.sharing_rules import (
    PutSharingRule,
    RemoveSharingRule,
    SharingRuleChanged,
    SharingRuleRemoved,
)
from tuyen_events.crm_limits import SHARING_RULES_OF_CAMPAIGN
from tuyen_events.ids import AgentId, OrganizationId

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, BOSS, HOA, LAN = OrganizationId("hoa-sen"), AgentId("boss"), AgentId("hoa"), AgentId("lan")
TET = CampaignChanged(
    organization=SHOP, id="tet", name="Tết", by=BOSS, sequence=1, caused_by="cmd_0", at=MOMENT
)


def put(rule_id: str = "r", **changed: Any) -> PutSharingRule:
    given: dict[str, Any] = {
        "name": "Khách Tết",
        "owner": BOSS,
        "campaign_id": "tet",
        "agent_ids": (HOA, LAN),
        "every_minutes": 15,
        **changed,
    }
    return PutSharingRule(
        command_id="cmd_1", organization=SHOP, id=rule_id, by=BOSS, at=MOMENT, **given
    )


def known(*rules: SetupEvent, sequence: int = 9) -> KnownThings:
    entities: dict[tuple[str, str], SetupEvent] = {("campaigns", "tet"): TET}
    entities |= {("sharing_rules", rule.id): rule for rule in rules}
    return KnownThings(entities=entities, sequence=sequence)


def make(command: PutSharingRule, *rules: SetupEvent, sequence: int = 9) -> SharingRuleChanged:
    (event,) = decide(known(*rules, sequence=sequence), command).events
    assert isinstance(event, SharingRuleChanged)
    return event


def test_s2_a_rule_has_a_name_an_owner_a_campaign_and_agents() -> None:
    event = make(put())
    assert (event.name, event.owner, event.campaign_id) == ("Khách Tết", BOSS, "tet")
    assert (event.agent_ids, event.every_minutes) == ((HOA, LAN), 15)
    assert (event.sequence, event.revision) == (10, 10)


def test_s2_the_revision_changes_with_what_contacts_are_shared_by() -> None:
    first = make(put())
    renamed = make(put(name="Tết Đinh Mùi", every_minutes=5), first, sequence=10)
    assert (renamed.sequence, renamed.revision) == (11, 10)
    changed = make(put(agent_ids=(HOA,)), renamed, sequence=11)
    assert (changed.sequence, changed.revision) == (12, 12)


def test_s2_a_rule_is_for_a_campaign_that_exists() -> None:
    decision = decide(known(), put(campaign_id="none"))
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, CrmRefusal.NO_CAMPAIGN)


def test_s2_a_campaign_has_a_bounded_number_of_rules() -> None:
    rules = [make(put(f"r{number}")) for number in range(SHARING_RULES_OF_CAMPAIGN)]
    assert decide(known(*rules), put()).refusal is CrmRefusal.TOO_MANY
    assert decide(known(*rules), put("r3", name="x")).outcome is CrmOutcome.APPLIED


def test_s2_a_campaign_stays_while_a_rule_is_for_it() -> None:
    command = RemoveCampaign(command_id="cmd_2", organization=SHOP, id="tet", by=BOSS, at=MOMENT)
    refused = decide_campaign(known(make(put())), command)
    assert (refused.outcome, refused.refusal) == (CrmOutcome.REFUSED, CrmRefusal.IN_USE)
    assert decide_campaign(known(), command).outcome is CrmOutcome.APPLIED


def test_s4_a_rule_is_removed_once() -> None:
    command = RemoveSharingRule(command_id="cmd_2", organization=SHOP, id="r", by=BOSS, at=MOMENT)
    (event,) = decide(known(make(put())), command).events
    assert isinstance(event, SharingRuleRemoved)
    assert decide(known(), command).outcome is CrmOutcome.UNCHANGED


def test_o2_a_rules_history_says_from_what_to_what() -> None:
    first = make(put())
    before = fold(None, first)
    assert before is not None
    assert describe(first, None, before).en == "created the sharing rule “Khách Tết”."
    changed = make(put(agent_ids=(HOA,)), first, sequence=10)
    after = fold(before, changed)
    description = describe(changed, before, after)
    assert (description.by, description.vi) == (BOSS, "sửa quy tắc chia sẻ “Khách Tết”.")
    (change,) = description.changes
    assert (change.field, change.before, change.after) == (
        "agent_ids",
        '["hoa","lan"]',
        '["hoa"]',
    )
    command = RemoveSharingRule(command_id="cmd_2", organization=SHOP, id="r", by=BOSS, at=MOMENT)
    (removed,) = decide(known(changed), command).events
    assert isinstance(removed, SharingRuleRemoved)
    assert fold(after, removed) is None
    assert describe(removed, after, None).en == "removed the sharing rule “Khách Tết”."
