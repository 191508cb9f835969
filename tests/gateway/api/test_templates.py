"""I7: templates."""

import pytest

from gateway.rig import Rig, User, records, running
from tuyen_events.limits import TEMPLATE_CHARACTERS
from tuyen_events.topics import DESK
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


def template(title: str = "Chào khách", text: str = "Chào {{customer.name}}") -> dict[str, object]:
    return {"title": title, "text": text}


async def test_i7_a_template_is_put_read_changed_and_removed(rig: Rig, boss: User) -> None:
    put = await boss.put("/v1/templates/chao", {**template(), "channels": ["zalo", "zalo"]})
    assert put.status_code == 200
    shown = {"id": "chao", **template(), "channels": ["zalo"], "version": put.json()["version"]}
    assert put.json() == shown
    got = await boss.get(f"/v1/templates/chao?after={shown['version']}")
    assert (got.json(), got.headers["ETag"]) == (shown, put.headers["ETag"])
    again = await boss.done("PUT", "/v1/templates/chao", {**template(), "channels": ["zalo"]})
    assert again["version"] == shown["version"]
    changed = await boss.done("PUT", "/v1/templates/chao", {**template("Xin chào"), "channels": []})
    assert (changed["title"], changed["channels"]) == ("Xin chào", None)
    assert changed["version"] > shown["version"]
    assert (await boss.delete("/v1/templates/chao")).status_code == 204
    assert (await boss.get("/v1/templates/chao")).status_code == 404
    assert (await boss.delete("/v1/templates/chao")).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["b", "d", "a", "c"]),
        ("ola", ["a"]),
        ("OLÁ", ["a"]),
        ("dat hang", ["b", "d"]),
        ("đặt", ["b", "d"]),
        ("customer", ["c"]),
        ("(*[$", []),
        ("%20", ["b", "d", "a", "c"]),
    ],
)
async def test_i7_templates_are_found_without_accents_and_in_the_order_of_their_titles(
    rig: Rig, boss: User, query: str, found: list[str]
) -> None:
    texts = {
        "a": template("Olá", "x"),
        "b": template("đặt hàng", "x"),
        "c": template("Xin chào", "{{customer.name}}"),
        "d": template("Đặt hàng", "y"),
    }
    for name, body in texts.items():
        await boss.done("PUT", f"/v1/templates/{name}", body)
    listed = await boss.done("GET", f"/v1/templates?q={query}")
    assert [one["id"] for one in listed["items"]] == found


async def test_i7_the_list_is_cut_into_pages(rig: Rig, boss: User) -> None:
    for number in range(5):
        await boss.done("PUT", f"/v1/templates/t{number}", template("Ḿ" * 200))
    seen: list[str] = []
    path = "/v1/templates?limit=2"
    while path:
        page = await boss.done("GET", path)
        seen += [one["id"] for one in page["items"]]
        path = f"/v1/templates?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"t{number}" for number in range(5)]


async def test_i7_a_list_can_be_of_one_channel(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/templates/all", template())
    await boss.done("PUT", "/v1/templates/zalo", {**template(), "channels": ["zalo"]})
    facebook = await boss.done("GET", "/v1/templates?channel=facebook")
    assert [one["id"] for one in facebook["items"]] == ["all"]
    zalo = await boss.done("GET", "/v1/templates?channel=zalo")
    assert [one["id"] for one in zalo["items"]] == ["all", "zalo"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("text", ""),
        ("text", "  "),
        ("text", "x" * (TEMPLATE_CHARACTERS + 1)),
        ("text", "Đơn {{order.id}}"),
        ("title", ""),
        ("title", "x" * 201),
        ("channels", ["telegram"]),
        ("channels", ["zalo"] * 10),
    ],
)
async def test_i7_what_is_no_template_is_refused(
    rig: Rig, boss: User, field: str, wrong: object
) -> None:
    answer = await boss.put("/v1/templates/t", {**template(), field: wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(f"body.{field}")


async def test_i7_agents_read_templates_and_managing_roles_write_them(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    sales = await rig.staff(boss, "sales", "sales_manager")
    await sales.done("PUT", "/v1/templates/t", template())
    assert (await lan.put("/v1/templates/t", template("Của Lan"))).status_code == 403
    assert (await lan.delete("/v1/templates/t")).status_code == 403
    assert (await lan.done("GET", "/v1/templates/t"))["title"] == "Chào khách"
    assert len((await lan.done("GET", "/v1/templates"))["items"]) == 1


async def test_r7_2_templates_of_another_organization_do_not_exist(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await boss.done("PUT", "/v1/templates/t", template())
    assert (await other.get("/v1/templates/t")).status_code == 404
    assert (await other.delete("/v1/templates/t")).status_code == 404
    assert (await other.done("GET", "/v1/templates"))["items"] == []
    position = (await other.done("GET", "/v1/templates"))["position"]
    await boss.done("PUT", "/v1/templates/t2", template())
    assert (await other.done("GET", "/v1/templates"))["position"] == position


async def test_i7_templates_are_in_the_log_and_survive_a_restart(
    rig: Rig, boss: User, log: InMemoryLog, clock: ManualClock
) -> None:
    put = await boss.done("PUT", "/v1/templates/t", template())
    await boss.done("PUT", "/v1/templates/gone", template())
    await boss.delete("/v1/templates/gone")
    stored = await records(log, DESK)
    assert [record.key for record in stored] == [
        b"shop/template//t",
        b"shop/template//gone",
        b"shop/template//gone",
    ]
    async with running(log, clock) as restarted:
        again = User(restarted.client, boss.token)
        assert (await again.done("GET", "/v1/templates"))["items"] == [put]
