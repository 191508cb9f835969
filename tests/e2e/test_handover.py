"""R6.5, R6.6 and R9.4 over the running stack."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from support.shop import Shop, eventually, is_owned_by


async def test_r6_5_handed_over_and_back_to_rotation_and_the_history_says_why(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.hire("dung", online=False)
    await shop.assign_by("an", "dung", "binh")
    for number in range(6):
        await shop.facebook.send(shop.facebook.message(f"c{number}"))
        await shop.row(f"c{number}", lambda row: row["assignee"] is not None)
    first = await shop.row("c0", is_owned_by("an"))
    (told,) = await shop.history(first["id"])
    assert (told["reason"], told["candidates"]) == ("rotation", ["an", "binh"])
    assert told["excluded"] == [{"agent_id": "dung", "reason": "offline"}]
    assert told["rotation"] == {"position": 1, "of": 3, "after": None}
    rule = await shop.admin.get("/v1/rules/quay-vong")
    settings = await shop.admin.get("/v1/settings")
    assert told["rule_version"] == rule["revision"]
    assert told["settings_version"] == settings["revision"]
    assert told["sentence"]["en"].startswith("It was An")

    to_chi = await shop.admin.post("/v1/agents/an/handover", to="chi")
    found = await shop.wait_until_ended(to_chi["id"])
    assert (found["total"], found["changed"]) == (3, 3)
    await shop.row("c0", is_owned_by("chi"))

    back = await shop.admin.post("/v1/agents/chi/handover", to=None)
    found = await shop.wait_until_ended(back["id"])
    assert (found["total"], found["changed"]) == (3, 3)
    await shop.row("c0", lambda row: is_owned_by("an")(row) or is_owned_by("binh")(row))
    newest = (await shop.history(first["id"]))[0]
    assert (newest["reason"], newest["by"]) == ("bulk", None)


async def test_r6_5_hundreds_within_the_managers_pages_and_back_in_turn(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.hire("quan", role="store_manager", online=False)
    other = await shop.another_page("hai")
    await shop.staff("an", "binh", "chi", "quan")
    await shop.staff("an", "chi", page_id="hai")
    await shop.assign_by("an", page_permissions=True)
    here = [f"1_{number:03d}" for number in range(300)]
    elsewhere = [f"2_{number:03d}" for number in range(20)]
    await shop.facebook.comments(*here)
    await other.comments(*elsewhere)
    await shop.owners([*here, *elsewhere])
    await shop.done(here[0])
    await shop.row(here[0], lambda row: bool(row["done"]))

    asked = await shop.people["quan"].post("/v1/agents/an/handover", to="binh", note="Nghỉ phép")
    job = await shop.wait_until_ended(asked["id"])
    assert (job["state"], job["total"], job["done"], job["changed"]) == ("done", 299, 299, 299)
    await _wait_until_shared_out(shop, {"binh": 299, "an": 21})
    assert (await shop.people["chi"].ask("GET", f"/v1/jobs/{asked['id']}")).status_code == 404
    asked = await shop.admin.post("/v1/agents/an/handover", to="binh")
    job = await shop.wait_until_ended(asked["id"])
    assert (job["changed"], job["reasons"]) == (0, {"not_allowed": 20})

    await shop.rule("quay-vong", "an", "binh", "chi")
    asked = await shop.admin.post("/v1/agents/binh/handover", to=None)
    job = await shop.wait_until_ended(asked["id"])
    assert (job["total"], job["changed"]) == (299, 299)
    await _wait_until_shared_out(shop, {"an": 21 + 149, "chi": 150}, {"an": 21 + 150, "chi": 149})
    row = await shop.row(here[1])
    reasons = [(each["reason"], each["by"]) for each in await shop.history(row["id"])]
    assert reasons == [("bulk", None), ("queued", "admin"), ("bulk", "quan"), ("rotation", None)]


async def _wait_until_shared_out(shop: Shop, *either: Mapping[str, int]) -> None:
    """Returns once the inbox shows that everybody has so many."""
    shares: Counter[str | None] = Counter()

    async def shown() -> bool:
        nonlocal shares
        rows = await shop.admin.inbox()
        shares = Counter(row["assignee"] and row["assignee"]["agent_id"] for row in rows)
        return shares in either

    await eventually(shown, lambda: str(shares))


async def test_r6_6_of_ten_who_take_at_once_one_gets_it_and_the_others_get_the_assignee(
    shop: Shop,
) -> None:
    agents = [f"nv{number}" for number in range(10)]
    await shop.hire(*agents)
    await shop.settings(assignment=True, take_unassigned=True)
    await shop.facebook.write("c1")
    row = await shop.row("c1", is_owned_by(None))
    path = f"/v1/conversations/{row['id']}/assignee"

    answers = await asyncio.gather(
        *(shop.people[who].ask("PUT", path, json={"agent_id": who}) for who in agents)
    )

    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    winner = won["assignee"]["agent_id"]
    assert len(lost) == 9
    assert {each["agent_id"] for each in lost} == {winner}
    await shop.row("c1", is_owned_by(winner))
    (why,) = await shop.history(row["id"])
    assert (why["reason"], why["by"]) == ("taken", winner)
    for_another = await shop.people[agents[0]].ask("PUT", path, json={"agent_id": agents[1]})
    assert for_another.status_code == 403
    await shop.settings(take_unassigned=False)
    off = await shop.people[winner].ask("PUT", path, json={"agent_id": winner})
    assert off.status_code == 403
