"""R3 and R5 through HTTP alone: messages and livestream comments."""

import asyncio

from support.shop import Shop, is_owned_by


async def test_r3_1_r3_2_a_customer_keeps_the_agent_they_were_given(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("c1", "Còn hàng không?"))
    first = await shop.row("c1", lambda row: row["assignee"] is not None)
    agent = first["assignee"]["agent_id"]
    await shop.people[agent].go("offline")
    await shop.facebook.send(shop.facebook.message("c1", "Shop ơi?"))

    row = await shop.row("c1", lambda row: row["last_text"] == "Shop ơi?")

    assert row["assignee"]["agent_id"] == agent
    (only,) = await shop.history(row["id"])
    assert (only["reason"], only["version"], only["rule_id"]) == ("rotation", 1, "quay-vong")
    assert set(only["candidates"]) == {"an", "binh"}


async def test_r3_3_offline_assignee_is_replaced_at_the_next_message(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh", auto_reassign=True)
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1", lambda row: row["assignee"] is not None)
    before = row["assignee"]["agent_id"]
    (after,) = {"an", "binh"} - {before}

    await shop.people[before].go("offline")
    assert is_owned_by(before)(await shop.row("c1"))
    await shop.facebook.send(shop.facebook.message("c1", "Alo?"))

    row = await shop.row("c1", is_owned_by(after))
    newest = (await shop.history(row["id"]))[0]
    assert (newest["reason"], newest["previous_agent_id"]) == ("reassigned_offline", before)


async def test_r3_3_with_no_candidate_the_assignee_stays(shop: Shop) -> None:
    await shop.hire("an")
    await shop.assign_by("an", auto_reassign=True)
    await shop.facebook.send(shop.facebook.message("c1"))
    await shop.row("c1", is_owned_by("an"))
    await shop.people["an"].go("offline")
    await shop.facebook.send(shop.facebook.message("c1", "Alo?"))

    row = await shop.row("c1", lambda row: row["last_text"] == "Alo?")

    assert is_owned_by("an")(row)
    assert not row["waiting"]


async def test_r3_6_a_burst_of_a_new_customer_gets_one_assignee(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi")
    facebook = shop.facebook

    await asyncio.gather(
        *(facebook.send(facebook.message("moi", f"tin {number}")) for number in range(24))
    )
    row = await shop.row("moi", lambda row: row["assignee"] is not None and row["unread"] == 24)

    assert len(await shop.messages(row["id"])) == 24
    assert len(await shop.history(row["id"])) == 1


async def test_r3_livestream_comments_share_the_agent_with_messages(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi")
    facebook = shop.facebook
    await facebook.send(facebook.video("555", "777"))
    await facebook.send(facebook.live("777"))
    await facebook.send(facebook.comment("c9", "555_1", post="555", text="Chốt M01", video=True))

    live = await shop.row("c9", lambda row: row["assignee"] is not None, kind="livestream")
    await facebook.send(facebook.comment("c9", "555_2", post="555", text="Chốt M02", video=True))
    await facebook.send(facebook.message("c9", "Mình chốt rồi nhé"))
    thread = await shop.row("c9", lambda row: row["assignee"] is not None, kind="message")

    assert thread["assignee"] == live["assignee"]
    live = await shop.row("c9", lambda row: row["unread"] == 2, kind="livestream")
    assert len(await shop.messages(live["id"])) == 2


async def test_r5_1_what_waits_is_handed_out_in_order_when_an_agent_comes(shop: Shop) -> None:
    await shop.hire("an", "binh", online=False)
    await shop.assign_by("an", "binh")
    facebook = shop.facebook
    customers = [f"cho-{number}" for number in range(6)]
    for customer in customers:
        await facebook.send(facebook.message(customer))
        await shop.row(customer, lambda row: row["waiting"])

    await shop.people["binh"].go("online")

    assert set((await shop.owners(customers)).values()) == {"binh"}
    for customer in customers:
        row = await shop.row(customer)
        assert not row["waiting"]
        history = await shop.history(row["id"])
        assert [each["reason"] for each in history] == ["queue_drained", "queued"]
        assert [each["version"] for each in history] == [2, 1]


async def test_r5_2_left_unassigned_until_the_customer_writes_again(shop: Shop) -> None:
    await shop.hire("an", online=False)
    await shop.assign_by("an", when_nobody="leave_unassigned")
    await shop.facebook.send(shop.facebook.message("c1"))
    row = await shop.row("c1")
    assert not row["waiting"]

    await shop.people["an"].go("online")
    await shop.facebook.send(shop.facebook.message("c1", "Còn ai không?"))

    await shop.row("c1", is_owned_by("an"))


async def test_r1_2_away_takes_nothing_new_and_keeps_what_it_has(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", auto_reassign=True)
    await shop.facebook.send(shop.facebook.message("c1"))
    await shop.row("c1", is_owned_by("an"))
    await shop.people["an"].go("away")

    await shop.facebook.send(shop.facebook.message("c1", "lần hai"))
    await shop.facebook.send(shop.facebook.message("c2"))

    assert (await shop.row("c2", lambda row: row["waiting"]))["assignee"] is None
    assert is_owned_by("an")(await shop.row("c1", lambda row: row["last_text"] == "lần hai"))
