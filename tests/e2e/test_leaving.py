"""R3.4 through HTTP alone: agents who may not have their customers any more."""

from support.shop import Shop, is_owned_by


async def test_r3_4_of_a_disabled_agent_each_customer_goes_on_when_they_write(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by("an", applies_to="all")
    await shop.facebook.write("c1", "c2")
    await shop.facebook.comments("1_1", customer="c3")
    await shop.owners(["c1", "c2", "1_1"])
    await shop.rule("quay-vong", "an", "binh", applies_to="all")

    await shop.employ("an", disabled=True)
    await shop.facebook.write("c1", text="Còn ai?")
    row = await shop.row("c1", is_owned_by("binh"))

    newest = (await shop.history(row["id"]))[0]
    assert (newest["reason"], newest["previous_agent_id"]) == ("sticky_lost", "an")
    assert newest["excluded"] == [{"agent_id": "an", "reason": "disabled"}]
    assert is_owned_by("an")(await shop.row("c2"))
    assert is_owned_by("an")(await shop.row("1_1"))


async def test_r3_4_r1_4_who_is_taken_off_a_page_loses_its_customers(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.staff("an")
    await shop.assign_by("an", "binh", page_permissions=True, applies_to="all")
    await shop.facebook.write("c1")
    await shop.row("c1", is_owned_by("an"))

    await shop.staff("binh")
    await shop.facebook.write("c1", text="Còn ai?")
    row = await shop.row("c1", is_owned_by("binh"))

    assert (await shop.history(row["id"]))[0]["reason"] == "sticky_lost"


async def test_r3_4_r6_5_who_is_removed_keeps_until_it_is_written_or_handed_over(
    shop: Shop,
) -> None:
    await shop.add("an", "binh", "chi")
    await shop.assign_by("an", applies_to="all")
    await shop.facebook.write("c1")
    await shop.facebook.comments("1_1", "1_2", customer="c3")
    await shop.owners(["c1", "1_1", "1_2"])
    await shop.rule("quay-vong", "an", "binh", applies_to="all")
    await shop.admin.delete("/v1/agents/an")

    assert is_owned_by("an")(await shop.row("1_1"))
    await shop.facebook.write("c1", text="Còn ai?")
    row = await shop.row("c1", is_owned_by("binh"))
    assert (await shop.history(row["id"]))[0]["reason"] == "sticky_lost"
    job = await shop.admin.post("/v1/agents/an/handover", to="chi", note="an nghỉ việc")

    assert (await shop.wait_until_ended(job["id"]))["changed"] == 2
    for comment in ("1_1", "1_2"):
        await shop.row(comment, is_owned_by("chi"))
    gone = await shop.admin.ask("POST", "/v1/agents/an/handover", json={"to": "chi"})
    assert gone.status_code == 404
