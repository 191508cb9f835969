"""The inbox in a browser: what agents read, what they send, and what they see of each other."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Locator, Page, Route, expect

from support.browsers import OpenConsole, find_barriers, log_in
from support.shop import Json, Shop, accept, is_owned_by
from tuyen_local.stack import DOUBLES, Stack

ASKED = "Còn size M không shop?"
SAID = "Dạ còn ạ"
NARROW_PX = 1000
"""Here the contact is not beside the conversation."""


@pytest.fixture
async def channels(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Steers the doubles of the running stack."""
    async with httpx.AsyncClient(base_url=stack.url(DOUBLES), trust_env=False) as client:
        yield client


@pytest.fixture
async def staffed(shop: Shop) -> Shop:
    """A shop that can send, in which Lan gets every conversation."""
    await shop.hire("lan")
    await shop.admin.put(
        f"/v1/pages/{shop.page_id}",
        channel="facebook",
        external_id=shop.facebook.page,
        name="Trang bán hàng",
        credentials={"access_token": "any"},
    )
    await shop.assign_by("lan")
    return shop


def rows_of(page: Page) -> Locator:
    return page.get_by_role("list", name="Hội thoại").get_by_role("listitem")


def thread_of(page: Page) -> Locator:
    return page.get_by_role("log", name="Tin nhắn")


def composer_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Trả lời")


async def open_conversation(page: Page, shop: Shop, customer: str) -> Json:
    """Lan's browser on the conversation of a customer who has just written."""
    await shop.facebook.write(customer, text=ASKED)
    row = await shop.row(customer, is_owned_by("lan"))
    await log_in(page, shop, "lan")
    await rows_of(page).filter(has_text=ASKED).get_by_role("link").click()
    await expect(composer_of(page)).to_be_editable()
    return row


async def sent_texts(channels: httpx.AsyncClient, shop: Shop) -> list[str]:
    query = {"channel": "facebook", "action": "send"}
    calls = accept(await channels.get("/_double/calls", params=query)).json()["items"]
    return [
        call["text"]
        for call in calls
        if call["account"] == shop.facebook.page and call["answered"]["status"] == 200
    ]


async def test_i6_a_reply_is_shown_at_once_and_goes_out_once_whatever_is_pressed(
    staffed: Shop, open_console: OpenConsole, channels: httpx.AsyncClient
) -> None:
    page = await open_console()
    await open_conversation(page, staffed, "c1")
    composer, thread = composer_of(page), thread_of(page)
    shown = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await shown.wait()
        await route.continue_()

    await page.route("**/v1/conversations/*/messages*", hold)
    await composer.fill(SAID)
    await composer.press("Enter")
    await composer.press("Enter")
    await expect(thread.get_by_text(SAID)).to_have_count(1)
    await expect(thread.get_by_text("Đang gửi")).to_be_visible()
    await expect(composer).to_have_value("")

    shown.set()
    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(thread.get_by_text(SAID)).to_have_count(1)
    assert await sent_texts(channels, staffed) == [SAID]


async def test_i6_a_reply_that_failed_says_why_and_goes_out_once_when_it_is_sent_again(
    staffed: Shop, open_console: OpenConsole, channels: httpx.AsyncClient
) -> None:
    page = await open_console()
    row = await open_conversation(page, staffed, "c1")
    error = {"message": "(#551) This person isn't available right now.", "code": 551}
    fault = {
        "channel": "facebook",
        "action": "send",
        "account": staffed.facebook.page,
        "status": 400,
        "body": {"error": {"type": "OAuthException", "error_subcode": 1545041, **error}},
        "times": 1,
    }
    accept(await channels.put("/_double/faults", json=fault))
    composer, thread = composer_of(page), thread_of(page)

    await composer.fill(SAID)
    await composer.press("Enter")
    await expect(thread.get_by_text("Chưa gửi được")).to_be_visible()
    reason = (await staffed.messages(row["id"]))[-1]["error"]["text"]["vi"]
    await expect(thread.get_by_text(reason)).to_be_visible()
    await thread.get_by_role("button", name="Gửi lại").dblclick()

    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(thread.get_by_text(SAID)).to_have_count(1)
    assert await sent_texts(channels, staffed) == [SAID]


async def test_i6_enter_that_ends_a_composition_sends_nothing(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    row = await open_conversation(page, staffed, "c1")
    composer = composer_of(page)

    await composer.fill("Da")
    composed = {"key": "Enter", "code": "Enter", "isComposing": True, "bubbles": True}
    await composer.dispatch_event("keydown", composed)
    await composer.dispatch_event("keydown", {**composed, "isComposing": False, "keyCode": 229})
    await expect(composer).to_have_value("Da")
    await composer.fill(SAID)
    await composer.press("Enter")

    await expect(thread_of(page).get_by_text("Đã gửi")).to_be_visible()
    texts = [message["text"] for message in await staffed.messages(row["id"])]
    assert texts == [ASKED, SAID]


async def test_i11_what_comes_is_shown_at_once_but_moves_nothing_under_the_pointer(
    shop: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await shop.facebook.write("c1", text="Khách một")
    await shop.row("c1")
    await log_in(page, shop, "admin")
    rows = rows_of(page)
    await expect(rows).to_have_count(1)

    await shop.facebook.write("c2", text="Khách hai")
    await expect(rows).to_contain_text(["Khách hai", "Khách một"])

    await rows.first.hover()
    await shop.facebook.write("c3", text="Khách ba")
    pill = page.get_by_role("button", name="1 mới")
    await expect(pill).to_be_visible()
    await expect(rows).to_contain_text(["Khách hai", "Khách một"])
    await expect(rows).to_have_count(2)
    await pill.click()
    await expect(rows).to_contain_text(["Khách ba", "Khách hai", "Khách một"])


async def test_i11_a_message_that_comes_while_one_reads_above_waits_below(
    staffed: Shop, open_console: OpenConsole
) -> None:
    for number in range(30):
        await staffed.facebook.write("c1", text=f"Câu hỏi {number:02}")
    page = await open_console()
    await open_conversation(page, staffed, "c1")
    thread = thread_of(page)
    await expect(thread.get_by_text(ASKED)).to_be_in_viewport()
    await thread.hover()
    await page.mouse.wheel(0, -1_200)
    await expect(thread.get_by_text(ASKED)).not_to_be_in_viewport()
    before = await thread.evaluate("log => log.scrollTop")

    await staffed.facebook.write("c1", text="Shop ơi")
    pill = page.get_by_role("button", name="Tin mới")
    await expect(pill).to_be_visible()
    assert await thread.evaluate("log => log.scrollTop") == before
    await pill.click()
    await expect(thread.get_by_text("Shop ơi")).to_be_in_viewport()
    await expect(pill).to_have_count(0)


async def test_i15_a_draft_stays_with_its_conversation(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await staffed.facebook.write("c2", text="Shop ơi")
    await open_conversation(page, staffed, "c1")
    composer, rows = composer_of(page), rows_of(page)

    await composer.fill("Dạ chị đợi em")
    await rows.filter(has_text="Shop ơi").get_by_role("link").click()
    await expect(composer).to_have_value("")
    await rows.filter(has_text=ASKED).get_by_role("link").click()

    await expect(composer).to_have_value("Dạ chị đợi em")


async def test_i14_others_see_who_replies(staffed: Shop, open_console: OpenConsole) -> None:
    page = await open_console()
    row = await open_conversation(page, staffed, "c1")
    other = await open_console()
    await log_in(other, staffed, "admin")
    await expect(rows_of(other).first).to_be_visible()
    await other.goto(f"/inbox/{row['id']}")
    await expect(other.get_by_text("Lan đang xem").first).to_be_visible()

    await composer_of(page).press_sequentially("Dạ")

    await expect(other.get_by_text("Lan đang trả lời").first).to_be_visible()


async def test_r9_4_the_head_says_who_is_in_charge_and_why(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await open_conversation(page, staffed, "c1")

    await expect(page.get_by_text("Phụ trách:")).to_be_visible()
    await page.get_by_role("button", name="Tại sao?").click()

    reasons = page.get_by_role("dialog").get_by_role("listitem")
    await expect(reasons.first).to_contain_text("Lan")


async def test_i5_i12_the_inbox_is_used_with_the_keyboard_alone(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    for number in (1, 2, 3):
        await staffed.facebook.write(f"c{number}", text=f"Khách {number}")
        await staffed.row(f"c{number}", is_owned_by("lan"))
    await log_in(page, staffed, "lan")
    rows, composer = rows_of(page), composer_of(page)
    current = rows.locator("[aria-current=true]")
    await expect(rows).to_have_count(3)

    for key, text in (("j", "Khách 3"), ("j", "Khách 2"), ("j", "Khách 1"), ("k", "Khách 2")):
        await page.keyboard.press(key)
        await expect(current).to_contain_text(text)
        await expect(thread_of(page).get_by_text(text)).to_be_visible()
    await page.keyboard.press("r")
    await expect(composer).to_be_focused()
    await page.keyboard.type("jke")
    await expect(composer).to_have_value("jke")
    await composer.clear()
    await page.keyboard.press("Escape")
    await expect(composer).not_to_be_focused()

    await page.keyboard.press("u")
    await expect(current.get_by_text("1", exact=True)).to_be_visible()
    await page.keyboard.press("e")
    await expect(page.get_by_role("button", name="Xong")).to_have_attribute("aria-pressed", "true")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("j")
    await expect(current).to_contain_text("Khách 1")

    await page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Tìm khách hàng")
    await expect(search).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(search).not_to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Trả lời")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("khach hang")
    await expect(page.get_by_role("option").first).to_contain_text("Khách hàng")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/contacts$"))


async def test_i5_a_narrow_page_opens_the_contact_to_tag_the_customer_with_the_keyboard(
    staffed: Shop, open_console: OpenConsole
) -> None:
    await staffed.facebook.write("c1", text=ASKED)
    row = await staffed.row("c1", lambda row: row["contact_id"] is not None)
    path = f"/v1/contacts/{row['contact_id']}"
    accept(await staffed.admin.ask("PATCH", path, json={"assignee": "lan"}))
    page = await open_console(width=NARROW_PX)
    await open_conversation(page, staffed, "c1")
    await page.keyboard.press("t")
    await expect(page.get_by_role("combobox", name="Thêm thẻ")).to_be_focused()
    await page.keyboard.type("Khách sỉ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Bỏ thẻ Khách sỉ")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
async def test_no_conversation_keeps_anybody_out(
    shop: Shop, open_console: OpenConsole, width: int, dark: bool
) -> None:
    site, account = await shop.site(), await shop.account()
    await shop.admin.put("/v1/departments/sales", name="Tư vấn giày")
    await shop.facebook.write("c1", text=ASKED)
    await shop.facebook.comments("r1", customer="c2")
    await account.write("z1", text="Shop có ship không?")
    await site.write("v1", text="Mình cần tư vấn", department="sales")
    views = {"inbox": "c1", "comments": "r1", "zalo": "z1", "livechat": "v1"}
    found = {view: await shop.row(customer) for view, customer in views.items()}

    page = await open_console(width=width, dark=dark, scripted=True)
    await log_in(page, shop, "admin")
    await expect(rows_of(page).first).to_be_visible()
    barriers = []
    for view, row in found.items():
        await page.goto(f"/{view}")
        await expect(rows_of(page).first).to_be_visible()
        barriers += await find_barriers(page)
        await page.goto(f"/{view}/{row['id']}")
        await expect(thread_of(page).get_by_text(row["last_text"])).to_be_visible()
        barriers += await find_barriers(page)
    conversation = page.get_by_role("region", name="v1")
    await expect(conversation.get_by_text("Tư vấn giày")).to_be_visible()
    assert not barriers, "\n".join(barriers)
