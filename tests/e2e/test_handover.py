"""R6.5, R6.6 and R9.4 over the running stack."""

import asyncio
from typing import Any

from support.shop import Shop, accepted, eventually, owned_by


async def ended(shop: Shop, job: str) -> Any:
    found: Any = None

    async def has_ended() -> bool:
        nonlocal found
        found = await shop.admin.get(f"/v1/jobs/{job}")
        return bool(found["state"] != "running")

    await eventually(has_ended, lambda: f"the job stands at {found}")
    return found


async def test_r6_5_handed_over_and_back_to_rotation_and_the_history_says_why(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.hire("dung", online=False)
    await shop.assign_by("an", "dung", "binh")
    for number in range(6):
        await shop.facebook.send(shop.facebook.message(f"c{number}"))
        await shop.row(f"c{number}", lambda row: row["assignee"] is not None)
    first = await shop.row("c0", owned_by("an"))
    (told,) = await shop.history(first["id"])
    assert (told["reason"], told["candidates"]) == ("rotation", ["an", "binh"])
    assert told["excluded"] == [{"agent_id": "dung", "reason": "offline"}]
    assert told["rotation"] == {"position": 1, "of": 3, "after": None}
    rule = await shop.admin.get("/v1/rules/quay-vong")
    settings = await shop.admin.get("/v1/settings")
    assert told["rule_version"] == rule["revision"]
    assert told["settings_version"] == settings["revision"]
    assert told["sentence"]["en"].startswith("It was An")

    to_chi = await shop.admin.ask("POST", "/v1/agents/an/handover", json={"to": "chi"})
    found = await ended(shop, accepted(to_chi).json()["id"])
    assert (found["total"], found["changed"]) == (3, 3)
    await shop.row("c0", owned_by("chi"))

    back = await shop.admin.ask("POST", "/v1/agents/chi/handover", json={"to": None})
    found = await ended(shop, accepted(back).json()["id"])
    assert (found["total"], found["changed"]) == (3, 3)
    await shop.row("c0", lambda row: owned_by("an")(row) or owned_by("binh")(row))
    newest = (await shop.history(first["id"]))[0]
    assert (newest["reason"], newest["by"]) == ("bulk", None)


async def test_r6_6_of_many_who_take_one_gets_it(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.admin.put("/v1/settings", assignment=True, take_unassigned=True)
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", owned_by(None))
    path = f"/v1/conversations/{row['id']}/assignee"

    answers = await asyncio.gather(
        *(shop.people[who].ask("PUT", path, json={"agent_id": who}) for who in ("an", "binh"))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert lost["agent_id"] == won["assignee"]["agent_id"]
    assert [one["reason"] for one in await shop.history(row["id"])] == ["taken"]
