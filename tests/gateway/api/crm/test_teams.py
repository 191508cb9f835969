"""Teams (W7): set up by commands to the CRM, and what their leaders see."""

import msgspec
import pytest

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.rig import Rig, User, records
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.teams import PutTeam
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.teams import TEAMS_VIEW, TeamDocument

PATH = "/v1/teams/one"


async def test_w7_a_team_is_a_command_to_the_crm(desk: Rig, owner: User, log: InMemoryLog) -> None:
    for agent in ("hoa", "lan"):
        await desk.staff(owner, agent)
    body = {"name": "Nhóm 1", "leaders": ["hoa"], "members": ["lan"]}
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        answer = await owner.done("PUT", PATH, body)
    assert {name: answer[name] for name in body} == body
    (command,) = asked
    assert isinstance(command, PutTeam)
    assert (command.leaders, command.members) == (("hoa",), ("lan",))


@pytest.mark.parametrize("field", ["leaders", "members"])
async def test_w7_a_team_of_nobody_is_refused(owner: User, log: InMemoryLog, field: str) -> None:
    answer = await owner.put(PATH, {"name": "Nhóm 1", field: ["nobody"]})
    assert answer.status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_w7_a_leader_sees_what_the_members_have_and_nothing_else(
    desk: Rig, owner: User, contacts: Database
) -> None:
    team = TeamDocument(
        key="shop/one",
        id="one",
        organization=OrganizationId("shop"),
        name="Nhóm 1",
        leaders=(AgentId("hoa"),),
        members=(AgentId("lan"),),
        created_at=CREATED,
        created_by=AgentId("admin"),
        updated_at=CREATED,
        sequence=1,
    )
    await contacts[TEAMS_VIEW.collection].insert_one(TEAMS_VIEW.encode(team))
    assert (await owner.done("GET", PATH))["members"] == ["lan"]
    lans = msgspec.structs.replace(contact(0, "shop", "Vĩnh"), assignee=AgentId("lan"))
    await show(contacts, lans)
    hoa, lan = await desk.staff(owner, "hoa"), await desk.staff(owner, "lan")
    for user in (hoa, lan):
        listed = (await user.done("GET", "/v1/contacts"))["items"]
        assert [each["id"] for each in listed] == ["con_0"]
        assert (await user.get("/v1/contacts/con_1")).status_code == 404
