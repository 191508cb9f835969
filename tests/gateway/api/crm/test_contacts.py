"""Contacts: read from the CRM's view (C1, W1, W6) and edited by commands to it (C4)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, show
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.contacts import AddContact, PatchContact
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import AgentId
from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.topics import CRM_COMMANDS
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.api.crm import contacts as contact_routes
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW

PATH = "/v1/contacts/con_0"


async def test_w1_w3_the_system_admin_sees_the_default_warehouse_and_its_contacts(
    owner: User, contacts: Database
) -> None:
    warehouses = (await owner.done("GET", "/v1/warehouses"))["items"]
    (default,) = warehouses
    assert (default["id"], default["name"], default["default"]) == ("default", "Kho mặc định", True)
    first = await owner.done("GET", "/v1/contacts?limit=1")
    rest = await owner.done("GET", f"/v1/contacts?limit=1&cursor={first['next']}")
    assert [c["id"] for c in first["items"] + rest["items"]] == ["con_0", "con_1"]
    assert rest["next"] is None
    (found,) = (await owner.done("GET", "/v1/contacts?q=vinh"))["items"]
    assert found == await owner.done("GET", PATH)
    assert found["warehouse_id"] == "default"


async def test_w2_a_contact_is_listed_with_the_name_of_its_source(
    owner: User, contacts: Database
) -> None:
    page = {"channel": "facebook", "external_id": "1", "name": "Trang Hà Nội"}
    await owner.done("PUT", "/v1/pages/page", page)
    center = {"name": "Tổng đài", "kind": "calls"}
    await owner.done("PUT", "/v1/integrations/tong-dai", center)
    called = msgspec.structs.replace(contact(1, "shop", "Trần Lan"), source="tong-dai")
    imported = msgspec.structs.replace(contact(3, "shop", "Hoa"), source="imp_1")
    await show(contacts, called, imported)
    listed = (await owner.done("GET", "/v1/contacts"))["items"]
    assert [each["source_name"] for each in listed] == ["Trang Hà Nội", "Tổng đài", None]


async def test_w6_nobody_else_sees_or_changes_them(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2):
        for role in ("agent", "chain_manager"):
            user = await desk.staff(owner, role, role)
            for path in ("contacts", "contacts?q=vinh", "warehouses"):
                assert (await user.done("GET", f"/v1/{path}"))["items"] == []
            for hidden in (PATH, f"{PATH}?after=9", f"{PATH}/history"):
                assert (await user.get(hidden)).status_code == 404
            refused = await user.call("PATCH", PATH, {"name": "X"})
            missing = await user.call("PATCH", "/v1/contacts/con_9", {"name": "X"})
            assert refused.status_code == missing.status_code == 404
            assert refused.text.replace("con_0", "x") == missing.text.replace("con_9", "x")
    assert (await owner.get("/v1/contacts/con_2")).status_code == 404
    assert (await owner.call("PATCH", "/v1/contacts/con_2", {"name": "X"})).status_code == 404
    assert await records(log, CRM_COMMANDS) == []


async def test_c12_a_contact_that_is_added_manually_is_a_command_to_the_crm(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    body = {"name": "Chị Thu", "phones": ["0168 234 5678"], "emails": ["Thu@Example.com"]}
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await owner.post("/v1/contacts", body)
    assert answer.status_code == 201
    (command,) = asked
    assert isinstance(command, AddContact)
    assert (command.phones, command.emails) == (("+84382345678",), ("thu@example.com",))
    assert (command.warehouse_id, command.assignee, command.by) == ("default", None, "admin")
    shown = answer.json()
    assert (shown["id"], shown["name"]) == (command.contact_id, "Chị Thu")
    assert (shown["created_by"], shown["version"]) == ("admin", 1)


async def test_w5_a_contact_that_its_warehouse_gave_to_a_member_is_shown_with_them(
    desk: Rig,
    owner: User,
    contacts: Database,
    log: InMemoryLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await desk.staff(owner, "lan")
    await desk.staff(owner, "gone")
    disabled = {"name": "G", "username": "gone", "role": "agent", "disabled": True}
    await owner.done("PUT", "/v1/agents/gone", disabled)
    monkeypatch.setattr(contact_routes, "new_id", lambda kind: f"{kind}_3")
    given = msgspec.structs.replace(contact(3, "shop", "Chị Thu", 2), assignee=AgentId("lan"))
    await show(contacts, given)
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        answer = await owner.post("/v1/contacts", {"name": "Chị Thu"})
    assert (answer.status_code, answer.json()["assignee"]) == (201, "lan")
    async with crm(log, CrmOutcome.APPLIED, 1) as more:
        await owner.done("POST", "/v1/contacts", {"name": "Chị Thu", "assignee": "lan"})
        refused = await owner.post("/v1/contacts", {"name": "Chị Thu", "assignee": "gone"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.assignee")
    staff = [each.staff for each in (*asked, *more) if isinstance(each, AddContact)]
    assert staff == [("admin", "lan"), ()]


async def test_c4_a_new_name_is_a_command_to_the_crm(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    before = await owner.done("GET", PATH)
    async with crm(log, CrmOutcome.APPLIED, 3) as asked:
        answer = await owner.call("PATCH", PATH, {"name": " Anh Vĩnh "}, {"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"3"'
    assert answer.json() == {
        **before,
        "name": "Anh Vĩnh",
        "version": 3,
        "updated_at": START.isoformat().replace("+00:00", "Z"),
    }
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert (command.contact_id, command.name, command.by) == ("con_0", "Anh Vĩnh", "admin")
    assert (command.expected_version, command.at) == (1, START)
    (record,) = await records(log, CRM_COMMANDS)
    assert record.key == b"shop"


async def test_c4_null_empties_a_name_and_what_is_left_out_stays(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        assert (await owner.done("PATCH", PATH, {}))["name"] == "Nguyễn Vĩnh"
        assert (await owner.done("PATCH", PATH, {"name": None}))["name"] is None
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert command.name is None
    assert command.expected_version is None


async def test_c4_a_name_that_it_has_already_changes_nothing(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.UNCHANGED, 1):
        answer = await owner.done("PATCH", PATH, {"name": "Nguyễn Vĩnh"})
    assert (answer["version"], answer["updated_at"]) == (1, "2026-11-21T00:00:00Z")


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": " "}, {"name": "x" * (NAME_CHARACTERS + 1)}, {"nom": "X"}, []]
)
async def test_c4_what_is_no_name_is_refused_before_it_is_a_command(
    owner: User, contacts: Database, log: InMemoryLog, body: object
) -> None:
    answer = await owner.call("PATCH", PATH, body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert await records(log, CRM_COMMANDS) == []


async def test_c4_an_old_version_is_refused_with_the_current_one(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.VERSION_PASSED, 7):
        answer = await owner.call("PATCH", PATH, {"name": "X"}, {"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer.json()["version"] == 7


async def test_c4_a_contact_that_the_crm_does_not_have_is_not_there(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.NOT_FOUND, 0):
        assert (await owner.call("PATCH", PATH, {"name": "X"})).status_code == 404


async def test_without_an_answer_in_time_the_change_is_in_the_log(
    desk: Rig,
    owner: User,
    contacts: Database,
    log: InMemoryLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk.gateway.crm_commands, "_wait_s", 0.05)
    answer = await owner.call("PATCH", PATH, {"name": "X"})
    assert answer.status_code == 503
    assert "do not repeat it" in answer.json()["detail"]
    assert len(await records(log, CRM_COMMANDS)) == 1


async def test_r9_5_an_organization_changes_so_much_within_an_hour(
    desk: Rig,
    owner: User,
    contacts: Database,
    log: InMemoryLog,
    clock: ManualClock,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two = HourlyQuota[str](2, "Your organization changed contacts too often")
    people = replace(desk.gateway.crm_commands._people, number=two)  # type: ignore[attr-defined]  # not of the port
    monkeypatch.setattr(desk.gateway.crm_commands, "_people", people)
    rival = await desk.organization("rival")
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        for _ in range(2):
            await owner.done("PATCH", PATH, {"name": "X"})
        refused = await owner.call("PATCH", PATH, {"name": "Y"})
        assert refused.status_code == 429
        wait = int(refused.headers["Retry-After"])
        await rival.done("PATCH", "/v1/contacts/con_2", {"name": "X"})
        clock.advance(timedelta(seconds=wait))
        await owner.done("PATCH", PATH, {"name": "Z"})
    assert len(asked) == 4


async def test_a_version_can_be_waited_for(
    owner: User, contacts: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.create_task(owner.get(f"{PATH}?after=4"))
    await asyncio.sleep(0)
    await show(contacts, contact(0, "shop", "Anh Vĩnh", sequence=4))
    assert (await waiting).json()["name"] == "Anh Vĩnh"
    monkeypatch.setattr("tuyen_gateway.view_wait.WAIT_S", 1)
    assert (await owner.get(f"{PATH}?after=5")).status_code == 503
    assert (await owner.get(f"{PATH}?after=0")).status_code == 422
    assert (await owner.get("/v1/contacts/con_9?after=5")).status_code == 404


async def test_a_contact_of_an_earlier_version_says_when_it_was_made(
    owner: User, contacts: Database
) -> None:
    await contacts[CONTACTS_VIEW.collection].update_one(
        {"_id": "con_0"}, {"$unset": {"updated_at": 1}}
    )
    found = await owner.done("GET", PATH)
    assert found["updated_at"] == found["created_at"] == "2026-11-21T00:00:00Z"
