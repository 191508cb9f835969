"""Contacts in a file (C9): what the viewer may see, and nothing else."""

import io
from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, show
from gateway.rig import Rig, User, until
from tuyen_events.ids import AgentId
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.api.crm import exports as files
from tuyen_gateway.imports.contact_table import COLUMNS
from tuyen_gateway.jobs import exports
from tuyen_gateway.sheets.reading import read_rows
from tuyen_platform.mongodb import Database

PATH = "/v1/exports"


async def export(user: User, **body: Any) -> Any:
    """The job, once it has ended."""
    answer = await user.post(PATH, {"kind": "contacts", "format": "csv", **body})
    assert answer.status_code == 202, answer.text
    found: list[Any] = []

    async def has_ended() -> bool:
        found.append(await user.done("GET", f"/v1/jobs/{answer.json()['id']}"))
        return found[-1]["state"] in ("done", "failed")

    await until(has_ended)
    return found[-1]


async def read_file(user: User, job: Any) -> list[tuple[str, ...]]:
    answer = await user.get(f"{PATH}/{job['id']}/file")
    assert answer.status_code == 200, answer.text
    return [row.cells for row in read_rows(io.BytesIO(answer.content))]


@pytest.fixture
async def full(contacts: Database) -> Database:
    """The first contact has a name that a spreadsheet would calculate, and two numbers."""
    document = msgspec.structs.replace(
        contact(0, "shop", "=1+1; Vĩnh"),
        phones=("+84912345678", "+84912345679"),
        emails=("vinh@example.com",),
    )
    await show(contacts, document)
    return contacts


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
async def test_c9_an_export_is_a_file_of_all_that_the_viewer_reads(
    owner: User, full: Database, format_: str
) -> None:
    job = await export(owner, columns=["name", "phones", "emails", "id"], format=format_)
    assert (job["kind"], job["state"], job["total"], job["done"]) == ("export", "done", 2, 2)
    assert await read_file(owner, job) == [
        ("name", "phones", "emails", "id"),
        ("=1+1; Vĩnh", "+84912345678; +84912345679", "vinh@example.com", "con_0"),
        ("Trần Lan", "", "", "con_1"),
    ]


async def test_c9_a_spreadsheet_calculates_nothing_in_it(owner: User, full: Database) -> None:
    job = await export(owner, columns=["name", "phones"])
    answer = await owner.get(f"{PATH}/{job['id']}/file")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1] == "'=1+1; Vĩnh,'+84912345678; +84912345679"
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_c9_w6_an_export_has_nothing_that_the_viewer_does_not_see(
    desk: Rig, owner: User, full: Database
) -> None:
    hoa = await desk.staff(owner, "hoa")
    assert (await read_file(hoa, await export(hoa)))[1:] == []
    own = contact(1, "shop", "Trần Lan")
    await show(full, msgspec.structs.replace(own, assignee=AgentId("hoa")))
    job = await export(hoa, columns=["id"])
    assert job["total"] == 1
    assert await read_file(hoa, job) == [("id",), ("con_1",)]
    await show(full, own)  # taken back since
    assert await read_file(hoa, job) == [("id",)]


async def test_c9_an_export_has_what_matches_its_filter(owner: User, full: Database) -> None:
    job = await export(owner, columns=["id"], filter={"phone": "912345679", "assignee": "none"})
    assert job["total"] == 1
    assert await read_file(owner, job) == [("id",), ("con_0",)]
    none = await export(owner, columns=["id"], filter={"phone": "912345679", "assignee": "me"})
    assert await read_file(owner, none) == [("id",)]


async def test_c9_w6_the_file_of_another_agent_is_not_found(
    desk: Rig, owner: User, full: Database
) -> None:
    hoa = await desk.staff(owner, "hoa")
    job = await export(owner)
    assert (await hoa.get(f"{PATH}/{job['id']}/file")).status_code == 404
    assert (await owner.get(f"{PATH}/job_none/file")).status_code == 404


async def test_c9_a_filter_limits_the_export(owner: User, full: Database) -> None:
    job = await export(owner, filter={"q": "lan"}, columns=["id"])
    assert await read_file(owner, job) == [("id",), ("con_1",)]


async def test_c9_all_columns_are_exported_if_none_is_named(owner: User, full: Database) -> None:
    (heading, *_) = await read_file(owner, await export(owner))
    assert heading == tuple(COLUMNS)
    assert (
        await owner.post(PATH, {"kind": "contacts", "columns": ["x"], "format": "csv"})
    ).status_code == 422


async def test_c9_pages_are_one_file(
    owner: User, full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 1)
    job = await export(owner, columns=["id"])
    assert await read_file(owner, job) == [("id",), ("con_0",), ("con_1",)]


async def test_c9_a_workbook_that_would_be_too_long_is_refused(
    owner: User, full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS", 1)
    job = await export(owner, format="xlsx")
    assert job["state"] == "failed"
    assert "export CSV" in job["detail"]
    assert (await owner.get(f"{PATH}/{job['id']}/file")).status_code == 409


async def test_r9_5_a_workbook_that_became_too_long_since_is_refused(
    owner: User, full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 2)
    job = await export(owner, format="xlsx")
    await read_file(owner, job)
    await show(full, contact(5, "shop", "Thu"))
    answer = await owner.get(f"{PATH}/{job['id']}/file")
    assert answer.status_code == 409
    assert "export CSV" in answer.json()["detail"]


async def test_r9_5_files_are_written_so_often_within_an_hour(
    desk: Rig, owner: User, full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await export(owner, columns=["id"])
    once: HourlyQuota[Any] = HourlyQuota(1, "Your organization downloaded exports too often")
    monkeypatch.setattr(desk.gateway.export_turns, "_files", once)
    await read_file(owner, job)
    refused = await owner.get(f"{PATH}/{job['id']}/file")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
async def test_o2_the_audit_says_how_many_contacts_a_download_has(
    owner: User, full: Database, format_: str
) -> None:
    """Which may be other ones than were counted when the export was requested."""
    job = await export(owner, format=format_)
    await show(full, contact(5, "shop", "Thu"))
    assert len(await read_file(owner, job)) == 4
    found: list[Any] = []

    async def is_there() -> bool:
        found[:] = (await owner.done("GET", "/v1/audit?entity=export"))["items"]
        return any(each["action"] == "downloaded" for each in found)

    await until(is_there)
    (downloaded,) = [each for each in found if each["action"] == "downloaded"]
    assert downloaded["changes"] == [{"field": "rows", "from": None, "to": 3}]
