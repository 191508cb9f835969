"""C7: calls are reported with an integration's token, and listed for who sees the contact."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, show, show_child
from gateway.api.crm.test_integrations import CALL, admit
from gateway.rig import Rig, User
from tuyen_events.crm.calls import CallDirection, CallResult, RecordCall
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm_limits import CALL_LASTS_S
from tuyen_events.ids import ContactId, IntegrationId, OrganizationId, call_id
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.calls import CALLS_VIEW, CallDocument

AT = datetime.fromisoformat("2026-11-21T08:00:00+00:00")


def reported(number: int, contact_id: str = "con_0") -> CallDocument:
    made = call_id(OrganizationId("shop"), IntegrationId("calls"), str(number))
    return CallDocument(
        key=f"shop/{made}/{contact_id}",
        id=made,
        organization=OrganizationId("shop"),
        contact_id=ContactId(contact_id),
        place=f"{number:03}",
        sequence=number,
        created_at=AT,
        updated_at=AT,
        integration_id=IntegrationId("calls"),
        external_id=str(number),
        direction=CallDirection.IN,
        phone="+84912345678",
        started_at=AT,
        duration_s=3,
        result=CallResult.ANSWERED,
    )


async def test_c7_a_call_is_a_command_to_the_crm(desk: Rig, owner: User, log: InMemoryLog) -> None:
    await desk.staff(owner, "lan")
    sender = await admit(owner)
    body = {**CALL, "agent_id": "lan", "recording_url": "https://tong-dai.example/1.mp3"}
    async with crm(log, CrmOutcome.APPLIED, 4, survivor=ContactId("con_0")) as asked:
        answer = await sender.post("/v1/calls", body)
    (command,) = asked
    assert isinstance(command, RecordCall)
    assert (command.phone, command.integration_id) == ("+84912345678", "calls")
    assert command.staff == ("admin", "lan")
    shown = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"4"')
    assert (shown["id"], shown["contact_id"]) == (command.call_id, "con_0")
    told = {name: shown[name] for name in body}
    assert told == {**body, "phone": "+84912345678"}
    assert (shown["created_by"], shown["version"]) == (None, 4)


async def test_c7_the_same_call_again_gets_the_same_answer(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    sender = await admit(owner)
    async with crm(log, CrmOutcome.APPLIED, 1, survivor=ContactId("con_0")):
        first = await sender.post("/v1/calls", CALL)
    document = reported(1)
    made = datetime.fromisoformat(first.json()["created_at"])
    stored = {**CALLS_VIEW.encode(document), "created_at": made, "updated_at": made}
    await views[CALLS_VIEW.collection].insert_one(stored)
    async with crm(log, CrmOutcome.UNCHANGED, 1, survivor=ContactId("con_0")):
        again = await sender.post("/v1/calls", CALL)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_c7_the_same_call_again_is_the_same_once_its_agent_was_removed(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    sender = await admit(owner)
    body = {**CALL, "agent_id": "lan"}
    assert (await sender.post("/v1/calls", body)).status_code == 422
    known = reported(1)
    made = call_id(known.organization, known.integration_id, str(CALL["external_id"]))
    document = msgspec.structs.replace(known, key=f"shop/{made}/con_0", id=made)
    await views[CALLS_VIEW.collection].insert_one(CALLS_VIEW.encode(document))
    async with crm(log, CrmOutcome.UNCHANGED, 1, survivor=ContactId("con_0")):
        again = await sender.post("/v1/calls", body)
    assert (again.status_code, again.json()["id"]) == (201, made)


async def test_c7_the_agent_of_a_call_is_one_who_is_not_disabled(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    sender = await admit(owner)
    await desk.staff(owner, "lan")
    body = {**CALL, "agent_id": "lan"}
    async with crm(log, CrmOutcome.APPLIED, 1, survivor=ContactId("con_0")):
        assert (await sender.post("/v1/calls", body)).status_code == 201
    disabled = {"name": "Lan", "username": "lan", "role": "agent", "disabled": True}
    await owner.done("PUT", "/v1/agents/lan", disabled)
    answer = await sender.post("/v1/calls", {**body, "external_id": "another"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.agent_id"


async def test_c7_another_call_with_the_id_is_refused(owner: User, log: InMemoryLog) -> None:
    sender = await admit(owner)
    async with crm(log, CrmOutcome.REFUSED, 1, refusal=CrmRefusal.OTHER_CONTENT):
        assert (await sender.post("/v1/calls", CALL)).status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "none"),
        ("phone", ""),
        ("phone", "0912345678/0987654321"),
        ("phone", "091234567"),
        ("agent_id", "nobody"),
        ("direction", "up"),
        ("result", "held"),
        ("duration_s", -1),
        ("duration_s", CALL_LASTS_S + 1),
        ("duration_s", 1.5),
        ("started_at", "2026-11-21T08:00:00"),
        ("external_id", " "),
        ("external_id", "x" * 201),
        ("recording_url", "ftp://tong-dai.example/1.mp3"),
        ("recording_url", "javascript:alert(1)"),
        ("recording_url", "https://lan:secret@tong-dai.example/1.mp3"),
        ("recording_url", "https://lan@tong-dai.example/1.mp3"),
        ("recording_url", "https://tong-dai.example/" + "x" * 2_048),
        ("contact_id", "con_0"),
    ],
)
async def test_c7_what_is_no_call_is_refused(owner: User, field: str, value: Any) -> None:
    sender = await admit(owner)
    answer = await sender.post("/v1/calls", {**CALL, field: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == f"body.{field}"


async def test_c7_calls_are_listed_for_whoever_sees_the_contact(
    desk: Rig, owner: User, contacts: Database
) -> None:
    lan = await desk.staff(owner, "lan")
    await show_child(contacts, CALLS_VIEW, reported(1), reported(2), reported(3, "con_1"))
    listed = await owner.done("GET", "/v1/contacts/con_0/calls")
    assert [each["external_id"] for each in listed["items"]] == ["2", "1"]
    assert (await lan.get("/v1/contacts/con_0/calls")).status_code == 404


async def test_c7_c2_the_calls_of_merged_contacts_are_in_one_list(
    owner: User, contacts: Database
) -> None:
    whole = msgspec.structs.replace(contact(0, "shop", "Nguyễn Vĩnh"), merged=(ContactId("con_1"),))
    await show(contacts, whole)
    await show_child(contacts, CALLS_VIEW, reported(1), reported(2, "con_1"))
    listed = await owner.done("GET", "/v1/contacts/con_0/calls")
    assert [each["contact_id"] for each in listed["items"]] == ["con_1", "con_0"]
