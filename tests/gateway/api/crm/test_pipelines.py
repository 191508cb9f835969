"""Pipelines, and moving contacts from step to step (C6)."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, show
from gateway.rig import Rig, User, records
from tuyen_events.crm.pipelines import PipelineStep, PutPipeline, RemovePipeline
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.steps import SetStep
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument

STEPS = [
    {"id": "new", "name": "Mới", "color": None},
    {"id": "quoted", "name": "Đã báo giá", "color": "#f2a900"},
]
RETAIL: dict[str, Any] = {"name": "Bán lẻ", "steps": STEPS}
PATH = "/v1/pipelines/retail"


async def show_pipeline(views: Database, organization: str = "shop") -> None:
    """As if the CRM had folded it."""
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    document = PipelineDocument(
        key=f"{organization}/retail",
        id="retail",
        organization=OrganizationId(organization),
        sequence=3,
        created_at=moment,
        created_by=AgentId("admin"),
        updated_at=moment,
        name="Bán lẻ",
        steps=tuple(msgspec.convert(step, PipelineStep) for step in STEPS),
    )
    view = PIPELINES_VIEW
    await views[view.collection].replace_one(
        {"_id": document.key}, view.encode(document), upsert=True
    )


async def test_c6_an_administrator_defines_a_pipeline(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 3) as asked:
        put = await owner.put(PATH, RETAIL, {"If-Match": '"2"'})
        assert (await owner.delete(PATH)).status_code == 204
    assert (put.status_code, put.headers["ETag"]) == (200, '"3"')
    assert put.json().items() >= {"id": "retail", "version": 3, **RETAIL}.items()
    putting, removing = asked
    assert isinstance(putting, PutPipeline)
    assert (putting.name, [step.id for step in putting.steps]) == ("Bán lẻ", ["new", "quoted"])
    assert putting.expected_version == 2
    assert isinstance(removing, RemovePipeline)


async def test_c6_every_agent_reads_the_pipelines_of_their_organization_and_defines_none(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await show_pipeline(views)
    agent = await desk.staff(owner, "lan")
    rival = await desk.organization("rival")
    (listed,) = (await agent.done("GET", "/v1/pipelines"))["items"]
    assert listed == await agent.done("GET", PATH)
    assert listed.items() >= {"id": "retail", "created_by": "admin", **RETAIL}.items()
    assert (await rival.get(PATH)).status_code == 404
    assert (await rival.done("GET", "/v1/pipelines"))["items"] == []
    assert (await agent.put(PATH, RETAIL)).status_code == 403
    assert (await agent.delete(PATH)).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Bán lẻ", "steps": []},
        {"name": "Bán lẻ", "steps": [STEPS[0], STEPS[0]]},
        {"name": "Bán lẻ", "steps": [{"id": "new", "name": "Mới", "color": "red"}]},
        {"name": " ", "steps": STEPS},
    ],
)
async def test_c6_what_is_no_pipeline_is_refused(
    owner: User, log: InMemoryLog, body: dict[str, Any]
) -> None:
    assert (await owner.put(PATH, body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_c6_a_contact_is_moved_by_whoever_may_write(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    lan = msgspec.structs.replace(
        contact(0, "shop", "Lan"), steps={"retail": "new"}, viewers=(AgentId("hoa"),)
    )
    await show(views, lan)
    path = "/v1/contacts/con_0/steps/retail"
    body = {"step_id": "quoted", "note": "Hẹn thứ sáu."}
    assert (await owner.done("GET", "/v1/contacts/con_0"))["steps"] == {"retail": "new"}
    viewer, other = [await desk.staff(owner, who) for who in ("hoa", "minh")]
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.put(path, body, {"If-Match": '"1"'})
        assert (await viewer.put(path, body)).status_code == 403
        assert (await other.put(path, body)).status_code == 404
        assert (await owner.put(path, {"note": "?"})).status_code == 422
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"4"')
    assert answer.json() == {"pipeline_id": "retail", "step_id": "quoted", "version": 4}
    (command,) = asked
    assert isinstance(command, SetStep)
    assert (command.pipeline_id, command.step_id, command.note, command.expected_version) == (
        "retail",
        "quoted",
        "Hẹn thứ sáu.",
        1,
    )


async def test_c6_a_step_that_does_not_exist_is_a_conflict(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    await show(views, contact(0, "shop", "Lan"))
    async with crm(log, CrmOutcome.REFUSED, 1):
        answer = await owner.put("/v1/contacts/con_0/steps/retail", {"step_id": "won"})
    assert answer.status_code == 409


async def test_c6_contacts_are_listed_by_step(owner: User, contacts: Database) -> None:
    lan = msgspec.structs.replace(contact(0, "shop", "Lan"), steps={"b2b.retail": "new"})
    await show(contacts, lan)
    for step, found in (("b2b.retail:new", ["con_0"]), ("b2b.retail:quoted", [])):
        listed = (await owner.done("GET", f"/v1/contacts?step={step}"))["items"]
        assert [each["id"] for each in listed] == found
    assert (await owner.get("/v1/contacts?step=retail")).status_code == 422
