"""Many contacts at once: a campaign and a care status, by ids or by a filter (S3)."""

from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, crm, show
from gateway.rig import Rig, User, until
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shares import EnrollContact
from tuyen_events.ids import AgentId
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

PATH = "/v1/contacts/bulk"
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
        assert isinstance(command, EnrollContact)
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


async def test_s3_what_matches_a_filter_is_changed_and_nothing_else(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.UNCHANGED, 2) as asked:
        job = await change(owner, {"filter": {"q": "vinh"}, "set": {"campaign_id": None}})
    assert (job["total"], job["changed"], job["unchanged"]) == (1, 0, 1)
    (command,) = asked
    assert isinstance(command, EnrollContact)
    assert (command.contact_id, command.campaign_id) == ("con_0", None)
    assert command.care_status is msgspec.UNSET


@pytest.mark.parametrize(
    "body",
    [
        {"ids": ["con_0"], "set": {}},
        {"set": PENDING},
        {"ids": ["con_0"], "filter": {"q": "vinh"}, "set": PENDING},
        {"ids": [], "set": PENDING},
        {"ids": ["con_0"], "set": {"care_status": "unheard-of"}},
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
