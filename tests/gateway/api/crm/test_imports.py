"""Contacts from a file: upload, mapping, preview, and the job (C9)."""

import io
from typing import Any

import httpx
import msgspec
import pytest

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.api.crm.test_shared_numbers import fill as mark_shared
from gateway.rig import Rig, User, until
from gateway.sheets.test_xlsx import place_row
from tuyen_events.crm.imports import ImportContact
from tuyen_events.crm.pipelines import PipelineStep
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.outbound import AttachmentId
from tuyen_events.sheet_limits import SHEET_COLUMNS
from tuyen_events.vocabulary import Strategy
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.api.crm import imports
from tuyen_gateway.imports.columns import CONTACT_FIELDS
from tuyen_gateway.sheets.reading import read_rows
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.campaigns import CAMPAIGNS_VIEW, CampaignDocument
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument

PATH, SHOP = "/v1/imports", OrganizationId("shop")
FILE = "Họ tên;SĐT;Ghi chú\nLan;0912 345 678;a\nMinh;x;b\nLan Anh;84912345678;c\n"
MAPPING = {"Họ tên": "name", "SĐT": "phones"}


async def upload(user: User, content: bytes | str = FILE, **texts: str) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return await user.client.post(
        PATH,
        headers={"Authorization": f"Bearer {user.token}"},
        data=texts,
        files={"file": ("khach.csv", data, "text/csv")},
    )


async def uploaded(user: User, content: bytes | str = FILE) -> Any:
    answer = await upload(user, content, warehouse_id="default")
    assert answer.status_code == 201, answer.text
    return answer.json()


async def wait_until_ended(user: User, import_id: str) -> Any:
    found: list[Any] = []

    async def has_ended() -> bool:
        found.append(await user.done("GET", f"{PATH}/{import_id}"))
        return found[-1]["state"] in ("done", "failed", "stopped")

    await until(has_ended)
    return found[-1]


async def test_c9_an_upload_is_answered_with_its_columns_and_a_guess(owner: User) -> None:
    answer = await uploaded(owner)
    assert answer["columns"] == ["Họ tên", "SĐT", "Ghi chú"]
    assert answer["guess"] == MAPPING
    assert answer["sample"][0] == {"Họ tên": "Lan", "SĐT": "0912 345 678", "Ghi chú": "a"}
    shown = await owner.done("GET", f"{PATH}/{answer['id']}")
    assert (shown["state"], shown["name"], shown["warehouse_id"]) == (
        "waiting",
        "khach.csv",
        "default",
    )


async def test_c9_a_preview_says_what_is_wrong_with_which_row(owner: User) -> None:
    import_id = (await uploaded(owner))["id"]
    preview = await owner.done("PUT", f"{PATH}/{import_id}/mapping", {"mapping": MAPPING})
    assert (preview["rows"], preview["valid"], preview["duplicates"]) == (3, 2, 1)
    (error,) = preview["errors"]
    assert (error["row"], error["column"]) == (3, "SĐT")


async def test_c9_c2_a_preview_counts_rows_that_any_contact_has_and_says_nothing_of_it(
    owner: User, views: Database
) -> None:
    path = f"{PATH}/{(await uploaded(owner))['id']}/mapping"
    placed = {"warehouse_id": "hidden", "phones": ("+84912345699", "+84912345678")}
    rival, hidden = contact(8, "rival", "Người khác"), contact(7, "shop", "Người khác")
    await show(views, msgspec.structs.replace(rival, **placed))
    before = await owner.done("PUT", path, {"mapping": MAPPING})
    await show(views, msgspec.structs.replace(hidden, **placed))
    after = await owner.done("PUT", path, {"mapping": MAPPING})
    assert before["duplicates"] == 1
    assert after == {**before, "duplicates": 2}


async def test_c9_c2_a_preview_counts_no_rows_whose_number_is_marked_as_shared(
    owner: User, views: Database
) -> None:
    path = f"{PATH}/{(await uploaded(owner))['id']}/mapping"
    known = contact(7, "shop", "Lan")
    await show(views, msgspec.structs.replace(known, phones=("+84912345678",)))
    assert (await owner.done("PUT", path, {"mapping": MAPPING}))["duplicates"] == 2
    await mark_shared(views)
    assert (await owner.done("PUT", path, {"mapping": MAPPING}))["duplicates"] == 0


async def test_r9_5_an_organization_uploads_and_previews_so_many_files_within_an_hour(
    desk: Rig, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    two: HourlyQuota[Any] = HourlyQuota(
        2, "Your organization uploaded and previewed imports too often"
    )
    monkeypatch.setattr(desk.gateway.import_drafts, "_reads", two)
    path = f"{PATH}/{(await uploaded(owner))['id']}/mapping"
    await owner.done("PUT", path, {"mapping": MAPPING})
    for refused in (await owner.put(path, {"mapping": MAPPING}), await upload(owner)):
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0


async def test_r9_5_long_headings_and_cells_are_cut(owner: User) -> None:
    """Whole, they would be more than a document may have, in each answer and in each error."""
    long = "ệ" * 10_000
    line = ";".join([long] * SHEET_COLUMNS)
    answer = await uploaded(owner, f"{line}\n" * 2)
    first, second, *_ = answer["columns"]
    assert (len(answer["columns"]), len(set(answer["columns"]))) == (SHEET_COLUMNS,) * 2
    assert (first, second) == (long[:NAME_CHARACTERS], f"{long[:NAME_CHARACTERS]} (2)")
    assert answer["sample"][0][second] == long[:NAME_CHARACTERS]
    path = f"{PATH}/{answer['id']}/mapping"
    preview = await owner.done("PUT", path, {"mapping": {second: "phones"}})
    assert [(error["row"], error["column"]) for error in preview["errors"]] == [(2, second)]


async def test_r9_5_a_row_with_a_number_that_no_sheet_has_is_refused_at_the_upload(
    owner: User,
) -> None:
    """openpyxl yields an empty row for each of a million million numbers before it."""
    answer = await upload(owner, place_row(10**12))
    assert answer.status_code == 422
    assert "1048576 rows" in answer.text


async def test_c9_rows_become_commands_to_the_crm(owner: User, log: InMemoryLog) -> None:
    import_id = (await uploaded(owner))["id"]
    body = {"mapping": MAPPING, "duplicates": "fill"}
    await owner.done("PUT", f"{PATH}/{import_id}/mapping", body)
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await owner.post(f"{PATH}/{import_id}/start")
        assert answer.status_code == 202
        ended = await wait_until_ended(owner, import_id)
        assert (await owner.post(f"{PATH}/{import_id}/start")).status_code == 202
    assert (ended["state"], ended["total"], ended["done"]) == ("done", 3, 3)
    assert (ended["changed"], ended["skipped"]) == (2, [{"id": "3", "reason": "invalid_row"}])
    first, _ = asked
    assert isinstance(first, ImportContact)
    assert (first.name, first.phones, first.source) == ("Lan", ("+84912345678",), import_id)
    assert (first.warehouse_id, first.managed, first.by) == ("default", ("default",), "admin")
    assert (await owner.done("GET", f"/v1/jobs/{import_id}"))["kind"] == "import"


async def test_c2_rows_with_a_number_of_a_hidden_contact_are_named_and_no_more_is_said(
    owner: User, log: InMemoryLog
) -> None:
    import_id = (await uploaded(owner))["id"]
    await owner.done("PUT", f"{PATH}/{import_id}/mapping", {"mapping": MAPPING})
    async with crm(log, CrmOutcome.UNCHANGED, 0, known_elsewhere=("+84912345678",)):
        await owner.done("POST", f"{PATH}/{import_id}/start")
        ended = await wait_until_ended(owner, import_id)
    assert (ended["changed"], ended["unchanged"]) == (0, 2)
    reasons = {each["id"]: each["reason"] for each in ended["skipped"]}
    assert reasons == {"2": "known_elsewhere", "3": "invalid_row", "4": "known_elsewhere"}


async def test_w5_rows_name_the_members_who_can_work_if_the_warehouse_distributes(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    await desk.staff(owner, "lan")
    await desk.staff(owner, "minh")
    staff = []
    for distribute in (Strategy.SEQUENTIAL, None):
        await put_warehouse(views, "default", members=("lan", "removed"), distribute=distribute)
        upload_id = (await uploaded(owner))["id"]
        await owner.done("PUT", f"{PATH}/{upload_id}/mapping", {"mapping": MAPPING})
        async with crm(log, CrmOutcome.APPLIED, 1) as asked:
            await owner.done("POST", f"{PATH}/{upload_id}/start")
            await wait_until_ended(owner, upload_id)
        staff.append({each.staff for each in asked if isinstance(each, ImportContact)})
    assert staff == [{("lan",)}, {()}]


async def test_c9_an_import_without_a_mapping_is_not_started(owner: User) -> None:
    import_id = (await uploaded(owner))["id"]
    assert (await owner.post(f"{PATH}/{import_id}/start")).status_code == 409
    assert (await owner.post(f"{PATH}/{import_id}/stop")).status_code == 409


@pytest.mark.parametrize(
    "mapping", [{"Họ tên": "steps.gone"}, {"Họ tên": "custom."}, {"Không có": "name"}]
)
async def test_c9_a_mapping_to_what_does_not_exist_is_refused(
    owner: User, mapping: dict[str, str]
) -> None:
    import_id = (await uploaded(owner))["id"]
    answer = await owner.put(f"{PATH}/{import_id}/mapping", {"mapping": mapping})
    assert answer.status_code == 422


async def test_c9_w5_managers_alone_import_the_assignee(
    desk: Rig, owner: User, views: Database
) -> None:
    """In a file of a member, the column means nothing."""
    hoa = await desk.staff(owner, "hoa")
    await put_warehouse(views, "south", members=("hoa",))
    guesses = []
    for user in (owner, hoa):
        found = (await upload(user, "name;assignee\nLan;hoa\n", warehouse_id="south")).json()
        guesses.append(found.get("guess"))
    assert guesses == [None, {"name": "name"}]
    path = f"{PATH}/{found['id']}/mapping"
    assert (await hoa.put(path, {"mapping": {"assignee": "assignee"}})).status_code == 422


async def test_c9_c5_c6_rows_give_tags_steps_a_campaign_and_an_assignee(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    """As an export writes them."""
    await desk.staff(owner, "hoa")
    await show_setup(views)
    heading = "name;tags;steps.retail;campaign_id;care_status;assignee"
    file = f'{heading}\nLan;"VIP; sỉ";Báo giá;tet;multi_assigned;hoa\nMinh;;gone;none;x;nobody\n'
    found = await uploaded(owner, file)
    assert found["guess"] == {name: name for name in heading.split(";")}
    path = f"{PATH}/{found['id']}"
    preview = await owner.done("PUT", f"{path}/mapping", {"mapping": found["guess"]})
    assert {(each["row"], each["column"]) for each in preview["errors"]} == {
        (3, name) for name in ("steps.retail", "campaign_id", "care_status", "assignee")
    }
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        await owner.done("POST", f"{path}/start")
        assert (await wait_until_ended(owner, found["id"]))["changed"] == 1
    (command,) = asked
    assert isinstance(command, ImportContact)
    assert (command.tags, command.steps) == (("VIP", "sỉ"), {"retail": "quoted"})
    assert (command.campaign_id, command.care_status, command.assignee) == (
        "tet",
        "multi_assigned",
        "hoa",
    )


async def show_setup(views: Database) -> None:
    """A pipeline and a campaign."""
    made: dict[str, Any] = {
        "organization": SHOP,
        "sequence": 1,
        "created_at": CREATED,
        "created_by": AgentId("admin"),
        "updated_at": CREATED,
    }
    steps = (PipelineStep(id="new", name="Mới"), PipelineStep(id="quoted", name="Báo giá"))
    pipeline = PipelineDocument(**made, key="shop/retail", id="retail", name="Bán lẻ", steps=steps)
    campaign = CampaignDocument(**made, key="shop/tet", id="tet", name="Tết")
    await views[PIPELINES_VIEW.collection].insert_one(PIPELINES_VIEW.encode(pipeline))
    await views[CAMPAIGNS_VIEW.collection].insert_one(CAMPAIGNS_VIEW.encode(campaign))


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0 old", b"PK\x03\x04 no workbook"])
async def test_c9_what_is_no_table_is_refused(owner: User, content: bytes) -> None:
    answer = await upload(owner, content)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.file"


async def test_c9_a_file_that_is_too_long_is_refused(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SHEET_BYTES", 10)
    assert (await upload(owner)).status_code == 413


async def test_c9_w6_only_managers_and_members_of_a_warehouse_import_into_it(
    desk: Rig, owner: User, views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored of a file for another one, whether its warehouse is named before the file
    or after it."""
    hoa = await desk.staff(owner, "hoa")
    await put_warehouse(views, "north", managers=("hoa",))
    await put_warehouse(views, "south", members=("hoa",))
    await put_warehouse(views, "other")
    for warehouse_id in ("north", "south", "default"):
        assert (await upload(hoa, warehouse_id=warehouse_id)).status_code == 201
    assert (await upload(hoa)).status_code == 201  # into the default one
    monkeypatch.setattr(imports, "new_id", lambda kind: f"{kind}_next")
    for warehouse_id in ("other", "none"):
        for send in (upload, upload_before_warehouse):
            assert (await send(hoa, warehouse_id=warehouse_id)).status_code == 403
            assert await desk.gateway.attachments.open(SHOP, AttachmentId("imp_next")) is None
    assert (await upload_before_warehouse(hoa, "south")).status_code == 201
    assert await desk.gateway.attachments.open(SHOP, AttachmentId("imp_next")) is not None


async def test_c9_w3_what_a_member_imports_is_theirs(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    """Also if the warehouse distributes its contacts. A manager's rows have no assignee."""
    hoa, lan = await desk.staff(owner, "hoa"), await desk.staff(owner, "lan")
    await put_warehouse(
        views, "south", members=("hoa",), managers=("lan",), distribute=Strategy.SEQUENTIAL
    )
    found = []
    for user in (hoa, lan):
        import_id = (await upload(user, warehouse_id="south")).json()["id"]
        await user.done("PUT", f"{PATH}/{import_id}/mapping", {"mapping": MAPPING})
        async with crm(log, CrmOutcome.APPLIED, 1) as asked:
            await user.done("POST", f"{PATH}/{import_id}/start")
            assert (await wait_until_ended(user, import_id))["state"] == "done"
        found.append({(e.assignee, e.staff) for e in asked if isinstance(e, ImportContact)})
    assert found == [{("hoa", ())}, {(None, ("hoa",))}]


async def test_c9_w3_an_import_into_a_warehouse_that_its_agent_left_is_not_started(
    desk: Rig, owner: User, views: Database
) -> None:
    hoa = await desk.staff(owner, "hoa")
    await put_warehouse(views, "south", members=("hoa",))
    import_id = (await upload(hoa, warehouse_id="south")).json()["id"]
    await hoa.done("PUT", f"{PATH}/{import_id}/mapping", {"mapping": MAPPING})
    await put_warehouse(views, "south")
    assert (await hoa.post(f"{PATH}/{import_id}/start")).status_code == 403


async def upload_before_warehouse(user: User, warehouse_id: str) -> httpx.Response:
    """The same, with the text after the file."""
    return await user.client.post(
        PATH,
        headers={"Authorization": f"Bearer {user.token}"},
        files=[
            ("file", ("khach.csv", FILE.encode(), "text/csv")),
            ("warehouse_id", (None, warehouse_id.encode())),
        ],
    )


async def put_warehouse(
    views: Database,
    warehouse_id: str,
    *,
    members: tuple[str, ...] = (),
    managers: tuple[str, ...] = (),
    distribute: Strategy | None = None,
) -> None:
    document = WarehouseDocument(
        key=f"shop/{warehouse_id}",
        id=warehouse_id,
        organization=SHOP,
        name="Kho",
        members=tuple(map(AgentId, members)),
        managers=tuple(map(AgentId, managers)),
        distribute=distribute,
        sequence=1,
        created_at=CREATED,
        created_by=AgentId("admin"),
        updated_at=CREATED,
    )
    await views[WAREHOUSES_VIEW.collection].replace_one(
        {"_id": document.key}, WAREHOUSES_VIEW.encode(document), upsert=True
    )


async def test_c9_w6_the_import_of_another_agent_is_not_found(desk: Rig, owner: User) -> None:
    hoa = await desk.staff(owner, "hoa")
    import_id = (await uploaded(owner))["id"]
    assert (await hoa.get(f"{PATH}/{import_id}")).status_code == 404
    for action in ("start", "stop"):
        assert (await hoa.post(f"{PATH}/{import_id}/{action}")).status_code == 404


async def test_c9_the_template_maps_itself(owner: User) -> None:
    answer = await owner.get(f"{PATH}/template.xlsx")
    assert [row.cells for row in read_rows(io.BytesIO(answer.content))] == [CONTACT_FIELDS]
    assert (await uploaded(owner, answer.content))["guess"] == {
        name: name for name in CONTACT_FIELDS
    }
