"""C12: leads are sent with an integration's token."""

from typing import Any

import pytest

from gateway.api.crm.answering import crm
from gateway.api.crm.test_integrations import admit
from gateway.rig import Rig, User
from tuyen_events.crm.leads import ReceiveLead
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import ContactId, IntegrationId, OrganizationId, contact_of_lead
from tuyen_events.limits import TEXT_CHARACTERS
from tuyen_platform.kafka.memory import InMemoryLog

LEAD: dict[str, Any] = {
    "external_id": "form-17",
    "name": "Chị Lan",
    "phones": ["0168 234 5678"],
    "emails": ["Lan@Example.com"],
    "custom": {"size": "42", "color": None},
    "note": "Gọi buổi tối.",
}
COMMON = {"created_at", "created_by", "updated_at", "version"}
OWN = contact_of_lead(OrganizationId("shop"), IntegrationId("leads"), "form-17")


async def test_c12_a_lead_is_a_command_to_the_crm(desk: Rig, owner: User, log: InMemoryLog) -> None:
    await desk.staff(owner, "lan")
    sender = await admit(owner, "leads")
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await sender.post("/v1/leads", LEAD)
    (command,) = asked
    assert isinstance(command, ReceiveLead)
    assert (command.contact_id, command.integration_name) == (OWN, "leads")
    assert (command.phones, command.emails) == (("+84382345678",), ("lan@example.com",))
    assert (command.name, command.note) == ("Chị Lan", "Gọi buổi tối.")
    assert (command.custom, command.staff) == ({"size": "42"}, ("admin", "lan"))
    shown = answer.json()
    assert (answer.status_code, shown["id"], shown["contact_id"]) == (201, OWN, OWN)
    assert shown["external_id"] == "form-17"


async def test_c12_c2_a_lead_of_a_known_person_is_answered_with_that_contact_alone(
    owner: User, log: InMemoryLog
) -> None:
    sender = await admit(owner, "leads")
    survivor = ContactId("con_0")
    async with crm(
        log, CrmOutcome.APPLIED, 3, survivor=survivor, known_elsewhere=("+84382345678",)
    ):
        shown = (await sender.post("/v1/leads", LEAD)).json()
    assert shown["contact_id"] == "con_0"
    assert shown.keys() == {"id", "contact_id", "external_id", "received_at", *COMMON}
    assert (shown["created_at"], shown["created_by"]) == (shown["received_at"], None)


async def test_c12_a_long_note_is_taken_with_an_integrations_token(
    owner: User, log: InMemoryLog
) -> None:
    sender = await admit(owner, "leads")
    async with crm(log, CrmOutcome.APPLIED, 1):
        answer = await sender.post("/v1/leads", {**LEAD, "note": "ộ" * TEXT_CHARACTERS})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": None, "phones": [], "emails": None}, "body"),
        ({"name": " "}, "body.name"),
        ({"phones": ["none"]}, "body.phones.0"),
        ({"emails": ["none"]}, "body.emails.0"),
        ({"external_id": ""}, "body.external_id"),
        ({"external_id": None}, "body.external_id"),
        ({"note": "x" * (TEXT_CHARACTERS + 1)}, "body.note"),
        ({"assignee": "lan"}, "body.assignee"),
        ({"warehouse_id": "default"}, "body.warehouse_id"),
    ],
)
async def test_c12_what_is_no_lead_is_refused(
    owner: User, change: dict[str, Any], place: str
) -> None:
    sender = await admit(owner, "leads")
    answer = await sender.post("/v1/leads", {**LEAD, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == place
