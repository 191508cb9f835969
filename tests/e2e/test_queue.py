"""R5 through HTTP alone: what nobody can be given."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from support.channels import Facebook
from support.shop import Shop, is_owned_by
from tuyen_local.stack import Stack

MESSAGES_ONLY = {"agent_id": "binh", "capabilities": ["facebook_message"]}


@pytest.fixture(scope="module")
async def shared(
    stack: Stack, gateway: httpx.AsyncClient, opened: list[Shop]
) -> AsyncIterator[Shop]:
    """Binh is at work; each test has a page and a rule for it of its own."""
    shop = await Shop.opened(stack, gateway)
    opened.append(shop)
    await shop.hire("binh")
    await shop.hire("an", online=False)
    await shop.settings(assignment=True, auto_assign=True)
    yield shop
    await shop.close()


async def test_r5_1_handed_out_when_somebody_is_added_to_the_rule(shared: Shop) -> None:
    page = await shared.another_page("them-nguoi")
    await shared.rule("them-nguoi", "an", pages=["them-nguoi"])
    await page.comments("10_1")
    await shared.waiting("10_1")

    await shared.rule("them-nguoi", "an", "binh", pages=["them-nguoi"])

    await shared.row("10_1", is_owned_by("binh"))


async def test_r5_1_handed_out_when_a_member_is_given_the_capability(shared: Shop) -> None:
    page = await shared.another_page("nang-luc")
    await shared.rule("nang-luc", MESSAGES_ONLY, pages=["nang-luc"])
    await page.comments("11_1")
    await shared.waiting("11_1")

    await shared.rule("nang-luc", "binh", pages=["nang-luc"])

    await shared.row("11_1", is_owned_by("binh"))


async def test_r5_1_r1_1_handed_out_when_the_rule_is_enabled(shared: Shop) -> None:
    page = await shared.another_page("bat-quy-tac")
    await shared.rule("bat-quy-tac", "binh", pages=["bat-quy-tac"], enabled=False)
    await page.comments("12_1", "12_2")
    await shared.waiting("12_2")

    await shared.rule("bat-quy-tac", "binh", pages=["bat-quy-tac"])

    assert set((await shared.owners(["12_1", "12_2"])).values()) == {"binh"}


async def test_r5_1_handed_out_when_an_agent_is_enabled_again(shared: Shop) -> None:
    page = await shared.another_page("mo-lai")
    await shared.hire("dung")
    await shared.rule("mo-lai", "dung", pages=["mo-lai"])
    await shared.employ("dung", disabled=True)
    await page.comments("13_1")
    await shared.waiting("13_1")

    await shared.employ("dung")
    await (await shared.log_in("dung")).go("online")

    await shared.row("13_1", is_owned_by("dung"))


@pytest.mark.parametrize("freed_by", ["done", "another", "nobody"])
async def test_r5_1_r1_7_handed_out_when_one_of_theirs_is(shared: Shop, freed_by: str) -> None:
    page_id, agent = f"du-cho-{freed_by}", f"chi-{freed_by}"
    page = await shared.another_page(page_id)
    await shared.add(agent)
    member = {"agent_id": agent, "capacity": 1}
    await shared.rule(page_id, member, pages=[page_id], applies_to="all")
    first, second = f"14_1{freed_by}", f"14_2{freed_by}"
    await page.comments(first, second)
    row = await shared.row(first, is_owned_by(agent))
    await shared.waiting(second)

    if freed_by == "done":
        await shared.done(first)
    else:
        to = "binh" if freed_by == "another" else None
        await shared.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id=to)

    await shared.row(second, is_owned_by(agent))


async def test_r5_1_what_waits_keeps_its_place_while_a_setting_is_off(shared: Shop) -> None:
    page = await shared.another_page("tat-bat")
    await shared.rule("tat-bat", "an", pages=["tat-bat"])
    for off in ({"auto_assign": False}, {"auto_assign": False, "assignment": False}):
        comments = [f"15_{number}{len(off)}" for number in range(2)]
        await page.comments(*comments)
        for comment in comments:
            await shared.waiting(comment)
        await shared.settings(**off)
        await shared.people["an"].go("online")
        await page.comments(f"15_9{len(off)}")
        new = await shared.row(f"15_9{len(off)}")
        for comment in comments:
            await shared.waiting(comment)

        await shared.settings(assignment=True, auto_assign=True)

        assert set((await shared.owners(comments)).values()) == {"an"}
        assert is_owned_by(None)(await shared.row(new["external_id"]))
        await shared.people["an"].go("offline")


async def test_r5_1_oldest_first_under_the_rule_as_it_is_now(shared: Shop) -> None:
    page = await shared.another_page("cu-truoc")
    agents = ["lan", "mai"]
    await shared.add(*agents)
    await shared.rule("cu-truoc", "an", pages=["cu-truoc"])
    comments = [f"16_{number}" for number in range(4)]
    await page.comments(*comments)
    for comment in comments:
        await shared.waiting(comment)

    members = [{"agent_id": agent, "capacity": 1} for agent in agents]
    await shared.rule("cu-truoc", *members, pages=["cu-truoc"], applies_to="all")

    assert await shared.owners(comments[:2]) == {"16_0": "lan", "16_1": "mai"}
    for comment in comments[2:]:
        await shared.waiting(comment)
    await shared.rule("cu-truoc", *agents, pages=["cu-truoc"], applies_to="all")
    assert await shared.owners(comments[2:]) == {"16_2": "lan", "16_3": "mai"}


async def test_r5_2_left_unassigned_is_for_a_manager(shop: Shop) -> None:
    await shop.hire("an", online=False)
    await shop.assign_by("an", when_nobody="leave_unassigned")
    await shop.facebook.comments("1_1")
    row = await shop.row("1_1", lambda row: row["version"] == 1)
    (why,) = await shop.history(row["id"])
    assert (why["reason"], row["waiting"]) == ("no_candidate", False)

    await shop.people["an"].go("online")
    await shop.facebook.comments("1_2")
    await shop.row("1_2", is_owned_by("an"))
    assert is_owned_by(None)(await shop.row("1_1"))
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id="an")

    await shop.row("1_1", is_owned_by("an"))


async def _each_waits(shop: Shop, page: Facebook, *comments: str) -> None:
    await page.comments(*comments)
    await asyncio.gather(*(shop.waiting(comment) for comment in comments))


async def test_r5_1_a_page_that_moves_takes_its_queue_along(shared: Shop) -> None:
    page = await shared.another_page("doi-quy-tac")
    await shared.rule("cu", "an", pages=["doi-quy-tac"])
    await _each_waits(shared, page, "17_1", "17_2")

    await shared.rule("cu", "an", pages=["trang"])
    await shared.rule("moi", "binh", pages=["doi-quy-tac"])

    assert set((await shared.owners(["17_1", "17_2"])).values()) == {"binh"}


async def test_r5_1_what_waits_under_a_deleted_rule_waits_for_the_next(shared: Shop) -> None:
    page = await shared.another_page("xoa-quy-tac")
    await shared.rule("xoa", "an", pages=["xoa-quy-tac"])
    await _each_waits(shared, page, "18_1", "18_2")
    await shared.admin.delete("/v1/rules/xoa")
    await _each_waits(shared, page, "18_3")

    await shared.rule("mac-dinh", "binh")

    comments = ["18_1", "18_2", "18_3"]
    assert set((await shared.owners(comments)).values()) == {"binh"}
    await shared.admin.delete("/v1/rules/mac-dinh")
