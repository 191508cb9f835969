"""The inbox in a browser: what agents read, what they send, and what they see of each other."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, expect

from support.browsers import OpenConsole, log_in
from support.shop import Json, Shop, accept, is_owned_by
from tuyen_local.stack import DOUBLES, Stack


@pytest.fixture
async def doubles(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
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


async def open_conversation(page: Page, shop: Shop, customer: str) -> Json:
    """Lan's browser on the conversation of a customer who has just written."""
    await shop.facebook.write(customer, text="Còn size M không shop?")
    row = await shop.row(customer, is_owned_by("lan"))
    await log_in(page, shop, "lan")
    rows = page.get_by_role("list", name="Hội thoại").get_by_role("listitem")
    await rows.filter(has_text="Còn size M không shop?").get_by_role("link").click()
    await expect(page.get_by_role("textbox", name="Trả lời")).to_be_editable()
    return row


async def sent_texts(doubles: httpx.AsyncClient, shop: Shop) -> list[str]:
    query = {"channel": "facebook", "action": "send"}
    calls = accept(await doubles.get("/_double/calls", params=query)).json()["items"]
    return [
        call["text"]
        for call in calls
        if call["account"] == shop.facebook.page and call["answered"] == 200
    ]


async def test_i6_a_reply_is_shown_at_once_and_goes_out_once(
    staffed: Shop, open_console: OpenConsole, doubles: httpx.AsyncClient
) -> None:
    page = await open_console()
    await open_conversation(page, staffed, "c1")
    composer = page.get_by_role("textbox", name="Trả lời")
    thread = page.get_by_role("log", name="Tin nhắn")

    await composer.fill("Dạ còn ạ")
    await composer.press("Enter")

    await expect(thread.get_by_text("Dạ còn ạ")).to_have_count(1)
    await expect(composer).to_have_value("")
    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(thread.get_by_text("Dạ còn ạ")).to_have_count(1)
    assert await sent_texts(doubles, staffed) == ["Dạ còn ạ"]


async def test_i6_a_reply_that_failed_says_why_and_goes_out_once_when_it_is_sent_again(
    staffed: Shop, open_console: OpenConsole, doubles: httpx.AsyncClient
) -> None:
    page = await open_console()
    await open_conversation(page, staffed, "c1")
    error = {"message": "(#551) This person isn't available right now.", "code": 551}
    fault = {
        "channel": "facebook",
        "action": "send",
        "account": staffed.facebook.page,
        "status": 400,
        "body": {"error": {"type": "OAuthException", "error_subcode": 1545041, **error}},
        "times": 1,
    }
    accept(await doubles.put("/_double/faults", json=fault))
    composer = page.get_by_role("textbox", name="Trả lời")
    thread = page.get_by_role("log", name="Tin nhắn")

    await composer.fill("Dạ còn ạ")
    await composer.press("Enter")
    await expect(thread.get_by_text("Chưa gửi được")).to_be_visible()
    await thread.get_by_role("button", name="Gửi lại").click()

    await expect(thread.get_by_text("Đã gửi")).to_be_visible()
    await expect(thread.get_by_text("Dạ còn ạ")).to_have_count(1)
    assert await sent_texts(doubles, staffed) == ["Dạ còn ạ"]


async def test_i6_enter_that_ends_a_composition_sends_nothing(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await open_conversation(page, staffed, "c1")
    composer = page.get_by_role("textbox", name="Trả lời")

    await composer.fill("Da")
    composed = {"key": "Enter", "code": "Enter", "isComposing": True, "bubbles": True}
    await composer.dispatch_event("keydown", composed)
    await composer.dispatch_event("keydown", {**composed, "isComposing": False, "keyCode": 229})

    await expect(composer).to_have_value("Da")


async def test_i15_a_draft_stays_with_its_conversation(
    staffed: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await staffed.facebook.write("c2", text="Shop ơi")
    await open_conversation(page, staffed, "c1")
    composer = page.get_by_role("textbox", name="Trả lời")
    rows = page.get_by_role("list", name="Hội thoại").get_by_role("listitem")

    await composer.fill("Dạ chị đợi em")
    await rows.filter(has_text="Shop ơi").get_by_role("link").click()
    await expect(composer).to_have_value("")
    await rows.filter(has_text="Còn size M").get_by_role("link").click()

    await expect(composer).to_have_value("Dạ chị đợi em")


async def test_i14_others_see_who_replies(staffed: Shop, open_console: OpenConsole) -> None:
    page = await open_console()
    row = await open_conversation(page, staffed, "c1")
    other = await open_console()
    await log_in(other, staffed, "admin")
    await expect(other.get_by_role("list", name="Hội thoại")).to_be_visible()
    await other.goto(f"/inbox/{row['id']}")
    await expect(other.get_by_text("Lan đang xem").first).to_be_visible()

    await page.get_by_role("textbox", name="Trả lời").press_sequentially("Dạ")

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
