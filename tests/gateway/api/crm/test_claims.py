"""Who has a contact (W4, W5): claims and assignments are commands to the CRM."""

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.api.crm.test_warehouses import fill, warehouse
from gateway.rig import Rig, User, records
from tuyen_events.crm.claims import ClaimContact
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.ids import AgentId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.shares import Share

CLAIMS = "/v1/warehouses/default/claims"
PATH = "/v1/contacts/con_0"


@pytest.fixture
async def lan(desk: Rig, owner: User, contacts: Database) -> User:
    """A member of the default warehouse."""
    await fill(contacts, warehouse("default", members=("lan",)))
    return await desk.staff(owner, "lan")


async def test_w4_a_claim_is_a_command_to_the_crm(lan: User, log: InMemoryLog) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        answer = await lan.post(CLAIMS, {"contact_id": "con_0"})
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"2"'
    assert answer.json() == {
        "contact_id": "con_0",
        "warehouse_id": "default",
        "agent_id": "lan",
        "version": 2,
    }
    (command,) = asked
    assert isinstance(command, ClaimContact)
    assert (command.contact_id, command.warehouse_id, command.by) == ("con_0", "default", "lan")


async def test_w4_a_claim_of_another_version_is_refused(lan: User, log: InMemoryLog) -> None:
    async with crm(log, CrmOutcome.VERSION_PASSED, 3) as asked:
        answer = await lan.call("POST", CLAIMS, {"contact_id": "con_0"}, {"If-Match": '"2"'})
    assert answer.status_code == 412
    (command,) = asked
    assert isinstance(command, ClaimContact)
    assert command.expected_version == 2


async def test_w4_whoever_is_late_is_told_who_has_it(lan: User, log: InMemoryLog) -> None:
    async with crm(log, CrmOutcome.REFUSED, 2, refusal=CrmRefusal.HELD, holder="minh"):
        answer = await lan.post(CLAIMS, {"contact_id": "con_0"})
    assert answer.status_code == 409
    assert answer.json()["agent_id"] == "minh"


async def test_w6_what_may_not_be_claimed_is_not_there(lan: User, log: InMemoryLog) -> None:
    async with crm(log, CrmOutcome.NOT_FOUND, 0):
        assert (await lan.post(CLAIMS, {"contact_id": "con_0"})).status_code == 404


@pytest.mark.parametrize("body", [{}, {"contact_id": None}, {"contact_id": "../"}, []])
async def test_w4_what_is_no_claim_is_refused(lan: User, log: InMemoryLog, body: object) -> None:
    assert (await lan.post(CLAIMS, body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_w3_a_member_sees_little_of_what_they_may_claim(
    lan: User, owner: User, contacts: Database
) -> None:
    shown = {
        "id": "con_0",
        "name": "Nguyễn Vĩnh",
        "warehouse_id": "default",
        "source": "page",
        "claimable": True,
    }
    answer = await lan.get(PATH)
    assert (answer.json(), answer.headers.get("ETag")) == (shown, None)
    listed = (await lan.done("GET", "/v1/contacts?q=vinh"))["items"]
    assert listed == [shown]
    for hidden in ("history", "notes"):
        assert (await lan.get(f"{PATH}/{hidden}")).status_code == 404
    assert (await lan.call("PATCH", PATH, {"name": "X"})).status_code == 404
    assert (await lan.done("GET", "/v1/contacts?sort=updated_at"))["items"] == []
    assert "phones" in await owner.done("GET", PATH)
    mine = contact(0, "shop", "Nguyễn Vĩnh")
    await show(contacts, type(mine)(**{**_fields(mine), "assignee": "lan"}))
    assert (await lan.done("GET", PATH))["assignee"] == "lan"


def _fields(document: Any) -> dict[str, Any]:
    return {name: getattr(document, name) for name in document.__struct_fields__}


@pytest.mark.parametrize(
    "body",
    [
        {"assignee": "lan"},
        {"assignee": None},
        {"warehouse_id": "north"},
        {"warehouse_id": "north", "assignee": "lan"},
    ],
)
async def test_w5_a_manager_assigns_takes_back_and_moves(
    lan: User, owner: User, log: InMemoryLog, body: dict[str, Any]
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 3) as asked:
        answer = await owner.call("PATCH", PATH, body, {"If-Match": '"1"'})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in body} == body
    assert answer.json()["version"] == 3
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert {name: getattr(command, name) for name in body} == body
    assert (command.administrator, command.expected_version) == (True, 1)


async def test_w5_all_fields_of_a_request_are_one_command(
    lan: User, owner: User, log: InMemoryLog
) -> None:
    marked = {"campaign_id": "tet", "care_status": "multi_assign_pending"}
    body = {"name": "Anh Vĩnh", "assignee": "lan", **marked}
    async with crm(log, CrmOutcome.APPLIED, 5) as asked:
        answer = await owner.call("PATCH", PATH, body, {"If-Match": '"1"'})
    assert answer.is_success
    assert {name: answer.json()[name] for name in body} == body
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert {name: getattr(command, name) for name in body} == body
    assert command.expected_version == 1


async def test_s3_a_contact_that_changes_its_campaign_is_shared_manually_alone(
    lan: User, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    manual = Share(agent_id=AgentId("lan"), by=AgentId("admin"), at=CREATED, version=1)
    by_rule = Share(agent_id=AgentId("minh"), rule_id="tet", at=CREATED, version=1)
    shared = replace(
        contact(0, "shop", "Nguyễn Vĩnh"),
        campaign_id="tet",
        viewers=(manual.agent_id, by_rule.agent_id),
        shares=(manual, by_rule),
    )
    await show(contacts, shared)
    async with crm(log, CrmOutcome.APPLIED, 3):
        same = await owner.done("PATCH", PATH, {"campaign_id": "tet"})
        assert same["viewers"] == ["lan", "minh"]
        assert (await owner.done("PATCH", PATH, {"campaign_id": None}))["viewers"] == ["lan"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"assignee": "nobody"}, "assignee"), ({"warehouse_id": None}, "warehouse_id")],
)
async def test_w5_nobody_gets_it_who_is_not_there(
    lan: User, owner: User, log: InMemoryLog, body: object, field: str
) -> None:
    answer = await owner.call("PATCH", PATH, body)
    assert answer.status_code == 422
    assert field in answer.text
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (CrmRefusal.NOT_ALLOWED, 403),
        (CrmRefusal.NO_WAREHOUSE, 422),
        (CrmRefusal.NO_CAMPAIGN, 422),
        (CrmRefusal("of_a_later_version"), 409),
    ],
)
async def test_w5_the_crm_decides_who_may_do_it(
    lan: User, owner: User, log: InMemoryLog, refusal: CrmRefusal, status: int
) -> None:
    async with crm(log, CrmOutcome.REFUSED, 1, refusal=refusal):
        answer = await owner.call("PATCH", PATH, {"warehouse_id": "north"})
    assert answer.status_code == status
