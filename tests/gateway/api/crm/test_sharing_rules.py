"""Sharing rules and campaigns, as they are set up (S2)."""

from typing import Any

import pytest

from gateway.api.crm.answering import CREATED, crm
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.sharing_rules import PutSharingRule, RemoveSharingRule
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument

PATH = "/v1/sharing-rules/tet"
BODY: dict[str, Any] = {
    "name": "Khách Tết",
    "type": "multi_assigned_account",
    "campaign_id": "tet-2027",
    "agent_ids": ["hoa", "admin"],
    "every_minutes": 15,
}


async def fill(views: Database, organization: str = "shop") -> None:
    rule = SharingRuleDocument(
        key=f"{organization}/tet",
        id="tet",
        organization=OrganizationId(organization),
        sequence=3,
        created_at=CREATED,
        created_by=AgentId("hoa"),
        updated_at=CREATED,
        name="Khách Tết",
        owner=AgentId("hoa"),
        campaign_id="tet-2027",
        agent_ids=(AgentId("hoa"),),
        every_minutes=15,
        revision=3,
    )
    await views[SHARING_RULES_VIEW.collection].insert_one(SHARING_RULES_VIEW.encode(rule))


async def test_s2_a_rule_is_a_command_to_the_crm(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await desk.staff(owner, "hoa")
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.put(PATH, BODY)
        assert (await owner.delete(PATH)).status_code == 204
    assert answer.status_code == 200
    moment = START.isoformat().replace("+00:00", "Z")
    assert answer.json() == {
        **BODY,
        "id": "tet",
        "owner": "admin",
        "agent_ids": ["admin", "hoa"],
        "created_at": moment,
        "created_by": "admin",
        "updated_at": moment,
        "version": 4,
    }
    put, removed = asked
    assert isinstance(put, PutSharingRule)
    assert (put.id, put.owner, put.agent_ids) == ("tet", "admin", ("admin", "hoa"))
    assert isinstance(removed, RemoveSharingRule)


async def test_s2_a_rule_keeps_its_owner_and_can_get_another(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await desk.staff(owner, "hoa")
    await fill(views)
    async with crm(log, CrmOutcome.APPLIED, 4):
        changed = await owner.done("PUT", PATH, BODY)
        given = await owner.done("PUT", PATH, {**BODY, "owner": "admin"})
    assert (changed["owner"], changed["created_by"]) == ("hoa", "hoa")
    assert given["owner"] == "admin"


async def test_s2_managers_read_the_rules(desk: Rig, owner: User, views: Database) -> None:
    await fill(views)
    await fill(views, "rival")
    manager = await desk.staff(owner, "manager", "sales_manager")
    listed = await manager.done("GET", "/v1/sharing-rules")
    assert listed["items"] == [await manager.done("GET", PATH)]
    agent = await desk.staff(owner, "agent")
    for method, path in (("GET", PATH), ("GET", "/v1/sharing-rules"), ("DELETE", PATH)):
        assert (await agent.call(method, path, None)).status_code == 403
    assert (await manager.call("PUT", PATH, BODY)).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"type": "another"},
        {"agent_ids": ["nobody"]},
        {"owner": "nobody"},
        {"every_minutes": 0},
        {"every_minutes": 100_000},
        {"agent_ids": ["admin"] * 300},
        {"name": " "},
    ],
)
async def test_s2_what_is_no_rule_is_refused_before_it_is_a_command(
    desk: Rig, owner: User, views: Database, log: InMemoryLog, change: dict[str, Any]
) -> None:
    await desk.staff(owner, "hoa")
    assert (await owner.put(PATH, {**BODY, **change})).status_code == 422
    assert await records(log, CRM_COMMANDS) == []
