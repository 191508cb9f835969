"""Custom fields: who defines them, and what contacts, lists and files show of them (C10)."""

import io
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, define_field, show, show_fields
from gateway.api.crm.test_contact_bulk import change
from gateway.api.crm.test_exports import export, read_file
from gateway.api.crm.test_imports import uploaded
from gateway.rig import Rig, User, records
from tuyen_events.crm.contact_fields import PutContactField, RemoveContactField
from tuyen_events.crm.contacts import AddContact, PatchContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import CustomValue, FieldDefinition, FieldType
from tuyen_events.ids import AgentId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_gateway.imports.columns import CONTACT_FIELDS
from tuyen_gateway.imports.contact_table import COLUMNS
from tuyen_gateway.sheets.reading import read_rows
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

PATH = "/v1/contact-fields"
COLOR = {"name": "Màu", "type": "choice", "choices": ["Đỏ", "Đen"], "required": True}
DEFINITION = FieldDefinition(
    name="Màu", type=FieldType.CHOICE, choices=("Đỏ", "Đen"), required=True
)
CHOICE = define_field("color", FieldType.CHOICE, choices=("Đỏ", "Đen"))
FIELDS = (
    CHOICE,
    define_field("day", FieldType.DATE),
    define_field("note", FieldType.TEXT),
    define_field("size", FieldType.NUMBER),
    define_field("vip", FieldType.YES_NO),
)
VALUES: dict[str, CustomValue] = {
    "color": "Đỏ",
    "day": "2026-12-31",
    "note": "Chân dài",
    "size": 41.5,
    "vip": True,
}


async def show_values(views: Database, custom: Mapping[str, CustomValue], number: int = 0) -> None:
    lan = contact(number, "shop", "Trần Lan")
    await show(views, msgspec.structs.replace(lan, custom=dict(custom)))


async def list_ids(user: User, query: str) -> list[str]:
    listed = (await user.done("GET", f"/v1/contacts?{query}"))["items"]
    return [each["id"] for each in listed]


async def test_c10_an_administrator_defines_a_field(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    await show_fields(views, CHOICE)
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        put = await owner.put(f"{PATH}/color", COLOR, {"If-Match": '"3"'})
        post = await owner.post(PATH, {"name": "Cỡ giày", "type": "number"})
        patch = await owner.call("PATCH", f"{PATH}/color", {"choices": ["Xanh"]})
        plain = await owner.call("PATCH", f"{PATH}/color", {"type": "text", "choices": None})
        assert (await owner.delete(f"{PATH}/color")).status_code == 204
        assert (await owner.delete(f"{PATH}/none")).status_code == 204
    assert (put.status_code, put.headers["ETag"]) == (200, '"4"')
    assert put.json().items() >= {"id": "color", "version": 4, **COLOR}.items()
    assert post.status_code == 201
    size = {"type": "number", "choices": None, "required": False, "created_by": "admin"}
    assert post.json().items() >= size.items()
    assert patch.json().items() >= {"name": "Color", "choices": ["Xanh"], "version": 4}.items()
    assert plain.json().items() >= {"type": "text", "choices": None}.items()
    putting, *_, removing, _ = asked
    assert isinstance(putting, PutContactField)
    assert (putting.definition, putting.expected_version) == (DEFINITION, 3)
    assert isinstance(removing, RemoveContactField)


async def test_c10_c11_every_agent_reads_the_fields_of_their_organization_and_defines_none(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await show_fields(views, *FIELDS)
    agent, rival = await desk.staff(owner, "lan"), await desk.organization("rival")
    listed = (await agent.done("GET", PATH))["items"]
    assert [each["id"] for each in listed] == ["color", "day", "note", "size", "vip"]
    one = await agent.get(f"{PATH}/color")
    assert (one.json(), one.headers["ETag"]) == (listed[0], '"3"')
    assert (await rival.get(f"{PATH}/color")).status_code == 404
    assert (await rival.done("GET", PATH))["items"] == []
    assert (await rival.call("PATCH", f"{PATH}/color", {"name": "x"})).status_code == 404
    for method, path, body in (
        ("PUT", f"{PATH}/color", COLOR),
        ("POST", PATH, COLOR),
        ("PATCH", f"{PATH}/color", {"name": "x"}),
        ("DELETE", f"{PATH}/color", None),
    ):
        assert (await agent.call(method, path, body)).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": " ", "type": "text"},
        {"name": "Màu"},
        {"name": "Màu", "type": "colour"},
        {"name": "Màu", "type": "choice"},
        {"name": "Màu", "type": "choice", "choices": []},
        {"name": "Màu", "type": "choice", "choices": ["Đỏ", "do"]},
        {"name": "Màu", "type": "choice", "choices": ["x" * 101]},
        {"name": "Màu", "type": "choice", "choices": [f"c{number}" for number in range(101)]},
        {"name": "Màu", "type": "text", "choices": ["Đỏ"]},
    ],
)
async def test_c10_what_is_no_field_is_refused(
    owner: User, log: InMemoryLog, body: dict[str, Any]
) -> None:
    assert (await owner.put(f"{PATH}/color", body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize(
    "body",
    [{"name": None}, {"type": None}, {"required": None}, {"choices": None}, {"type": "text"}],
)
async def test_c10_a_field_stays_consistent(
    owner: User, views: Database, body: dict[str, Any]
) -> None:
    await show_fields(views, CHOICE)
    assert (await owner.call("PATCH", f"{PATH}/color", body)).status_code == 422


async def test_c10_values_reach_the_crm_as_they_are_sent(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    await show_fields(views, *FIELDS)
    await show_values(views, VALUES)
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        added = await owner.post("/v1/contacts", {"name": "Lan", "custom": VALUES})
        body = {"custom": {"note": None, "size": 42, "color": "  Đen "}}
        patched = await owner.call("PATCH", "/v1/contacts/con_0", body)
    assert added.json()["custom"] == VALUES
    after = {**VALUES, "size": 42, "color": "Đen"}
    del after["note"]
    assert patched.json()["custom"] == after
    adding, patching = asked
    assert isinstance(adding, AddContact)
    assert adding.custom == VALUES
    assert isinstance(patching, PatchContact)
    assert patching.custom == {"note": None, "size": 42, "color": "Đen"}


@pytest.mark.parametrize(
    ("refusal", "definition", "says"),
    [
        (CrmRefusal.NO_FIELD, None, "There is no field 'color'"),
        (CrmRefusal.VALUE_REQUIRED, DEFINITION, "“Màu” needs a value."),
        (CrmRefusal.UNFIT_VALUE, DEFINITION, "“Màu” is one of: Đỏ, Đen;"),
        (
            CrmRefusal.UNFIT_VALUE,
            FieldDefinition(name="Cỡ", type=FieldType.NUMBER),
            "“Cỡ” is a number, such as 41.5;",
        ),
        (
            CrmRefusal.UNFIT_VALUE,
            FieldDefinition(name="Ngày", type=FieldType.DATE),
            "“Ngày” is a day, such as 2026-12-31;",
        ),
        (
            CrmRefusal.UNFIT_VALUE,
            FieldDefinition(name="Quen", type=FieldType.YES_NO),
            "“Quen” is true or false;",
        ),
    ],
)
async def test_c10_a_refused_value_is_named_with_what_to_send(
    *,
    owner: User,
    views: Database,
    log: InMemoryLog,
    refusal: CrmRefusal,
    definition: FieldDefinition | None,
    says: str,
) -> None:
    await show_values(views, {})
    more = {"refusal": refusal, "field_id": "color", "definition": definition}
    async with crm(log, CrmOutcome.REFUSED, 0, **more):
        added = await owner.post("/v1/contacts", {"name": "Lan", "custom": {"color": "x"}})
        body = {"custom": {"color": "x"}}
        patched = await owner.call("PATCH", "/v1/contacts/con_0", body)
    for answer in (added, patched):
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == "body.custom.color"
        assert error["detail"].startswith(says)


async def test_c10_values_without_a_field_that_shows_them_are_hidden(
    owner: User, contacts: Database
) -> None:
    await show_values(contacts, {**VALUES, "gone": "x"})
    await show_fields(contacts, define_field("color", FieldType.CHOICE, choices=("Đen",)))
    shown = await owner.done("GET", "/v1/contacts/con_0")
    assert shown["custom"] == {"color": "Đỏ"}
    (listed,) = (await owner.done("GET", "/v1/contacts?custom.color=do"))["items"]
    assert listed["custom"] == {"color": "Đỏ"}
    assert await list_ids(owner, "custom.gone=x") == await list_ids(owner, "custom.size=41.5") == []
    await show_fields(contacts, define_field("size", FieldType.TEXT))
    assert (await owner.done("GET", "/v1/contacts/con_0"))["custom"] == {}
    await show_fields(contacts, *FIELDS)
    assert (await owner.done("GET", "/v1/contacts/con_0"))["custom"] == VALUES


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("custom.size=41.5", True),
        ("custom.size=41,50", True),
        ("custom.size=41", False),
        ("custom.note=chan dai", True),
        ("custom.note=CHÂN DÀI", True),
        ("custom.note=chan", False),
        ("custom.color=%C4%90%E1%BB%8F", True),
        ("custom.color=Đen", False),
        ("custom.day=2026-12-31", True),
        ("custom.day=31/12/2026", True),
        ("custom.vip=true", True),
        ("custom.vip=không", False),
        ("custom.size=41.5&custom.vip=true&q=lan", True),
        ("custom.size=41.5&custom.vip=false", False),
        ("custom.none=x", False),
        ("custom.b2b.code=a1", True),
        ("custom.=x", False),
    ],
)
async def test_c10_contacts_are_found_by_the_values_of_fields(
    owner: User, contacts: Database, query: str, found: bool
) -> None:
    await show_fields(contacts, *FIELDS, define_field("b2b.code", FieldType.TEXT))
    await show_values(contacts, {**VALUES, "b2b.code": "A1"})
    assert await list_ids(owner, query) == (["con_0"] if found else [])


@pytest.mark.parametrize(
    "query", ["custom.size=x", "custom.day=mai", "custom.vip=2", f"custom.note={'x' * 501}"]
)
async def test_c10_a_filter_that_is_no_value_of_its_field_is_refused(
    owner: User, contacts: Database, query: str
) -> None:
    await show_fields(contacts, *FIELDS)
    answer = await owner.get(f"/v1/contacts?{query}")
    assert answer.status_code == 422
    assert query.split("=", maxsplit=1)[0] in answer.json()["errors"][0]["field"]


async def test_c10_w3_w6_what_is_hidden_is_not_found_by_its_fields(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await show_fields(contacts, *FIELDS)
    await show_values(contacts, VALUES)
    await show_values(contacts, VALUES, 1)
    member = await desk.staff(owner, "hoa")
    assert await list_ids(member, "custom.size=41.5") == []
    own = msgspec.structs.replace(contact(1, "shop", "Lan"), assignee=AgentId("hoa"), custom=VALUES)
    await show(contacts, own)
    assert await list_ids(member, "custom.size=41.5") == ["con_1"]
    rival = await desk.organization("rival")
    assert await list_ids(rival, "custom.size=41.5") == []


@pytest.mark.parametrize(
    "wanted", [{"custom": {"size": 41.5, "vip": True}}, {"custom.size": "41,5"}]
)
async def test_c10_s3_c9_jobs_take_the_same_filter(
    owner: User, contacts: Database, log: InMemoryLog, wanted: dict[str, Any]
) -> None:
    await show_fields(contacts, *FIELDS)
    await show_values(contacts, VALUES)
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        await change(owner, {"filter": wanted, "set": {"campaign_id": "tet"}})
    assert [command.subject for command in asked] == ["con_0"]
    job = await export(owner, filter=wanted, columns=["id"])
    assert await read_file(owner, job) == [("id",), ("con_0",)]
    unfit = {"filter": {"custom": {"size": "x"}}, "set": {"campaign_id": "tet"}}
    refused = await owner.post("/v1/contacts/bulk", unfit)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.custom.size"


async def export_heading(owner: User, **body: Any) -> list[tuple[str, ...]]:
    return await read_file(owner, await export(owner, **body))


async def test_c10_c9_an_export_has_a_column_for_each_field(
    owner: User, contacts: Database
) -> None:
    await show_fields(contacts, *FIELDS)
    await show_values(contacts, {**VALUES, "gone": "x"})
    custom = [f"custom.{each.id}" for each in FIELDS]
    (heading, first, *_) = await export_heading(owner)
    assert list(heading) == [*COLUMNS, *custom]
    assert list(first[len(COLUMNS) :]) == ["Đỏ", "2026-12-31", "Chân dài", "41.5", "true"]
    body = {"kind": "contacts", "format": "csv", "columns": ["custom.gone"]}
    assert (await owner.post("/v1/exports", body)).status_code == 422


async def test_c10_c9_fields_are_in_the_template_and_guessed_by_their_names(
    owner: User, views: Database
) -> None:
    await show_fields(views, CHOICE)
    answer = await owner.get("/v1/imports/template.xlsx")
    (heading,) = [row.cells for row in read_rows(io.BytesIO(answer.content))]
    assert heading == (*CONTACT_FIELDS, "custom.color")
    file = await uploaded(owner, "Họ tên;COLOR;Size\nLan;do;42\nMinh;Xanh;43\n")
    assert file["guess"] == {"Họ tên": "name", "COLOR": "custom.color"}
    path = f"/v1/imports/{file['id']}/mapping"
    preview = await owner.done("PUT", path, {"mapping": file["guess"]})
    (error,) = preview["errors"]
    assert (error["row"], error["column"]) == (3, "COLOR")
    assert "none of: Đỏ, Đen" in error["error"]
    unknown = await owner.put(path, {"mapping": {"Size": "custom.size"}})
    assert unknown.status_code == 422
