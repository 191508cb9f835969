"""Which contacts are found for their sharing rules, by MongoDB as in memory."""

from typing import Any

import pytest

from gateway.jobs.sharing_rig import SHOP, START, SharedShop
from tuyen_events.crm.shares import ApplySharingRule
from tuyen_events.ids import ContactId
from tuyen_gateway.adapters.sharing import (
    MongoSharingScans,
    build_outdated_query,
    build_waiting_query,
)
from tuyen_gateway.ports.sharing import SharedContact, SharingScans
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.sharing_rules import SHARING_RULES_VIEW


async def make_history(views: Database) -> tuple[SharedShop, list[SharingScans]]:
    """A shop with all that the scans tell apart, in memory and in MongoDB."""
    shop = SharedShop()
    shop.add(*range(8))
    shop.enroll(0, 1, 2, 3, 4)
    shop.put_rule("hoa", rule_id="a")
    shop.put_rule("lan", rule_id="b")
    for rule in await shop.rules(SHOP):
        for contact in list(await shop.waiting(rule, 3, None)):
            shop.decide(_apply(contact, rule.id))
    shop.put_rule("minh", rule_id="a")
    for contact in list(await shop.outdated(SHOP, await revisions(shop), 1)):
        shop.decide(_apply(contact, "a"))
    shop.enroll(2, waits=True)
    shop.enroll(5, waits=False)
    shop.remove_rule("b")
    shop.catch_up()
    await views[CONTACTS_VIEW.collection].create_indexes(list(CONTACTS_VIEW.indexes))
    for document in shop.documents.values():
        await views[CONTACTS_VIEW.collection].insert_one(CONTACTS_VIEW.encode(document))
    for rule in await shop.rules(SHOP):
        await views[SHARING_RULES_VIEW.collection].insert_one(SHARING_RULES_VIEW.encode(rule))
    return shop, [shop, MongoSharingScans(views)]


def _apply(contact: SharedContact, rule_id: str) -> ApplySharingRule:
    return ApplySharingRule(
        command_id=f"{contact.id}/{contact.sequence}/{rule_id}",
        organization=SHOP,
        contact_id=contact.id,
        at=START,
        rule_id=rule_id,
    )


async def revisions(shop: SharedShop) -> dict[str, int]:
    return {rule.id: rule.revision for rule in await shop.rules(SHOP)}


async def test_s4_contacts_are_found_whose_rule_was_changed_or_removed(views: Database) -> None:
    shop, scans = await make_history(views)
    known = await revisions(shop)
    memory, mongo = [
        sorted(await each.outdated(SHOP, known, 100), key=lambda one: one.id) for each in scans
    ]
    assert [contact.id for contact in mongo] == ["con_0", "con_1", "con_2"]
    assert mongo == memory
    some = [ContactId("con_1"), ContactId("con_7")]
    (one,) = await scans[1].outdated(SHOP, known, 100, some)
    assert one.id == "con_1"
    assert len(await scans[1].outdated(SHOP, known, 2)) == 2


async def test_s3_contacts_are_found_that_wait_for_a_rule(views: Database) -> None:
    shop, scans = await make_history(views)
    (rule,) = await scans[1].rules(SHOP)
    assert [rule] == await shop.rules(SHOP)
    memory, mongo = [await each.waiting(rule, 100, None) for each in scans]
    assert [contact.id for contact in mongo] == ["con_1", "con_2", "con_3", "con_4", "con_5"]
    assert mongo == memory
    rest = await scans[1].waiting(rule, 2, ContactId("con_2"))
    assert [contact.id for contact in rest] == ["con_3", "con_4"]


@pytest.mark.parametrize("what", ["outdated", "waiting"])
async def test_r9_5_a_scan_reads_what_it_returns(views: Database, what: str) -> None:
    shop, _ = await make_history(views)
    (rule,) = await shop.rules(SHOP)
    query = build_outdated_query(SHOP, await revisions(shop)) if what == "outdated" else None
    contacts = views[CONTACTS_VIEW.collection]
    found = contacts.find(query or build_waiting_query(rule, None))
    if query is None:
        found = found.sort("_id", 1)
    plan = await found.explain()
    stages = _list_stages(plan["queryPlanner"]["winningPlan"])
    assert "COLLSCAN" not in stages
    assert "SORT" not in stages
    # Without the contacts that no rule was applied to, or of no campaign.
    assert plan["executionStats"]["totalKeysExamined"] <= 8


def _list_stages(plan: dict[str, Any]) -> set[str]:
    inner = [plan.get("inputStage"), *plan.get("inputStages", ())]
    return {plan["stage"]}.union(*(_list_stages(each) for each in inner if each))
