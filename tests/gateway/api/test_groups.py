"""L1: groups of agents, which links lead to."""

import pytest

from gateway.rig import Rig, User


@pytest.fixture
async def staffed(rig: Rig, boss: User) -> User:
    for agent in ("lan", "minh"):
        body = {"name": agent.title(), "username": agent, "role": "agent"}
        await boss.done("PUT", f"/v1/agents/{agent}", body)
    return boss


async def test_l1_a_group_is_put_read_changed_and_removed(rig: Rig, staffed: User) -> None:
    body = {"name": "Giày", "members": ["minh", "lan"]}
    put = await staffed.put("/v1/groups/shoes", body)
    shown = {"id": "shoes", **body, "version": put.json()["version"]}
    assert put.json() == shown
    got = await staffed.get(f"/v1/groups/shoes?after={shown['version']}")
    assert (got.json(), got.headers["ETag"]) == (shown, put.headers["ETag"])
    assert (await staffed.done("GET", "/v1/groups"))["items"] == [shown]
    changed = await staffed.done("PUT", "/v1/groups/shoes", {"name": "Giày"})
    assert changed["members"] == []  # PUT replaces
    assert (await staffed.delete("/v1/groups/shoes")).status_code == 204
    assert (await staffed.get("/v1/groups/shoes")).status_code == 404


@pytest.mark.parametrize("members", [["nobody"], ["lan", "lan"]])
async def test_members_exist_each_once(rig: Rig, staffed: User, members: list[str]) -> None:
    answer = await staffed.put("/v1/groups/shoes", {"name": "Giày", "members": members})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.members"


async def test_a_group_that_a_link_leads_to_is_not_removed(rig: Rig, staffed: User) -> None:
    await staffed.done("PUT", "/v1/groups/shoes", {"name": "Giày"})
    link = {"url": "https://shop.example/giay", "group": "shoes"}
    await staffed.done("PUT", "/v1/links/shoes", link)
    answer = await staffed.delete("/v1/groups/shoes")
    assert answer.status_code == 409
    assert "link 'shoes'" in answer.json()["detail"]
    await staffed.done("DELETE", "/v1/links/shoes")
    assert (await staffed.delete("/v1/groups/shoes")).status_code == 204


async def test_lists_are_cut_in_the_order_of_ids(rig: Rig, staffed: User) -> None:
    for group in ("c", "a", "b"):
        await staffed.done("PUT", f"/v1/groups/{group}", {"name": group})
    first = await staffed.done("GET", "/v1/groups?limit=2")
    rest = await staffed.done("GET", f"/v1/groups?limit=2&cursor={first['next']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["next"] is None
