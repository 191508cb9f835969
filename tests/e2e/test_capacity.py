"""R1.7, R2.3 and I12 through HTTP alone: how much somebody has."""

from collections import Counter

from support.shop import Shop, is_owned_by


async def test_r1_7_an_agent_at_capacity_is_skipped_and_gets_the_oldest_after_a_done(
    shop: Shop,
) -> None:
    await shop.add("an", "binh")
    await shop.assign_by(
        {"agent_id": "an", "capacity": 2}, {"agent_id": "binh", "capacity": 1}, applies_to="all"
    )
    await shop.facebook.comments("1_1", "1_2", "1_3", "1_4", "1_5")
    assert await shop.owners(["1_1", "1_2", "1_3"]) == {"1_1": "an", "1_2": "binh", "1_3": "an"}
    for comment in ("1_4", "1_5"):
        row = await shop.waiting(comment)
    (queued,) = await shop.history(row["id"])
    full = [{"agent_id": agent, "reason": "capacity"} for agent in ("an", "binh")]
    assert (queued["reason"], queued["excluded"]) == ("queued", full)

    await shop.done("1_2")
    await shop.row("1_4", is_owned_by("binh"))
    await shop.waiting("1_5")
    await shop.done("1_1")

    await shop.row("1_5", is_owned_by("an"))


async def test_r1_7_i12_what_its_customer_opens_again_counts_again(shop: Shop) -> None:
    facebook = shop.facebook
    await shop.add("an")
    await shop.assign_by({"agent_id": "an", "capacity": 2}, applies_to="all")
    await facebook.comments("1_1", "1_2")
    await shop.owners(["1_1", "1_2"])
    await shop.done("1_1")
    await shop.row("1_1", lambda row: bool(row["done"]))
    await facebook.comments("1_3")
    await shop.row("1_3", is_owned_by("an"))

    await facebook.send(facebook.comment("c1", "1_9", parent="1_1", text="Alo?"))
    back = await shop.row("1_1", lambda row: not row["done"])
    assert is_owned_by("an")(back)
    await shop.done("1_2")
    await facebook.comments("1_4")
    await shop.waiting("1_4")
    await shop.done("1_3")

    row = await shop.row("1_4", is_owned_by("an"))
    assert (await shop.history(row["id"]))[0]["load"] == 1


async def test_i12_done_takes_what_waits_out_of_the_queue_and_leaves_the_customer(
    shop: Shop,
) -> None:
    await shop.hire("an", online=False)
    await shop.assign_by("an")
    await shop.facebook.write("c1")
    await shop.waiting("c1")
    await shop.done("c1")
    row = await shop.row("c1", lambda row: not row["waiting"])
    assert row["done"]
    await shop.people["an"].go("online")
    await shop.facebook.write("c2")
    await shop.row("c2", is_owned_by("an"))
    assert is_owned_by(None)(await shop.row("c1"))

    await shop.facebook.write("c1", text="Còn đó không?")
    await shop.row("c1", lambda row: is_owned_by("an")(row) and not row["done"])
    await shop.done("c1")
    await shop.row("c1", lambda row: bool(row["done"]))
    await shop.people["an"].go("offline")
    await shop.facebook.write("c1", text="Lần nữa")

    row = await shop.row("c1", lambda row: row["last_text"] == "Lần nữa")
    assert is_owned_by("an")(row)
    assert not row["done"]


async def test_r2_3_the_least_loaded_gets_the_next_whatever_came_before(shop: Shop) -> None:
    await shop.add("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi", mode="least_loaded", applies_to="all")
    first = [f"1_{number}" for number in range(1, 7)]
    await shop.facebook.comments(*first)
    owners = dict(await shop.owners(first))
    assert list(owners.values()) == ["an", "binh", "chi"] * 2
    for comment in ("1_1", "1_4"):
        await shop.done(comment)
        del owners[comment]

    for number in range(7, 12):
        await shop.facebook.comments(f"1_{number}")
        owners |= await shop.owners([f"1_{number}"])

    assert Counter(owners.values()) == {"an": 3, "binh": 3, "chi": 3}
    row = await shop.row("1_11")
    (why,) = await shop.history(row["id"])
    assert (why["reason"], why["mode"], why["load"]) == ("least_loaded", "least_loaded", 2)
