"""P1, L1 to L3 and C1 through HTTP alone: a shop's own site."""

from typing import Any

import httpx

from support import livechat
from support.shop import Json, Shop, accept, eventually, is_owned_by
from tuyen_local.stack import Stack


async def _status(shop: Shop, status: str) -> None:
    page: Json = {}

    async def shown() -> bool:
        page.update(await shop.admin.get("/v1/pages/web"))
        return bool(page["status"] == status)

    await eventually(shown, lambda: str(page))


async def test_p1_a_site_is_connected_verified_subscribed_and_gets_a_new_token(
    stack: Stack, shop: Shop
) -> None:
    await shop.hire("an")
    await shop.assign_by("an")
    site = await shop.site()
    path = "/v1/pages/web"
    assert site.webhook_url == f"{stack.ingest_url}/webhooks/livechat/{site.app_id}"
    assert "token" not in await shop.admin.put(path, channel="livechat", name="Trang khác")
    page = await shop.admin.get(path)
    assert (page["status"], "token" in page) == ("waiting", False)

    for wrong in (
        await site.send_raw(livechat.body(), "sai"),
        await _post_unsigned(site.webhook_url),
    ):
        assert wrong.status_code == 401
    assert (await shop.admin.get(path))["status"] == "waiting"
    assert (await site.write("v1")).status_code == 200
    await shop.row("v1", is_owned_by("an"), channel="livechat")
    await _status(shop, "verified")
    await shop.admin.put(path, channel="livechat", name="Trang web", status="active")
    await _status(shop, "active")

    renewed = await shop.admin.post(f"{path}/token")
    await _status(shop, "waiting")
    assert (await site.write("v2")).status_code == 401
    site.token = renewed["token"]
    assert (await site.write("v3")).status_code == 200
    await shop.row("v3", is_owned_by("an"))
    assert {row["external_id"] for row in await shop.admin.inbox()} == {"v1", "v3"}


async def _post_unsigned(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=livechat.body())


async def test_c1_r9_2_a_visitor_becomes_a_contact_and_one_event_is_one_message(
    shop: Shop,
) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    site = await shop.site()
    raw = livechat.body(department=None, region=None)
    for _ in range(2):
        accept(await site.send_raw(raw))
    await site.write("v-17", "Còn đó không?")

    await shop.owners(["v-17"])
    row = await shop.row("v-17", lambda row: row["last_text"] == "Còn đó không?")
    assert (row["channel"], row["kind"], row["unread"]) == ("livechat", "message", 2)
    assert row["customer"]["name"] == "Lan"
    assert len(await shop.history(row["id"])) == 1
    contact: dict[str, Any] = {}

    async def there() -> bool:
        answer = await shop.admin.ask("GET", f"/v1/contacts/{row['contact_id']}")
        contact.update(answer.json())
        return answer.status_code == 200

    await eventually(there, lambda: str(contact))
    assert contact["name"] == "Lan"
    assert contact["phones"] == ["+84903123456"]
    assert contact["emails"] == ["lan@example.com"]
    (visitor,) = contact["customers"]
    told = {name: visitor[name] for name in ("gender", "location", "browser", "page_url")}
    assert told == {
        "gender": "female",
        "location": "Hà Nội",
        "browser": "Firefox 140",
        "page_url": "https://shop.example/vn/giay?utm=x",
    }


async def test_l2_the_widget_offers_what_somebody_is_there_for(shop: Shop) -> None:
    for department in ("care", "sales"):
        await shop.admin.put(f"/v1/departments/{department}", name=department.upper())
    for region in ("north", "south"):
        await shop.admin.put(f"/v1/departments/sales/regions/{region}", name=region.upper())
    await shop.hire("an", departments=["sales"], regions=["sales/north"])
    both: Json = {"departments": ["care", "sales"], "regions": ["sales/south"]}
    await shop.hire("binh", online=False, **both)
    site = await shop.site()

    async def read_offered() -> Any:
        answer = await shop.gateway.get(f"/livechat/{site.app_id}/departments")
        return accept(answer).json()["items"]

    assert await read_offered() == [{"id": "sales", "name": "SALES"}]
    await shop.people["binh"].go("online")
    regions = [{"id": "north", "name": "NORTH"}, {"id": "south", "name": "SOUTH"}]
    assert await read_offered() == [
        {"id": "care", "name": "CARE"},
        {"id": "sales", "name": "SALES", "regions": regions},
    ]
    await shop.employ("binh", disabled=True, **both)
    assert await read_offered() == [{"id": "sales", "name": "SALES"}]
    unknown = await shop.gateway.get("/livechat/app_khong_co/departments")
    assert unknown.status_code == 404


async def test_l1_what_is_used_is_not_removed(shop: Shop) -> None:
    await shop.admin.put("/v1/departments/sales", name="Bán hàng")
    await shop.admin.put("/v1/departments/sales/regions/north", name="Bắc")
    await shop.hire("an", online=False, departments=["sales"], regions=["sales/north"])
    await shop.admin.put("/v1/groups/giay", name="Giày", members=["an"])
    await shop.admin.put("/v1/links/giay", url="https://shop.example/giay", group="giay")

    used = ["/v1/departments/sales", "/v1/departments/sales/regions/north", "/v1/groups/giay"]
    answers = [await shop.admin.ask("DELETE", path) for path in used]
    await shop.employ("an")
    for path in ("/v1/links/giay", *reversed(used)):
        await shop.admin.delete(path)

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert "'north'" in answers[0].json()["detail"]
    assert "'an'" in answers[1].json()["detail"]
    assert "'giay'" in answers[2].json()["detail"]
