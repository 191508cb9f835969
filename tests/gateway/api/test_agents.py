"""Staff: who may change it, what has to hold, and what each role reads."""

import asyncio

import pytest

from gateway.rig import Rig, User, events, running
from tuyen_events.directory import AgentChanged
from tuyen_events.topics import DIRECTORY
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

MANAGERS = ["chain_manager", "store_manager", "sales_manager"]


def lan(**changed: object) -> dict[str, object]:
    return {"name": "Lan", "username": "lan", "role": "agent", **changed}


async def test_an_agent_is_put_read_changed_and_removed(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/departments/sales", {"name": "Sales"})
    await boss.done("PUT", "/v1/departments/sales/regions/north", {"name": "North"})
    body = lan(departments=["sales"], regions=["sales/north"])
    put = await boss.put("/v1/agents/lan", body)
    assert put.status_code == 200
    crm = {"access": True, "import": True, "export": True, "delete": True}
    shown = {
        **body,
        "id": "lan",
        "disabled": False,
        "crm": crm,
        "version": put.json()["version"],
    }
    assert put.json() == shown
    got = await boss.get("/v1/agents/lan")
    assert got.json() == shown
    assert got.headers["ETag"] == put.headers["ETag"] == f'"{shown["version"]}"'
    changed = await boss.done("PUT", "/v1/agents/lan", lan(name="Lan Anh"))
    assert changed["version"] > shown["version"]
    assert changed["departments"] == []  # PUT replaces
    removed = await boss.delete("/v1/agents/lan")
    assert removed.status_code == 204
    assert int(removed.headers["ETag"].strip('"')) > changed["version"]
    assert (await boss.get("/v1/agents/lan")).status_code == 404
    assert (await boss.delete("/v1/agents/lan")).status_code == 404


async def test_repeating_a_put_writes_nothing(rig: Rig, boss: User, log: InMemoryLog) -> None:
    first = await boss.done("PUT", "/v1/agents/lan", lan())
    assert await boss.done("PUT", "/v1/agents/lan", lan()) == first
    stored = [one for one in await events(log, DIRECTORY) if isinstance(one, AgentChanged)]
    assert [one.id for one in stored] == ["admin", "lan"]
    assert stored[1].by == "admin"


async def test_a_username_is_one_agents_whatever_its_case(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/agents/lan", lan())
    answer = await boss.put("/v1/agents/lan-2", lan(username=" LAN "))
    assert answer.status_code == 409
    assert "taken" in answer.json()["detail"]
    other = await rig.organization("other")
    await other.done("PUT", "/v1/agents/lan", lan())  # another organization has its own


async def test_an_id_that_is_used_again_has_no_old_password(rig: Rig, boss: User) -> None:
    await rig.staff(boss, "lan")
    await boss.done("DELETE", "/v1/agents/lan")
    await boss.done("PUT", "/v1/agents/lan", lan())
    body = {"organization": "shop", "username": "lan", "password": "s3cret"}
    assert (await rig.anybody.post("/v1/auth/login", body)).status_code == 401


async def test_a_renamed_agent_keeps_the_password(rig: Rig, boss: User) -> None:
    await rig.staff(boss, "lan")
    await boss.done("PUT", "/v1/agents/lan", lan(username="lan.anh"))
    await rig.login("shop", "lan.anh", "s3cret")


async def test_nobody_disables_or_removes_themselves(rig: Rig, boss: User) -> None:
    await rig.staff(boss, "second", "system_admin")
    me = {"name": "Boss", "username": "boss", "role": "system_admin"}
    assert (await boss.put("/v1/agents/admin", {**me, "disabled": True})).status_code == 409
    assert (await boss.delete("/v1/agents/admin")).status_code == 409


async def test_the_last_system_admin_stays(rig: Rig, boss: User) -> None:
    me = {"name": "Boss", "username": "boss", "role": "agent"}
    answer = await boss.put("/v1/agents/admin", me)
    assert answer.status_code == 409
    assert "last system_admin" in answer.json()["detail"]
    second = await rig.staff(boss, "second", "system_admin")
    await boss.done("PUT", "/v1/agents/admin", me)
    assert (await boss.put("/v1/agents/lan", lan())).status_code == 403
    body = {"name": "Second", "username": "second", "role": "store_manager"}
    assert (await second.put("/v1/agents/second", body)).status_code == 409
    assert (await second.delete("/v1/agents/admin")).status_code == 204


@pytest.mark.parametrize("role", [*MANAGERS, "agent"])
async def test_only_a_system_admin_changes_what_is_set_up(rig: Rig, boss: User, role: str) -> None:
    user = await rig.staff(boss, "user", role)
    rule = {"name": "r", "enabled": False, "mode": "random", "pages": None, "members": []}
    page = {"channel": "facebook", "external_id": "1", "name": "P"}
    for method, path, body in (
        ("PUT", "/v1/agents/lan", lan()),
        ("DELETE", "/v1/agents/admin", None),
        ("PUT", "/v1/support-team", {"agent_ids": []}),
        ("PUT", "/v1/pages/p", page),
        ("DELETE", "/v1/pages/p", None),
        ("PUT", "/v1/settings", {"assignment": True}),
        ("PUT", "/v1/rules/r", rule),
        ("DELETE", "/v1/rules/r", None),
        ("PUT", "/v1/departments/d", {"name": "D"}),
        ("DELETE", "/v1/departments/d", None),
        ("PUT", "/v1/departments/d/regions/r", {"name": "R"}),
        ("DELETE", "/v1/departments/d/regions/r", None),
        ("PUT", "/v1/groups/g", {"name": "G"}),
        ("DELETE", "/v1/groups/g", None),
        ("PUT", "/v1/links/l", {"url": "https://shop.example", "group": "g"}),
        ("DELETE", "/v1/links/l", None),
    ):
        answer = await user.call(method, path, body)
        assert answer.status_code == 403, path
        assert "system_admin" in answer.json()["detail"]


@pytest.mark.parametrize(("role", "status"), [*((role, 200) for role in MANAGERS), ("agent", 403)])
async def test_managing_roles_read_what_is_set_up(
    rig: Rig, boss: User, role: str, status: int
) -> None:
    user = await rig.staff(boss, "user", role)
    setup = ("settings", "rules", "support-team", "departments", "groups", "links")
    for path in (f"/v1/{name}" for name in setup):
        assert (await user.get(path)).status_code == status
    for path in ("/v1/agents", "/v1/pages", "/v1/presence", "/v1/me"):
        assert (await user.get(path)).status_code == 200


async def test_an_agent_reads_others_names_and_its_own_record_in_full(rig: Rig, boss: User) -> None:
    user = await rig.staff(boss, "lan")
    listed = (await user.done("GET", "/v1/agents"))["items"]
    assert [(one["id"], one["name"], one["username"]) for one in listed] == [
        ("admin", "boss", None),
        ("lan", "Lan", "lan"),
    ]
    assert (await user.done("GET", "/v1/agents/admin"))["username"] is None
    assert (await user.done("GET", "/v1/me"))["rights"] == []


async def test_the_support_team_is_set_and_read(rig: Rig, boss: User) -> None:
    assert await boss.done("GET", "/v1/support-team") == {"agent_ids": [], "version": 0}
    await boss.done("PUT", "/v1/agents/lan", lan())
    put = await boss.done("PUT", "/v1/support-team", {"agent_ids": ["lan", "admin"]})
    assert await boss.done("GET", f"/v1/support-team?after={put['version']}") == put
    for wrong in (["nobody"], ["lan", "lan"]):
        answer = await boss.put("/v1/support-team", {"agent_ids": wrong})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.agent_ids"


async def test_a_username_that_two_gateways_give_at_once_is_the_firsts(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock) as one, running(log, clock) as two:
        boss = await one.organization()
        there = await two.login("shop", "boss", "boss-password")
        answers = await asyncio.gather(
            boss.put("/v1/agents/a", lan()), there.put("/v1/agents/b", lan())
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        winner = "a" if answers[0].status_code == 200 else "b"
        for rig, user in ((one, boss), (two, there)):
            await rig.gateway.directory.table.require_current()
            listed = (await user.done("GET", "/v1/agents"))["items"]
            assert [item["id"] for item in listed] == sorted(["admin", winner])


async def test_two_admins_who_demote_each_other_at_two_gateways_leave_one(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock) as one, running(log, clock) as two:
        boss = await one.organization()
        await one.staff(boss, "second", "system_admin")
        second = await two.login("shop", "second", "s3cret")
        boss_body = {"name": "boss", "username": "boss", "role": "agent"}
        second_body = {"name": "Second", "username": "second", "role": "agent"}
        await asyncio.gather(
            boss.put("/v1/agents/second", second_body), second.put("/v1/agents/admin", boss_body)
        )
        await one.gateway.directory.table.require_current()
        shop = one.gateway.directory.organizations()[0]
        assert shop.has_admin()
