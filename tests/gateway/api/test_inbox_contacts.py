"""Contacts, read from the CRM's view (C1, W1, W6)."""

from datetime import UTC, datetime

from gateway.rig import Rig, User
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents


async def _fill(views: Database) -> None:
    await views["contacts"].insert_many(
        [
            {
                "_id": f"con_{number}",
                "organization": organization,
                "name": name,
                "name_folded": fold_accents(name),
                "phones": [],
                "emails": [],
                "customers": [{"id": f"cus_{number}", "page_id": "page", "channel": "facebook"}],
                "warehouse_id": "default",
                "assignee": None,
                "created_at": datetime(2026, 11, 21, tzinfo=UTC),
                "version": 1,
            }
            for number, (organization, name) in enumerate(
                [("shop", "Nguyễn Vĩnh"), ("shop", "Trần Lan"), ("rival", "Vinh")]
            )
        ]
    )


async def test_w1_w3_the_system_admin_sees_the_default_warehouse_and_its_contacts(
    owner: User, views: Database
) -> None:
    await _fill(views)
    warehouses = (await owner.done("GET", "/v1/warehouses"))["items"]
    assert warehouses == [{"id": "default", "name": "Kho mặc định", "default": True}]
    first = await owner.done("GET", "/v1/contacts?limit=1")
    rest = await owner.done("GET", f"/v1/contacts?limit=1&cursor={first['next']}")
    assert [c["id"] for c in first["items"] + rest["items"]] == ["con_0", "con_1"]
    assert rest["next"] is None
    (found,) = (await owner.done("GET", "/v1/contacts?q=vinh"))["items"]
    assert found == await owner.done("GET", "/v1/contacts/con_0")
    assert found["warehouse_id"] == "default"


async def test_w6_nobody_else_sees_them(desk: Rig, owner: User, views: Database) -> None:
    await _fill(views)
    for role in ("agent", "chain_manager"):
        user = await desk.staff(owner, role, role)
        for path in ("contacts", "contacts?q=vinh", "warehouses"):
            assert (await user.done("GET", f"/v1/{path}"))["items"] == []
        assert (await user.get("/v1/contacts/con_0")).status_code == 404
    assert (await owner.get("/v1/contacts/con_2")).status_code == 404
