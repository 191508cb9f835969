"""The live lane: many comments at once, worked through with the keyboard alone (I8, I9, R6.6)."""

import asyncio

from playwright.async_api import Locator, Page, expect

from support.browsers import OpenConsole, find_barriers, log_in
from support.livestream import Livestream
from support.shop import Shop, is_owned_by
from tuyen_local.stack import Stack


async def test_i8_i9_r6_6_an_agent_works_a_livestream_with_the_keyboard_alone(
    stack: Stack, shop: Shop, open_console: OpenConsole
) -> None:
    stream = await _begin(stack, shop, "lan")
    first, *_ = await stream.comment(
        "A1 xanh M 0901234567",
        "Còn size L không shop?",
        "0912345678 chốt b2 nha",
        "Giá bao nhiêu vậy ạ",
        "hay quá",
    )
    await stream.comment("m a1 XANH", customer="k0")
    page = await open_console(scripted=True)
    await log_in(page, shop, "lan")
    await page.get_by_role("link", name="Trực tiếp").click()
    await page.wait_for_url(f"**/live/{stream.id}")  # it is the page's only one

    orders, questions, rows = (_rows(page, name) for name in ("Đơn hàng", "Câu hỏi", "Tất cả"))
    await expect(rows).to_have_count(6)
    await expect(orders).to_have_count(2)  # the repeat is no order of its own
    await expect(orders.locator("mark")).to_have_text(["A1", "0901234567", "0912345678", "b2"])
    await expect(questions).to_have_count(2)
    assert not await find_barriers(page)

    await page.keyboard.press("j")
    await expect(_picked(rows.nth(0))).to_be_visible()
    await page.keyboard.press("Space")
    await expect(rows.nth(0)).to_contain_text("Lan")
    await shop.row("k0", is_owned_by("lan"))
    await page.keyboard.press("h")
    await expect(rows.nth(0)).to_contain_text("Đã ẩn")
    await stream.told("hide", first)
    await page.keyboard.press("p")
    reply = page.get_by_role("textbox", name="Nhắn riêng")
    await expect(reply).to_be_focused()
    begun = await reply.input_value()
    assert "A1" in begun
    await page.keyboard.press("End")
    await page.keyboard.type(" Cảm ơn Hoa!")
    assert not await find_barriers(page)
    await page.keyboard.press("Enter")
    await expect(_picked(rows.nth(1))).to_be_visible()
    await expect(rows.nth(0)).to_contain_text("Đã nhắn riêng")
    sent = await stream.told("private_reply", first)
    assert sent["text"] == f"{begun} Cảm ơn Hoa!"

    # Claimed and answered, the next: the one after it is passed over, because it is taken.
    await page.keyboard.press("j")
    await page.keyboard.press("Space")
    await expect(rows.nth(2)).to_contain_text("Lan")
    await page.keyboard.press("k")
    await page.keyboard.press("p")
    await expect(reply).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(_picked(rows.nth(3))).to_be_visible()


async def test_r6_6_of_two_who_press_space_one_gets_the_customer_and_the_other_hears_who(
    stack: Stack, shop: Shop, open_console: OpenConsole
) -> None:
    stream = await _begin(stack, shop, "lan", "minh")
    await stream.comment("A1 xanh M 0901234567")
    pages = {name: await open_console() for name in ("lan", "minh")}
    for name, page in pages.items():
        await log_in(page, shop, name)
        await expect(page.get_by_role("list", name="Hội thoại")).to_be_attached()
        await page.goto(f"/live/{stream.id}")
        await expect(_rows(page, "Tất cả")).to_have_count(1)
        await page.keyboard.press("j")
        await expect(_picked(_rows(page, "Tất cả").first)).to_be_visible()

    await asyncio.gather(*(page.keyboard.press("Space") for page in pages.values()))
    row = await shop.row("k0", lambda row: row["assignee"] is not None)
    winner = row["assignee"]["agent_id"]
    (loser,) = pages.keys() - {winner}
    told = pages[loser].get_by_role("status").filter(has_text=winner.capitalize())
    await expect(told).to_be_visible()
    for page in pages.values():
        await expect(_rows(page, "Tất cả").first).to_contain_text(winner.capitalize())


async def test_i9_a_lane_stands_still_once_one_scrolls_up_and_says_how_many_came(
    stack: Stack, shop: Shop, open_console: OpenConsole
) -> None:
    stream = await _begin(stack, shop, "lan")
    await stream.comment(*(f"lời thứ {number}" for number in range(60)))
    page = await open_console(width=375)
    await log_in(page, shop, "lan")
    await expect(page.get_by_role("list", name="Hội thoại")).to_be_attached()
    await page.goto(f"/live/{stream.id}")
    lane = page.get_by_role("region", name="Tất cả")
    newest = lane.get_by_text("lời thứ 59")
    await expect(newest).to_be_in_viewport()
    await stream.comment("lời thứ 60")
    await expect(lane.get_by_text("lời thứ 60")).to_be_in_viewport()  # it follows

    await newest.hover()
    await page.mouse.wheel(0, -400)
    await expect(newest).not_to_be_in_viewport()
    read = lane.get_by_text("lời thứ 49")
    await expect(read).to_be_in_viewport()
    before = await read.bounding_box()
    await stream.comment(*(f"lời mới {number}" for number in range(5)))
    pill = lane.get_by_role("button", name="+5")
    await expect(pill).to_be_visible()
    assert await read.bounding_box() == before
    await pill.click()
    await expect(lane.get_by_text("lời mới 4")).to_be_in_viewport()
    await expect(pill).to_be_hidden()


async def _begin(stack: Stack, shop: Shop, *agents: str) -> Livestream:
    await shop.hire(*agents)
    stream = Livestream(stack, shop)
    await stream.begin(*agents)
    return stream


def _rows(page: Page, column: str) -> Locator:
    return page.get_by_role("region", name=column, exact=True).get_by_role("listitem")


def _picked(row: Locator) -> Locator:
    return row.locator("[aria-current=true]")
