"""Numbers that many people share, as they are set up (C2)."""

from typing import Any

import pytest

from gateway.api.crm.answering import CREATED, crm
from gateway.rig import Rig, User, records
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shared_numbers import AddSharedNumber, RemoveSharedNumber
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.shared_numbers import SHARED_NUMBERS_VIEW, SharedNumberDocument

PATH, PHONE = "/v1/shared-numbers", "+84912345678"


async def fill(views: Database, organization: str = "shop") -> None:
    shared = SharedNumberDocument(
        key=f"{organization}/{PHONE}",
        id=PHONE,
        organization=OrganizationId(organization),
        sequence=3,
        created_at=CREATED,
        created_by=AgentId("hoa"),
        updated_at=CREATED,
    )
    await views[SHARED_NUMBERS_VIEW.collection].insert_one(SHARED_NUMBERS_VIEW.encode(shared))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("0912 345 678", PHONE), (" Shop@X.vn", "shop@x.vn"), ("0912345678@x.vn", "0912345678@x.vn")],
)
async def test_c2_a_mark_is_a_command_to_the_crm(
    owner: User, views: Database, log: InMemoryLog, sent: str, stored: str
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.post(PATH, {"value": sent})
        assert (await owner.delete(f"{PATH}/{stored}")).status_code == 204
    assert answer.status_code == 201
    made = answer.json()
    assert (made["id"], made["value"], made["created_by"]) == (stored, stored, "admin")
    added, removed = asked
    assert isinstance(added, AddSharedNumber)
    assert isinstance(removed, RemoveSharedNumber)
    assert added.id == removed.id == stored


async def test_c2_a_second_mark_is_answered_with_the_first(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    await fill(views)
    async with crm(log, CrmOutcome.UNCHANGED, 3):
        answer = await owner.post(PATH, {"value": "84912345678"})
    assert answer.status_code == 201
    assert (answer.json()["created_by"], answer.json()["version"]) == ("hoa", 3)


@pytest.mark.parametrize("value", ["", "12", "Lan", "0912345678/0987654321"])
async def test_c2_what_is_no_number_is_not_marked(
    owner: User, log: InMemoryLog, value: str
) -> None:
    assert (await owner.post(PATH, {"value": value})).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_c2_the_shared_numbers_of_one_organization_are_listed(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await fill(views)
    await fill(views, "rival")
    (listed,) = (await owner.done("GET", PATH))["items"]
    assert (listed["value"], listed["version"]) == (PHONE, 3)
    agent = await desk.staff(owner, "lan")
    assert (await agent.get(PATH)).status_code == 403
    assert (await agent.post(PATH, {"value": PHONE})).status_code == 403
    assert (await agent.delete(f"{PATH}/{PHONE}")).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


async def test_c2_a_mark_is_answered_once_it_can_be_read(
    owner: User, views: Database, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    async def wait(_crm: object, *wanted: Any) -> None:
        waited.append(wanted)

    monkeypatch.setattr(MongoCrm, "wait_for_setup", wait)
    async with crm(log, CrmOutcome.APPLIED, 4):
        await owner.post(PATH, {"value": PHONE})
        await owner.delete(f"{PATH}/{PHONE}")
    assert waited == [(SHARED_NUMBERS_VIEW, "shop", PHONE, 4)] * 2
