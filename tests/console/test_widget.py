"""L4: the chat of a shop's visitors, in a real browser and under a page's strict policy."""

import pytest
from playwright.async_api import Locator, Page, Route, expect

from support.browsers import OpenSite, find_barriers
from support.channels import Site
from support.global_tables import GlobalTables
from support.shop import Json, Shop, accept, eventually, is_owned_by
from tuyen_local.stack import Stack

OPEN = "Mở cửa sổ trò chuyện"
WIDTH, HEIGHT = 375, 667


@pytest.fixture
async def site(stack: Stack, shop: Shop) -> Site:
    """A shop's site, for which An of the sales department works."""
    await shop.admin.put("/v1/departments/sales", name="Bán hàng")
    await shop.hire("an", departments=["sales"])
    await shop.assign_by("an")
    site = await shop.site()
    await GlobalTables(stack).wait_until_known()
    return site


async def visit(page: Page, site: Site) -> Locator:
    """Goes to the shop's page; what opens its chat."""
    await page.goto(f"/site/{site.app_id}")
    launcher = page.get_by_role("button", name=OPEN)
    await expect(launcher).to_be_visible()
    return launcher


def find_thread(page: Page) -> Locator:
    return page.get_by_role("log", name="Tin nhắn")


def find_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Nhập tin nhắn…")


async def answer(shop: Shop, row: Json, text: str) -> None:
    path = f"/v1/conversations/{row['id']}/messages"
    headers = {"Idempotency-Key": text.encode().hex()[:64]}
    accept(await shop.people["an"].ask("POST", path, json={"text": text}, headers=headers))


async def test_l4_a_visitor_is_answered_and_finds_the_thread_again_by_the_keyboard_alone(
    shop: Shop, site: Site, open_site: OpenSite
) -> None:
    page = await open_site()
    launcher, field, thread = await visit(page, site), find_field(page), find_thread(page)
    await page.keyboard.press("Tab")
    await expect(launcher).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(field).to_be_focused()
    await page.keyboard.type("Còn size 42 không?")
    for composing in ({"isComposing": True}, {"keyCode": 229}):  # Telex
        keys = {"key": "Enter", "bubbles": True, "composed": True, **composing}
        await field.dispatch_event("keydown", keys)
    await expect(field).to_have_value("Còn size 42 không?")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(field).to_be_focused()
    await expect(field).to_have_value("")

    row = await shop.chat(is_owned_by("an"))
    await answer(shop, row, "Dạ còn ạ")
    await expect(thread.get_by_text("Dạ còn ạ")).to_be_visible()
    await expect(page.get_by_text("An đang hỗ trợ bạn")).to_be_visible()
    await shop.people["an"].put(f"/v1/conversations/{row['id']}/viewing", typing=True)
    await expect(page.get_by_text("An đang soạn tin…")).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(launcher).to_be_focused()
    await expect(thread).to_be_hidden()
    await answer(shop, row, "Chị lấy màu nào ạ?")
    await expect(page.get_by_role("button", name=f"{OPEN}, 1 tin nhắn mới")).to_be_visible()

    await page.reload()
    await launcher.press("Enter")
    for text in ("Còn size 42 không?", "Dạ còn ạ", "Chị lấy màu nào ạ?"):
        await expect(thread.get_by_text(text)).to_have_count(1)
        await expect(thread.get_by_text(text)).to_be_visible()


async def test_l4_what_cannot_be_sent_says_so_and_is_sent_once(
    shop: Shop, site: Site, open_site: OpenSite
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=422, headers={"Access-Control-Allow-Origin": "*"}, json={})

    page = await open_site()
    launcher, field, thread = await visit(page, site), find_field(page), find_thread(page)
    await page.route("**/messages", refuse)
    await launcher.click()
    await page.get_by_label("Phòng ban").select_option("Bán hàng")
    await field.fill("Đặt hàng")
    await field.press("Enter")
    await expect(thread.get_by_text("Chưa gửi được")).to_be_visible()
    await field.fill("Viết dở")

    await page.reload()
    await launcher.click()
    await expect(field).to_have_value("Viết dở")
    await expect(thread.get_by_text("Chưa gửi được")).to_be_visible()
    await page.unroute("**/messages")
    async with page.expect_request("**/messages") as again:
        await thread.get_by_role("button", name="Gửi lại").click()
    sent = (await again.value).post_data_json
    assert sent is not None
    assert (sent["text"], sent["department"]) == ("Đặt hàng", "sales")
    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(thread.get_by_text("Chưa gửi được")).to_have_count(0)
    row = await shop.chat(is_owned_by("an"))

    await page.context.set_offline(True)
    await expect(page.get_by_text("Đang kết nối lại…")).to_be_visible()
    await field.fill("Hai đôi")
    await field.press("Enter")
    await expect(thread.get_by_text("Chưa gửi được")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("Đang kết nối lại…")).to_be_hidden()
    await expect(thread.get_by_text("Chưa gửi được")).to_have_count(0)

    async def is_there() -> bool:
        texts = [one["text"] for one in await shop.messages(row["id"])]
        return sorted(texts) == ["Hai đôi", "Đặt hàng"]

    await eventually(is_there, lambda: "not both messages, once each")


@pytest.mark.parametrize("dark", [False, True])
async def test_l4_the_chat_keeps_nobody_out_and_fills_a_phone(
    site: Site, open_site: OpenSite, dark: bool
) -> None:
    barriers = []
    for width in (1280, WIDTH):
        page = await open_site(width=width, height=HEIGHT, dark=dark, scripted=True)
        launcher, field = await visit(page, site), find_field(page)
        barriers += await find_barriers(page)
        await launcher.click()
        await expect(page.get_by_label("Phòng ban")).to_be_visible()
        await field.fill("Shop ở https://shop.example à?")
        await field.press("Enter")
        await expect(find_thread(page).get_by_text("Đã gửi")).to_be_visible()
        barriers += await find_barriers(page)
    assert not barriers, "\n".join(barriers)
    dialog = page.get_by_role("dialog", name="Trò chuyện")
    await expect(dialog).to_have_css("width", f"{WIDTH}px")
    await expect(dialog).to_have_css("height", f"{HEIGHT}px")
    await expect(field).to_have_css("font-size", "16px")  # less makes a phone enlarge the page
    await expect(launcher).to_be_hidden()
    send = page.get_by_role("button", name="Gửi", exact=True)
    await send.focus()
    await page.keyboard.press("Tab")  # nowhere behind the chat
    await expect(page.get_by_role("button", name="Yên lặng")).to_be_focused()
