"""R6 through HTTP alone: what managers do."""

import asyncio

from support.shop import Shop, accept, is_owned_by


async def test_r6_1_only_managing_roles_assign(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.hire("quan", role="sales_manager", online=False)
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))
    path = f"/v1/conversations/{row['id']}/assignee"

    refused = await shop.people["an"].ask("PUT", path, json={"agent_id": "binh"})
    given = await shop.people["quan"].ask("PUT", path, json={"agent_id": "binh", "note": "Đổi ca"})

    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert accept(given).json()["version"] == 2
    await shop.row("c1", is_owned_by("binh"))
    newest = (await shop.history(row["id"]))[0]
    assert (newest["reason"], newest["by"], newest["note"]) == ("manual", "quan", "Đổi ca")


async def test_r3_5_a_manual_assignment_is_sticky(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id="binh")

    await shop.facebook.send(shop.facebook.message("c1", "lần hai"))

    assert is_owned_by("binh")(await shop.row("c1", lambda row: row["last_text"] == "lần hai"))


async def test_r6_2_presence_does_not_bind_a_manager_but_being_disabled_does(shop: Shop) -> None:
    await shop.hire("an")
    await shop.hire("binh", "chi", online=False)
    await shop.assign_by("an")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))
    await shop.admin.put("/v1/agents/chi", name="Chi", username="chi", role="agent", disabled=True)
    path = f"/v1/conversations/{row['id']}/assignee"

    await shop.admin.put(path, agent_id="binh")
    refused = await shop.admin.ask("PUT", path, json={"agent_id": "chi"})

    assert refused.status_code == 422
    await shop.row("c1", is_owned_by("binh"))


async def test_r6_3_assigning_the_present_assignee_changes_nothing(shop: Shop) -> None:
    await shop.hire("an")
    await shop.assign_by("an")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))

    answer = await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id="an")

    assert answer["version"] == 1
    assert len(await shop.history(row["id"])) == 1


async def test_r6_4_a_version_that_has_passed_is_refused(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.assign_by("an")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))
    path = f"/v1/conversations/{row['id']}/assignee"

    answers = await asyncio.gather(
        *(
            shop.admin.ask("PUT", path, json={"agent_id": agent}, headers={"If-Match": '"1"'})
            for agent in ("binh", "chi")
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    row = await shop.row("c1", lambda row: row["version"] == 2)
    assert len(await shop.history(row["id"])) == 2


async def test_r5_3_what_waits_and_is_assigned_manually_leaves_the_queue(shop: Shop) -> None:
    await shop.hire("an", "binh", online=False)
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", lambda row: row["waiting"])
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id="binh")
    await shop.facebook.send(shop.facebook.message("c2"))
    await shop.row("c2", lambda row: row["waiting"])

    await shop.people["an"].go("online")

    await shop.row("c2", is_owned_by("an"))
    row = await shop.row("c1")
    assert is_owned_by("binh")(row)
    assert not row["waiting"]


async def test_r3_1_unassigned_manually_is_chosen_for_again_at_the_next_message(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", is_owned_by("an"))
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id=None)
    await shop.row("c1", is_owned_by(None))

    await shop.facebook.send(shop.facebook.message("c1", "lần hai"))

    await shop.row("c1", is_owned_by("binh"))
    reasons = [each["reason"] for each in await shop.history(row["id"])]
    assert reasons == ["rotation", "unassigned", "rotation"]


async def test_r6_1_nothing_is_assigned_while_assignment_is_off(shop: Shop) -> None:
    await shop.hire("an")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1")
    path = f"/v1/conversations/{row['id']}/assignee"

    refused = await shop.admin.ask("PUT", path, json={"agent_id": "an"})
    await shop.admin.put("/v1/settings", assignment=True)
    await shop.admin.put(path, agent_id="an")

    assert refused.status_code == 409
    await shop.row("c1", is_owned_by("an"))
