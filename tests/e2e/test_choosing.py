"""R2.2 and R2.4 through HTTP alone."""

from support.shop import Shop, is_owned_by


async def test_r2_2_random_reaches_everybody_and_a_doubled_webhook_draws_the_same(
    shop: Shop,
) -> None:
    agents = {"an", "binh", "chi", "dung"}
    await shop.add(*sorted(agents))
    await shop.assign_by(*sorted(agents), mode="random", applies_to="all")
    facebook = shop.facebook
    comments = [f"1_{number:02d}" for number in range(48)]
    body = facebook.body(*(facebook.comment("c1", comment) for comment in comments))
    await facebook.send_raw(body)
    first = await shop.owners(comments)

    await facebook.send_raw(body)
    await facebook.comments("1_99")
    await shop.owners(["1_99"])

    assert await shop.owners(comments) == first
    assert set(first.values()) == agents
    rows = {row["external_id"]: row for row in await shop.admin.inbox(kind="comment")}
    assert {rows[comment]["version"] for comment in comments} == {1}
    (why,) = await shop.history(rows["1_00"]["id"])
    assert (why["reason"], why["mode"], set(why["candidates"])) == ("random", "random", agents)


async def test_r2_4_editing_a_rule_keeps_its_place(shop: Shop) -> None:
    await shop.add("an", "binh", "chi")
    await shop.assign_by("an", "binh", applies_to="all")
    given: list[str] = []

    async def ask(agent: str) -> None:
        given.append(agent)
        comment = f"1_{len(given)}"
        await shop.facebook.comments(comment)
        await shop.row(comment, is_owned_by(agent))

    async def edit(*members: str, mode: str = "sequential") -> None:
        await shop.rule("quay-vong", *members, mode=mode, applies_to="all")

    await ask("an")
    await edit("an", "chi", "binh")  # somebody new, in their turn
    await ask("chi")
    await ask("binh")
    await edit("an", "chi")  # the last one left
    await ask("an")
    await edit("chi", "binh")  # again: the next of the order that was
    await ask("chi")
    await shop.admin.delete("/v1/rules/quay-vong")
    await edit("chi", "binh", "an")
    await ask("binh")
    await edit("chi", "an", mode="random")
    await edit("chi", "binh", "an")
    await ask("an")
