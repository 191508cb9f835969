"""R7 and the borders between organizations, through HTTP alone."""

import pytest

from support.shop import OpenShop, Person, Shop, eventually, is_owned_by


async def _list_visible(person: Person) -> set[str]:
    rows = {row["external_id"] for row in await person.inbox()}
    counts = await person.get("/v1/conversations/counts")
    assert counts["total"] == len(rows)
    assert counts["unread"] <= len(rows)
    return rows


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        ("everyone", {"cua-an", "cua-binh", "cua-ai"}),
        ("own_and_unassigned", {"cua-an", "cua-ai"}),
        ("own_only", {"cua-an"}),
    ],
)
async def test_r7_an_agent_sees_what_visibility_allows(
    shop: Shop, visibility: str, seen: set[str]
) -> None:
    await shop.hire("an", "binh")
    await shop.hire("quan", role="store_manager", online=False)
    await shop.admin.put("/v1/settings", assignment=True, visibility=visibility)
    rows = {}
    for customer in ("cua-an", "cua-binh", "cua-ai"):
        await shop.facebook.send(shop.facebook.message(customer))
        rows[customer] = await shop.row(customer)
    for agent in ("an", "binh"):
        await shop.admin.put(
            f"/v1/conversations/{rows[f'cua-{agent}']['id']}/assignee", agent_id=agent
        )
        await shop.row(f"cua-{agent}", is_owned_by(agent))

    assert await _list_visible(shop.people["an"]) == seen
    assert await _list_visible(shop.people["quan"]) == set(rows)
    for customer, row in rows.items():
        for path in ("", "/messages", "/assignments"):
            answer = await shop.people["an"].ask("GET", f"/v1/conversations/{row['id']}{path}")
            assert answer.status_code == (200 if customer in seen else 404), path


async def test_r7_1_r7_4_page_permissions_cut_every_role_but_the_administrator(
    shop: Shop,
) -> None:
    await shop.hire("an")
    await shop.hire("quan", role="chain_manager", online=False)
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1")
    assert await _list_visible(shop.people["quan"]) == {"c1"}

    await shop.admin.put("/v1/settings", page_permissions=True)
    assert await _list_visible(shop.people["quan"]) == set()
    assert await _list_visible(shop.people["an"]) == set()
    hidden = await shop.people["quan"].ask("GET", f"/v1/conversations/{row['id']}")
    assert hidden.status_code == 404
    await shop.admin.put(
        f"/v1/pages/{shop.page_id}",
        channel="facebook",
        external_id=shop.facebook.page,
        name="Trang bán hàng",
        staff=["quan"],
    )

    assert await _list_visible(shop.people["quan"]) == {"c1"}
    assert await _list_visible(shop.people["an"]) == set()
    assert await _list_visible(shop.admin) == {"c1"}


async def test_inv5_two_organizations_side_by_side_share_nothing(open_shop: OpenShop) -> None:
    one, two = await open_shop(), await open_shop()
    for shop in (one, two):
        await shop.hire("an", "binh")
        await shop.assign_by("an", "binh")
        await shop.facebook.send(shop.facebook.message("c1", f"của {shop.id}"))
        await shop.facebook.send(shop.facebook.comment("c1", "1_1", text=f"của {shop.id}"))
    rows = {shop.id: await shop.row("c1", is_owned_by("an")) for shop in (one, two)}

    for shop, other in ((one, two), (two, one)):
        await shop.row("1_1", is_owned_by("binh"), kind="comment")
        texts = {row["last_text"] for row in await shop.admin.inbox()}
        assert texts == {f"của {shop.id}"}
        foreign = f"/v1/conversations/{rows[other.id]['id']}"
        for method, path in (
            ("GET", foreign),
            ("GET", f"{foreign}/messages"),
            ("GET", f"{foreign}/assignments"),
            ("POST", f"{foreign}/read"),
        ):
            assert (await shop.admin.ask(method, path)).status_code == 404
        answer = await shop.admin.ask("PUT", f"{foreign}/assignee", json={"agent_id": "binh"})
        assert answer.status_code == 404
        claimed = await shop.admin.ask(
            "PUT",
            "/v1/pages/cuop",
            json={"channel": "facebook", "external_id": other.facebook.page, "name": "x"},
        )
        assert claimed.status_code == 409


async def test_c1_w1_a_first_event_makes_a_contact_in_the_default_warehouse(shop: Shop) -> None:
    facebook = shop.facebook
    await facebook.send(facebook.comment("c1", "1_1", name="Trần Thị Bưởi"))
    row = await shop.row("1_1", kind="comment")
    contact: dict[str, object] = {}

    async def there() -> bool:
        answer = await shop.admin.ask("GET", f"/v1/contacts/{row['contact_id']}")
        contact.update(answer.json())
        return answer.status_code == 200

    await eventually(there, lambda: str(contact))
    assert contact["name"] == "Trần Thị Bưởi"
    assert contact["warehouse_id"] == "default"
