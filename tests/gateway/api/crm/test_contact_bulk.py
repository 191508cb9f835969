"""Many contacts at once: a campaign and a care status, by ids or by a filter (S3)."""

from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, show
from gateway.rig import Rig, User, until
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm_limits import SKIPPED_SHOWN
from tuyen_events.ids import AgentId
from tuyen_gateway.jobs import contact_changes
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

PATH = "/v1/contacts/bulk"
VINH = msgspec.structs.replace(
    contact(0, "shop", "Nguyễn Vĩnh"),
    phones=("+84912345678",),
    emails=("vinh@example.com",),
    tags=("VIP",),
    steps={"retail": "new"},
    campaign_id="tet",
    care_status=CareStatus.MULTI_ASSIGNED,
    assignee=AgentId("hoa"),
)
PENDING = {"campaign_id": "tet", "care_status": "multi_assign_pending"}


async def change(user: User, body: dict[str, Any]) -> Any:
    """The job, once it has ended."""
    answer = await user.post(PATH, body)
    assert answer.status_code == 202, answer.text
    found: list[Any] = []

    async def has_ended() -> bool:
        found.append(await user.done("GET", f"/v1/jobs/{answer.json()['id']}"))
        return found[-1]["state"] in ("done", "failed")

    await until(has_ended)
    return found[-1]


async def test_s3_contacts_get_a_campaign_and_a_care_status(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(owner, {"ids": ["con_1", "con_0"], "set": PENDING})
    assert (job["kind"], job["state"], job["total"], job["done"]) == ("contacts", "done", 2, 2)
    assert (job["changed"], job["skipped"]) == (2, [])
    for command, one in zip(asked, ("con_0", "con_1"), strict=True):
        assert isinstance(command, PatchContact)
        assert (command.contact_id, command.by) == (one, "admin")
        assert (command.campaign_id, command.care_status) == ("tet", "multi_assign_pending")


async def test_s3_a_job_says_what_it_skipped_and_why(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    shared = contact(0, "shop", "Nguyễn Vĩnh")
    await show(contacts, msgspec.structs.replace(shared, viewers=(AgentId("hoa"),)))
    own = contact(3, "shop", "Chị Mai")
    await show(contacts, msgspec.structs.replace(own, assignee=AgentId("hoa")))
    ids = ["con_0", "con_1", "con_2", "con_3", "con_9"]
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(hoa, {"ids": ids, "set": PENDING})
    assert (job["total"], job["done"], job["changed"], job["refused"]) == (5, 5, 1, 4)
    assert job["skipped"] == [
        {"id": "con_0", "reason": "read_only"},
        {"id": "con_1", "reason": "not_found"},
        {"id": "con_2", "reason": "not_found"},
        {"id": "con_9", "reason": "not_found"},
    ]
    assert job["reasons"] == {"not_found": 3, "read_only": 1}
    assert [command.subject for command in asked] == ["con_3"]


async def test_r9_5_a_job_lists_what_it_skipped_and_lists_of_jobs_have_the_first_of_it(
    desk: Rig, owner: User, contacts: Database
) -> None:
    """A gateway has the first of it in memory, whoever names ids that nobody has."""
    ids = [f"none_{number:03}" for number in range(SKIPPED_SHOWN + 200)]
    job = await change(owner, {"ids": ids, "set": PENDING})
    assert [each["id"] for each in job["skipped"]] == ids
    known = desk.gateway.jobs.job(job["id"])
    assert known is not None
    assert known.progress is not None
    assert len(known.progress.skipped) == SKIPPED_SHOWN
    (listed,) = (await owner.done("GET", "/v1/jobs"))["items"]
    assert listed["skipped"] == job["skipped"][:SKIPPED_SHOWN]
    assert (await owner.done("POST", f"/v1/jobs/{job['id']}/stop"))["skipped"] == job["skipped"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"q": "vinh"},
        {"phone": "0912 345 678"},
        {"email": "Vinh@Example.com"},
        {"tag": "vip"},
        {"step": "retail:new"},
        {"campaign": "tet"},
        {"care_status": "multi_assigned"},
        {"warehouse": "default", "assignee": "hoa"},
    ],
)
async def test_s3_what_matches_a_filter_is_changed_and_nothing_else(
    owner: User, contacts: Database, log: InMemoryLog, wanted: dict[str, Any]
) -> None:
    await show(contacts, VINH)
    async with crm(log, CrmOutcome.UNCHANGED, 2) as asked:
        job = await change(owner, {"filter": wanted, "set": {"campaign_id": None}})
    assert (job["total"], job["changed"], job["unchanged"]) == (1, 0, 1)
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert (command.contact_id, command.campaign_id) == ("con_0", None)
    assert command.care_status is msgspec.UNSET


async def test_s3_w6_a_filter_selects_what_the_caller_may_read(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    shared = msgspec.structs.replace(contact(1, "shop", "Trần Lan"), viewers=(AgentId("hoa"),))
    await show(contacts, VINH, shared)
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(hoa, {"filter": {}, "set": PENDING})
        mine = await change(hoa, {"filter": {"assignee": "me"}, "set": PENDING})
    assert (job["total"], job["changed"]) == (2, 1)
    assert job["skipped"] == [{"id": "con_1", "reason": "read_only"}]
    assert (mine["total"], mine["changed"]) == (1, 1)
    assert [command.subject for command in asked] == ["con_0", "con_0"]


async def test_s3_more_contacts_than_ids_may_name_are_changed_by_a_filter(
    owner: User, contacts: Database, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_changes, "_FETCHED", 2)
    await show(contacts, *(contact(number, "shop", "Khách") for number in range(10, 15)))
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(owner, {"filter": {"q": "khach"}, "set": PENDING})
    assert (job["total"], job["changed"]) == (5, 5)
    assert [command.subject for command in asked] == [f"con_{number}" for number in range(10, 15)]


async def test_w5_managers_assign_and_move_many_contacts(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await desk.staff(owner, "hoa")
    placed = {"assignee": "hoa", "warehouse_id": "other"}
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(owner, {"ids": ["con_0"], "set": {**placed, "campaign_id": "tet"}})
        taken = await change(owner, {"ids": ["con_1"], "set": {"assignee": None}})
    assert (job["changed"], taken["changed"]) == (1, 1)
    moved, emptied = asked
    assert isinstance(moved, PatchContact)
    assert (moved.contact_id, moved.assignee, moved.warehouse_id) == ("con_0", "hoa", "other")
    assert (moved.campaign_id, moved.administrator) == ("tet", True)
    assert isinstance(emptied, PatchContact)
    assert (emptied.assignee, emptied.warehouse_id) == (None, msgspec.UNSET)


@pytest.mark.parametrize("step", [{"retail": "quoted"}, "retail:quoted"])
async def test_s3_many_contacts_get_tags_and_a_step(
    owner: User, contacts: Database, log: InMemoryLog, step: object
) -> None:
    tags = {"add": [" Khách sỉ ", "VIP"], "remove": ["mới"]}
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(owner, {"ids": ["con_0", "con_1"], "set": {"tags": tags, "step": step}})
    assert job["changed"] == 2
    for command, one in zip(asked, ("con_0", "con_1"), strict=True):
        assert isinstance(command, PatchContact)
        assert command.contact_id == one
        assert (command.tags_added, command.tags_removed) == (("Khách sỉ", "VIP"), ("mới",))
        assert command.steps == {"retail": "quoted"}
        assert command.assignee is command.campaign_id is command.name is msgspec.UNSET


async def test_s3_null_takes_many_contacts_out_of_a_pipeline(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        await change(owner, {"ids": ["con_0"], "set": {"step": {"retail": None}}})
    (command,) = asked
    assert isinstance(command, PatchContact)
    assert command.steps == {"retail": None}


async def test_w5_the_crm_says_which_contacts_may_not_be_assigned(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.REFUSED, 2, refusal=CrmRefusal.NOT_ALLOWED):
        job = await change(owner, {"ids": ["con_0"], "set": {"assignee": "admin"}})
    assert job["skipped"] == [{"id": "con_0", "reason": "not_allowed"}]


@pytest.mark.parametrize(
    "body",
    [
        {"ids": ["con_0"], "set": {}},
        {"set": PENDING},
        {"ids": ["con_0"], "filter": {"q": "vinh"}, "set": PENDING},
        {"ids": [], "set": PENDING},
        {"filter": {"name": "vinh"}, "set": PENDING},
        {"ids": ["con_0"], "set": {"assignee": "nobody-here"}},
        {"ids": ["con_0"], "set": {"warehouse_id": None}},
        {"ids": ["con_0"], "set": {"care_status": "unheard-of"}},
        {"ids": ["con_0"], "set": {"tags": {"add": ["VIP"], "remove": ["vip"]}}},
        {"ids": ["con_0"], "set": {"tags": {"add": [" "]}}},
        {"ids": ["con_0"], "set": {"tags": None}},
        {"ids": ["con_0"], "set": {"step": "quoted"}},
        {"ids": ["con_0"], "set": {"step": "retail:north:quoted"}},
    ],
)
async def test_s3_a_change_that_says_too_little_is_refused(
    owner: User, contacts: Database, body: dict[str, Any]
) -> None:
    assert (await owner.post(PATH, body)).status_code == 422


async def test_s3_others_do_not_see_the_job(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    async with crm(log, CrmOutcome.APPLIED, 2):
        job = await change(owner, {"ids": ["con_0"], "set": PENDING})
    assert (await hoa.get(f"/v1/jobs/{job['id']}")).status_code == 404


async def test_s3_a_job_is_stopped_by_whoever_requested_it(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    answer = await owner.post(PATH, {"ids": ["con_0"], "set": PENDING})  # nobody answers it
    stop = f"/v1/jobs/{answer.json()['id']}/stop"
    assert (await hoa.post(stop, None)).status_code == 404
    assert (await owner.post("/v1/jobs/job_none/stop", None)).status_code == 404
    for _ in range(2):
        assert (await owner.done("POST", stop))["state"] == "stopped"


async def test_w5_what_a_removed_agent_had_is_given_to_another_one(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    for name in ("lan", "hoa", "minh"):
        await desk.staff(owner, name)
    had = contact(0, "shop", "Nguyễn Vĩnh")
    await show(contacts, msgspec.structs.replace(had, assignee=AgentId("lan")))
    assert (await owner.delete("/v1/agents/lan")).status_code == 204
    body = {"filter": {"assignee": "lan"}, "set": {"assignee": "hoa"}}
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        job = await change(owner, body)
    assert (job["total"], job["changed"]) == (1, 1)
    assert [command.subject for command in asked] == ["con_0"]
    back = await owner.post(PATH, {"ids": ["con_0"], "set": {"assignee": "lan"}})
    assert back.status_code == 422
