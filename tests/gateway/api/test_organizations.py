"""Organizations, which the platform's operator makes and suspends."""

import pytest
from pydantic import ValidationError

from gateway.rig import OPERATOR, Rig, User, running, settings
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


def body(**changed: object) -> dict[str, object]:
    admin = {"username": "boss", "password": "boss-password"}
    return {"id": "shop", "name": "Shop", "admin": admin, **changed}


async def test_the_operator_makes_an_organization_with_its_system_admin(rig: Rig) -> None:
    answer = await rig.operator.post("/v1/organizations", body())
    assert answer.status_code == 201
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    boss = await rig.login("shop", "boss", "boss-password")
    agent = await boss.done("GET", "/v1/agents/admin")
    assert (agent["role"], agent["username"]) == ("system_admin", "boss")


@pytest.mark.parametrize("token", [None, "", "wrong", OPERATOR + "x"])
async def test_nobody_else_is_the_operator(rig: Rig, token: str | None) -> None:
    user = User(rig.client, token)
    for answer in (
        await user.post("/v1/organizations", body()),
        await user.get("/v1/organizations"),
        await user.call("PATCH", "/v1/organizations/shop", {"suspended": True}),
    ):
        assert answer.status_code == 401


async def test_a_system_admin_is_no_operator_and_the_operator_no_agent(
    rig: Rig, boss: User
) -> None:
    assert (await boss.get("/v1/organizations")).status_code == 401
    assert (await rig.operator.get("/v1/me")).status_code == 401


async def test_making_it_again_changes_nothing(rig: Rig) -> None:
    made = await rig.operator.post("/v1/organizations", body())
    admin = {"username": "boss", "password": "another"}
    again = await rig.operator.post("/v1/organizations", body(admin=admin))
    assert again.status_code == 200
    assert again.json() == made.json()
    await rig.login("shop", "boss", "boss-password")
    other = await rig.operator.post("/v1/organizations", body(name="Another"))
    assert other.status_code == 409


async def test_organizations_are_listed_in_pages(rig: Rig) -> None:
    for name in ("b", "a", "c"):
        await rig.organization(name)
    first = await rig.operator.done("GET", "/v1/organizations?limit=2")
    assert [one["id"] for one in first["items"]] == ["a", "b"]
    rest = await rig.operator.done("GET", f"/v1/organizations?limit=2&cursor={first['next']}")
    assert [one["id"] for one in rest["items"]] == ["c"]
    assert rest["next"] is None


async def test_suspending_shows_and_can_be_read_by_version(rig: Rig, boss: User) -> None:
    changed = await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert changed["suspended"] is True
    path = f"/v1/organizations/shop?after={changed['version']}"
    assert await rig.operator.done("GET", path) == changed
    assert (await rig.operator.get("/v1/organizations/none")).status_code == 404
    missing = await rig.operator.call("PATCH", "/v1/organizations/none", {"suspended": True})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "with/slash"},
        {"id": ""},
        {"id": "x" * 65},
        {"country": "Vietnam"},
        {"name": "  "},
        {"admin": {"username": "boss"}},
        {"more": 1},
    ],
)
async def test_what_does_not_fit_is_refused(rig: Rig, wrong: dict[str, object]) -> None:
    answer = await rig.operator.post("/v1/organizations", body(**wrong))
    assert answer.status_code == 422
    assert (await rig.operator.done("GET", "/v1/organizations"))["items"] == []


async def test_without_an_operators_token_nobody_is_the_operator(
    log: InMemoryLog, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUYEN_OPERATOR_TOKEN", "")
    async with running(log, clock, operator_token=None) as rig:
        for sent in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            answer = await rig.anybody.call("GET", "/v1/organizations", headers=sent)
            assert answer.status_code == 401, sent


def test_an_empty_token_given_manually_is_refused_as_well() -> None:
    with pytest.raises(ValidationError, match="TUYEN_OPERATOR_TOKEN is blank"):
        settings(operator_token="")
