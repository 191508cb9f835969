"""L1: departments, and regions inside of them; agents belong to any number of each."""

import pytest

from gateway.rig import Rig, User

SALES = "/v1/departments/sales"
NORTH = f"{SALES}/regions/north"


def lan(**changed: object) -> dict[str, object]:
    return {"name": "Lan", "username": "lan", "role": "agent", **changed}


@pytest.fixture
async def north(rig: Rig, boss: User) -> User:
    """The `system_admin` of a shop with the department `sales` and its region `north`."""
    await boss.done("PUT", SALES, {"name": "Bán hàng"})
    await boss.done("PUT", NORTH, {"name": "Miền Bắc"})
    return boss


async def test_l1_a_department_is_put_read_renamed_and_removed(rig: Rig, boss: User) -> None:
    put = await boss.put(SALES, {"name": "Bán hàng"})
    shown = {"id": "sales", "name": "Bán hàng", "version": put.json()["version"]}
    assert put.json() == shown
    got = await boss.get(f"{SALES}?after={shown['version']}")
    assert (got.json(), got.headers["ETag"]) == (shown, put.headers["ETag"])
    assert (await boss.done("GET", "/v1/departments"))["items"] == [shown]
    assert await boss.done("PUT", SALES, {"name": "Bán hàng"}) == shown  # nothing is written again
    assert (await boss.done("PUT", SALES, {"name": "Sales"}))["version"] > shown["version"]
    assert (await boss.delete(SALES)).status_code == 204
    assert (await boss.get(SALES)).status_code == 404
    assert (await boss.delete(SALES)).status_code == 404


async def test_l1_a_region_is_its_departments(rig: Rig, north: User) -> None:
    shown = await north.done("GET", NORTH)
    assert shown == {
        "id": "north",
        "department_id": "sales",
        "name": "Miền Bắc",
        "version": shown["version"],
    }
    await north.done("PUT", "/v1/departments/care", {"name": "Kỹ thuật"})
    await north.done("PUT", "/v1/departments/care/regions/north", {"name": "Bắc"})
    assert (await north.done("GET", f"{SALES}/regions"))["items"] == [shown]
    assert (await north.done("GET", "/v1/departments/care/regions"))["items"][0]["name"] == "Bắc"
    assert (await north.delete(NORTH)).status_code == 204
    assert (await north.get(NORTH)).status_code == 404
    assert (await north.done("GET", f"{SALES}/regions"))["items"] == []


async def test_l1_a_region_needs_its_department(rig: Rig, boss: User) -> None:
    assert (await boss.put(NORTH, {"name": "Miền Bắc"})).status_code == 404
    assert (await boss.get(f"{SALES}/regions")).status_code == 404


@pytest.mark.parametrize("path", [SALES, NORTH])
@pytest.mark.parametrize("wrong", [{}, {"name": " "}, {"name": "n" * 201}, {"name": "a", "b": 1}])
async def test_what_does_not_fit_is_refused(
    rig: Rig, north: User, path: str, wrong: dict[str, object]
) -> None:
    assert (await north.put(path, wrong)).status_code == 422


async def test_an_id_is_one_that_a_caller_may_choose(rig: Rig, boss: User) -> None:
    assert (await boss.put("/v1/departments/a%20b", {"name": "A"})).status_code == 422


@pytest.mark.parametrize(
    ("places", "field"),
    [
        ({"departments": ["care"]}, "body.departments"),
        ({"departments": ["sales", "sales"]}, "body.departments"),
        ({"departments": ["sales"], "regions": ["sales/south"]}, "body.regions"),
        ({"departments": ["sales"], "regions": ["sales/north", "sales/north"]}, "body.regions"),
        ({"regions": ["sales/north"]}, "body.regions"),
        ({"departments": ["sales"], "regions": ["north"]}, "body.regions.0"),
    ],
)
async def test_l1_an_agents_departments_and_regions_exist_and_fit(
    rig: Rig, north: User, places: dict[str, object], field: str
) -> None:
    answer = await north.put("/v1/agents/lan", lan(**places))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_l1_an_agent_belongs_to_any_number_of_each(rig: Rig, north: User) -> None:
    await north.done("PUT", f"{SALES}/regions/south", {"name": "Miền Nam"})
    await north.done("PUT", "/v1/departments/care", {"name": "Kỹ thuật"})
    places = {"departments": ["sales", "care"], "regions": ["sales/north", "sales/south"]}
    put = await north.done("PUT", "/v1/agents/lan", lan(**places))
    assert {name: put[name] for name in places} == places


async def test_what_is_used_is_not_removed_and_the_answer_says_by_what(
    rig: Rig, north: User
) -> None:
    places = {"departments": ["sales"], "regions": ["sales/north"]}
    await north.done("PUT", "/v1/agents/lan", lan(**places))
    for path, user in ((NORTH, "agent 'lan'"), (SALES, "region 'north'")):
        answer = await north.delete(path)
        assert answer.status_code == 409
        assert user in answer.json()["detail"]
    await north.done("PUT", "/v1/agents/lan", lan(departments=["sales"]))
    assert (await north.delete(NORTH)).status_code == 204
    assert "agent 'lan'" in (await north.delete(SALES)).json()["detail"]
    await north.done("DELETE", "/v1/agents/lan")
    assert (await north.delete(SALES)).status_code == 204


async def test_of_many_users_the_answer_names_some(rig: Rig, north: User) -> None:
    for number in range(5):
        body = lan(username=f"u{number}", departments=["sales"], regions=["sales/north"])
        await north.done("PUT", f"/v1/agents/a{number}", body)
    detail = (await north.delete(NORTH)).json()["detail"]
    assert "'a0', 'a1', 'a2' and 2 more" in detail


async def test_another_organizations_departments_are_unknown(rig: Rig, north: User) -> None:
    other = await rig.organization("other")
    for path in (SALES, NORTH, f"{SALES}/regions"):
        assert (await other.get(path)).status_code == 404
    assert (await other.done("GET", "/v1/departments"))["items"] == []
    assert (await other.put("/v1/agents/lan", lan(departments=["sales"]))).status_code == 422
