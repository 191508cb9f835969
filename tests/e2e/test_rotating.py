"""R2 and R4 through HTTP alone: comments on posts."""

import asyncio
from collections import Counter

from support.shop import Shop, is_owned_by


async def test_r2_1_210_comments_at_once_go_round_seven_agents_exactly(shop: Shop) -> None:
    agents = [f"nv{number}" for number in range(7)]
    await shop.add(*agents)
    await shop.assign_by(*agents, applies_to="all")
    facebook = shop.facebook
    comments = [f"332029982914750_{number:04d}" for number in range(210)]

    await asyncio.gather(
        *(
            facebook.send(facebook.comment(f"khach-{number % 90}", comment))
            for number, comment in enumerate(comments)
        )
    )

    counts = Counter((await shop.owners(comments, kind="comment")).values())
    assert counts == dict.fromkeys(agents, 30)


async def test_r4_1_two_comments_of_one_customer_go_to_two_agents(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by("an", "binh", applies_to="all")
    facebook = shop.facebook
    await facebook.send(facebook.comment("c1", "1_1"), facebook.comment("c1", "1_2"))

    owners = await shop.owners(["1_1", "1_2"], kind="comment")

    assert owners == {"1_1": "an", "1_2": "binh"}


async def test_r4_2_a_comment_stays_with_an_agent_who_logs_out(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh", auto_reassign=True)
    facebook = shop.facebook
    await facebook.send(facebook.comment("c1", "1_1"))
    await shop.row("1_1", is_owned_by("an"), kind="comment")
    await shop.people["an"].go("offline")

    await facebook.send(facebook.comment("c1", "1_9", parent="1_1", text="Alo shop?"))
    await facebook.send(facebook.comment("c1", "1_2"))

    await shop.row("1_2", is_owned_by("binh"), kind="comment")
    assert is_owned_by("an")(await shop.row("1_1", lambda row: row["last_text"] == "Alo shop?"))


async def test_r4_3_replies_by_anybody_belong_to_the_root(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by("an", "binh", applies_to="all")
    facebook = shop.facebook
    await facebook.send(facebook.comment("c1", "1_1", text="Giá?"))
    await facebook.send(facebook.comment("c2", "1_2", parent="1_1", text="Mình cũng hỏi"))
    await facebook.send(
        facebook.comment(facebook.page, "1_3", parent="1_1", text="Dạ 199k ạ", name="Shop")
    )
    await facebook.send(facebook.comment("c1", "1_1", text="Giá bao nhiêu?", verb="edited"))

    await shop.owners(["1_1"], kind="comment")
    row = await shop.row("1_1", lambda row: row["last_text"] == "Dạ 199k ạ", kind="comment")

    assert [each["external_id"] for each in await shop.admin.inbox(kind="comment")] == ["1_1"]
    assert len(await shop.history(row["id"])) == 1
    assert row["unread"] == 2
    thread = await shop.messages(row["id"])
    assert [each["direction"] for each in thread] == ["in", "in", "out"]


async def test_r4_4_a_comment_and_a_message_have_assignees_of_their_own(shop: Shop) -> None:
    await shop.add("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi", applies_to="all")
    facebook = shop.facebook
    await facebook.send(facebook.message("c1"))
    await shop.row("c1", is_owned_by("an"))
    await facebook.send(facebook.comment("c1", "1_1"))
    await shop.row("1_1", is_owned_by("binh"), kind="comment")

    await facebook.send(facebook.message("c1", "lần hai"))

    assert is_owned_by("an")(await shop.row("c1", lambda row: row["last_text"] == "lần hai"))


async def test_r9_2_a_webhook_that_comes_twice_changes_nothing(shop: Shop) -> None:
    await shop.add("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi", applies_to="all")
    facebook = shop.facebook
    comment, message = facebook.comment("c1", "1_1"), facebook.message("c2", "một lần", mid="m_1")
    for _ in range(3):
        await asyncio.gather(facebook.send(comment), facebook.send(message, comment))
        comment["time"] += 60
    await facebook.send(facebook.comment("c3", "1_2"))
    await facebook.send(facebook.comment("c3", "1_3"))

    owners = await shop.owners(["1_1", "c2", "1_2", "1_3"])

    assert sorted(Counter(owners.values()).values()) == [1, 1, 2]
    assert len({owners["1_1"], owners["c2"], owners["1_2"]}) == 3
    for external_id in ("1_1", "c2"):
        row = await shop.row(external_id)
        assert row["unread"] == 1
        assert len(await shop.messages(row["id"])) == 1
        assert len(await shop.history(row["id"])) == 1


async def test_r1_1_a_rule_that_is_not_enabled_does_nothing(shop: Shop) -> None:
    await shop.hire("an")
    await shop.assign_by("an", when_nobody="leave_unassigned")
    await shop.admin.put(
        "/v1/rules/quay-vong",
        name="Quay vòng",
        enabled=False,
        mode="sequential",
        applies_to="online",
        pages=None,
        members=[{"agent_id": "an"}],
    )
    await shop.facebook.send(shop.facebook.comment("c1", "1_1"))

    row = await shop.row("1_1", kind="comment")

    history = await shop.history(row["id"])
    assert [each["reason"] for each in history] in ([], ["no_candidate"])
    assert row["assignee"] is None
