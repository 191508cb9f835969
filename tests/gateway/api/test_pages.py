"""Pages: who has an account, and who sees it (R7.1)."""

import asyncio

import pytest

from gateway.rig import Rig, User, running
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


def page(external_id: str = "1001", **changed: object) -> dict[str, object]:
    return {"channel": "facebook", "external_id": external_id, "name": "Shop", **changed}


async def test_a_page_is_connected_read_changed_and_disconnected(rig: Rig, boss: User) -> None:
    await rig.staff(boss, "lan")
    put = await boss.put("/v1/pages/main", page(staff=["lan"]))
    shown = {
        "id": "main",
        **page(staff=["lan"]),
        "status": "active",
        "connected": False,
        "problem": put.json()["problem"],
        "version": put.json()["version"],
    }
    assert put.json() == shown
    assert (await boss.get("/v1/pages/main")).json() == shown
    assert (await boss.done("GET", "/v1/pages"))["items"] == [shown]
    changed = await boss.done("PUT", "/v1/pages/main", page(name="New", status="inactive"))
    assert (changed["name"], changed["status"], changed["staff"]) == ("New", "inactive", [])
    assert (await boss.delete("/v1/pages/main")).status_code == 204
    assert (await boss.get("/v1/pages/main")).status_code == 404


async def test_p1_an_account_belongs_to_one_organization(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await boss.done("PUT", "/v1/pages/main", page())
    answer = await other.put("/v1/pages/theirs", page())
    assert answer.status_code == 409
    assert "shop" not in answer.text  # whose it is stays untold
    await other.done("PUT", "/v1/pages/theirs", page(channel="zalo"))
    await boss.done("DELETE", "/v1/pages/main")
    await other.done("PUT", "/v1/pages/theirs-2", page())
    assert (await boss.put("/v1/pages/main", page())).status_code == 409


async def test_an_account_is_one_page_of_its_organization(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    assert (await boss.put("/v1/pages/again", page())).status_code == 409


async def test_a_page_stays_the_account_that_it_is(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    assert (await boss.put("/v1/pages/main", page("2002"))).status_code == 409


async def test_two_organizations_with_one_page_id_are_apart(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await boss.done("PUT", "/v1/pages/main", page("1"))
    await other.done("PUT", "/v1/pages/main", page("2"))
    assert (await boss.done("GET", "/v1/pages/main"))["external_id"] == "1"
    assert (await other.done("GET", "/v1/pages/main"))["external_id"] == "2"
    await other.done("DELETE", "/v1/pages/main")
    assert (await boss.get("/v1/pages/main")).status_code == 200


@pytest.mark.parametrize("role", ["agent", "sales_manager", "chain_manager"])
async def test_r7_1_with_page_permissions_one_sees_the_pages_that_one_was_given(
    rig: Rig, boss: User, role: str
) -> None:
    user = await rig.staff(boss, "user", role)
    await boss.done("PUT", "/v1/pages/mine", page("1", staff=["user"]))
    await boss.done("PUT", "/v1/pages/theirs", page("2"))

    async def read_visible() -> tuple[list[str], list[str], int]:
        listed = (await user.done("GET", "/v1/pages"))["items"]
        me = await user.done("GET", "/v1/me")
        status = (await user.get("/v1/pages/theirs")).status_code
        return [one["id"] for one in listed], me["pages"], status

    assert await read_visible() == (["mine", "theirs"], ["mine", "theirs"], 200)
    await boss.done("PUT", "/v1/settings", {"page_permissions": True})
    assert await read_visible() == (["mine"], ["mine"], 404)
    await boss.done("PUT", "/v1/pages/theirs", page("2", staff=["user"]))
    assert await read_visible() == (["mine", "theirs"], ["mine", "theirs"], 200)
    assert len((await boss.done("GET", "/v1/pages"))["items"]) == 2  # binds no system_admin


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff": ["nobody"]},
        {"staff": ["admin", "admin"]},
        {"channel": "telegram"},
        {"external_id": "a/b"},
        {"status": "perhaps"},
        {"token": "x"},
    ],
)
async def test_what_does_not_fit_is_refused(rig: Rig, boss: User, wrong: dict[str, object]) -> None:
    answer = await boss.put("/v1/pages/main", {**page(), **wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(f"body.{next(iter(wrong))}")


async def test_p1_an_account_that_two_organizations_claim_at_once_is_the_firsts(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock) as one, running(log, clock) as two:
        here = await one.organization("here")
        there = await two.organization("there")
        answers = await asyncio.gather(
            here.put("/v1/pages/main", page()), there.put("/v1/pages/main", page())
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        for rig, user, answer in zip((one, two), (here, there), answers, strict=True):
            await rig.gateway.directory.table.require_current()
            listed = (await user.done("GET", "/v1/pages"))["items"]
            assert len(listed) == (1 if answer.status_code == 200 else 0)
