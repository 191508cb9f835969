"""I15: saved views, shared by a manager or private."""

from typing import Any

import pytest

from gateway.rig import Rig, User

FILTER = {"assignee": "me", "state": "unread", "done": False}


def view(*, shared: bool = False, name: str = "Của tôi") -> dict[str, Any]:
    return {"name": name, "filter": FILTER, "shared": shared}


async def ids(user: User) -> list[tuple[str, bool]]:
    listed = await user.done("GET", "/v1/views")
    return [(one["id"], one["shared"]) for one in listed["items"]]


async def test_i15_a_view_is_put_listed_changed_and_removed(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    put = await lan.put("/v1/views/v", view())
    assert put.json() == {"id": "v", **view(), "version": put.json()["version"]}
    listed = await lan.done("GET", f"/v1/views?after={put.json()['version']}")
    assert listed["items"] == [put.json()]
    changed = await lan.done("PUT", "/v1/views/v", view(name="Khác"))
    assert changed["name"] == "Khác"
    assert (await lan.delete("/v1/views/v")).status_code == 204
    assert (await lan.delete("/v1/views/v")).status_code == 404
    assert await ids(lan) == []


async def test_i15_a_private_view_is_nobody_elses(rig: Rig, boss: User) -> None:
    lan, minh = await rig.staff(boss, "lan"), await rig.staff(boss, "minh")
    await lan.done("PUT", "/v1/views/v", view())
    for other in (minh, boss):
        assert await ids(other) == []
        assert (await other.delete("/v1/views/v")).status_code == 404
    await minh.done("PUT", "/v1/views/v", view(name="Của Minh"))
    assert (await lan.done("GET", "/v1/views"))["items"][0]["name"] == "Của tôi"


async def test_i15_a_shared_view_is_everybodys_and_a_managers_to_change(
    rig: Rig, boss: User
) -> None:
    lan = await rig.staff(boss, "lan")
    manager = await rig.staff(boss, "chief", "store_manager")
    await manager.done("PUT", "/v1/views/v", view(shared=True))
    assert await ids(lan) == await ids(boss) == [("v", True)]
    assert (await lan.put("/v1/views/v", view(shared=True))).status_code == 403
    assert (await lan.delete("/v1/views/v")).status_code == 403
    await lan.done("PUT", "/v1/views/v", view(name="Của Lan"))
    assert await ids(lan) == [("v", False)]
    assert await ids(boss) == [("v", True)]
    await boss.done("PUT", "/v1/views/v", view())
    assert await ids(boss) == [("v", False)]
    assert await ids(manager) == []
    await boss.done("PUT", "/v1/views/v", view(shared=True))
    assert await ids(boss) == await ids(manager) == [("v", True)]
    assert (await boss.delete("/v1/views/v")).status_code == 204
    assert await ids(manager) == []


async def test_r7_2_views_of_another_organization_do_not_exist(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await boss.done("PUT", "/v1/views/v", view(shared=True))
    assert await ids(other) == []
    assert (await other.delete("/v1/views/v")).status_code == 404


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""),
        ("filter", {"nonsense": 1}),
        ("filter", {"q": "x" * 200}),
        ("filter", {"channel": "telegram"}),
        ("filter", []),
        ("shared", None),
    ],
)
async def test_i15_what_is_no_view_is_refused(
    rig: Rig, boss: User, field: str, wrong: object
) -> None:
    answer = await boss.put("/v1/views/v", {**view(), field: wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(f"body.{field}")


async def test_i15_a_filter_is_kept_as_it_was_put(rig: Rig, boss: User) -> None:
    """Not as it meant whoever put it: `me` is whoever uses a shared view."""
    whole = {
        "kind": "message",
        "channel": "livechat",
        "page": "chat",
        "state": "all",
        "assignee": "me",
        "tag": "vip",
        "q": "Lan",
        "external_id": "v-1",
        "done": True,
    }
    body = {"name": "Tất cả", "filter": whole, "shared": True}
    assert (await boss.done("PUT", "/v1/views/v", body))["filter"] == whole
    null = {"name": "Tất cả", "filter": {"kind": None}, "shared": True}
    assert (await boss.done("PUT", "/v1/views/v", null))["filter"] == {}
