"""What becomes of the page when its live stream breaks, is reset, or is shared by tabs."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from playwright.async_api import Locator, Page, Request, expect

from support.browsers import OpenConsole, log_in
from support.shop import Json, Shop, eventually, is_owned_by

_ROW_PX = 64
_WAITS = re.compile(r"chờ \d+ (giây|phút)")


def _rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Hội thoại").get_by_role("listitem")


def _log(page: Page) -> Locator:
    return page.get_by_role("log", name="Tin nhắn")


async def _write(shop: Shop, texts: Sequence[tuple[str, str]]) -> None:
    """Messages of customers, one after the other."""
    for customer, text in texts:
        await shop.facebook.write(customer, text=text)
        await shop.row(customer, _says(text))


def _says(text: str) -> Callable[[Json], bool]:
    return lambda row: bool(row["last_text"] == text)


async def test_i11_i13_after_a_cut_the_page_is_as_one_that_is_loaded_afresh(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.add("lan")
    await shop.settings(assignment=True)
    names = [f"c{number}" for number in range(6)]
    await _write(shop, [(name, f"Chào shop, {name}") for name in names])
    rows = {name: await shop.row(name) for name in ("c1", "c2")}
    page = await open_console()
    await log_in(page, shop, "admin")
    await _rows(page).filter(has_text="Chào shop, c0").click()
    await expect(_log(page)).to_contain_text("Chào shop, c0")
    await expect(_rows(page)).to_have_count(len(names))
    await page.mouse.move(0, 0)  # no row moves below the pointer

    await page.context.set_offline(True)
    await expect(page.get_by_text("Đang kết nối lại")).to_be_visible()
    await _write(shop, [("c0", f"Còn hàng không {number}") for number in range(8)])
    await _write(shop, [(f"m{number}", "Mình mới tới") for number in range(5)])
    await _write(shop, [("c3", "Lâu quá"), ("c4", "Ship chưa"), ("c3", "Thôi")])
    for name in ("c1", "c2"):
        await shop.admin.put(f"/v1/conversations/{rows[name]['id']}/assignee", agent_id="lan")
        await shop.row(name, is_owned_by("lan"))
    await shop.done("c5")
    await shop.row("c5", lambda row: bool(row["done"]), done="true")
    await page.context.set_offline(False)

    await expect(page.get_by_text("Đang kết nối lại")).to_be_hidden()
    await expect(_log(page)).to_contain_text("Còn hàng không 7")
    fresh = await open_console()
    await log_in(fresh, shop, "admin")
    await expect(_rows(fresh).first).to_be_visible()
    await fresh.goto(page.url)
    await expect(_log(fresh)).to_contain_text("Còn hàng không 7")
    shown: list[Any] = []

    async def equal() -> bool:
        shown[:] = [await _read(each) for each in (page, fresh)]
        return bool(shown[0] == shown[1])

    await eventually(equal, lambda: f"{shown[0]} is not {shown[1]}")
    assert len(shown[0]["rows"]) == len(names) - 1 + 5


async def _read(page: Page) -> dict[str, Any]:
    """What a page shows: its title with the counter, its rows, and the thread."""
    return {
        "title": await page.title(),
        "navigation": await page.get_by_role("navigation").first.inner_text(),
        # Since when somebody waits is drawn every ten seconds, on no page at the same time.
        "rows": [_WAITS.sub("", row) for row in await _rows(page).all_inner_texts()],
        "thread": await _log(page).get_by_role("listitem").all_inner_texts(),
    }


async def test_i13_i15_a_reset_keeps_selection_draft_filter_and_scroll(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan")
    await shop.facebook.write("nobodys")
    await shop.row("nobodys")
    await shop.assign_by("lan")
    names = [f"c{number:02}" for number in range(30)]
    await shop.facebook.write(*names)
    await shop.owners(names)
    page = await open_console(height=600)
    await log_in(page, shop, "lan")
    await page.get_by_role("button", name="Của tôi").click()
    await expect(_rows(page).first).to_have_attribute("aria-setsize", str(len(names)))
    scroller = page.get_by_role("list", name="Hội thoại").locator("..")
    await scroller.evaluate("(it, to) => it.scrollTo(0, to)", 10 * _ROW_PX + 7)
    row = page.locator('[aria-label="Hội thoại"] > [aria-posinset="13"]')
    await row.get_by_role("link").click()
    await page.get_by_label("Trả lời", exact=True).fill("Dạ còn ạ, chị lấy màu")
    selected = page.locator('[aria-label="Hội thoại"] > [aria-posinset="14"]')
    await selected.get_by_role("checkbox").check()
    opened = page.url

    # The name of an agent is in many rows, so everything is fetched again.
    await shop.admin.put("/v1/agents/lan", role="agent", name="Lan Anh", username="lan")

    await expect(row).to_contain_text("Lan Anh")
    await expect(page.get_by_role("button", name="Của tôi")).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(page.get_by_label("Trả lời", exact=True)).to_have_value("Dạ còn ạ, chị lấy màu")
    await expect(row.get_by_role("link")).to_have_attribute("aria-current", "true")
    await expect(selected.get_by_role("checkbox")).to_be_checked()
    assert page.url == opened
    assert await scroller.evaluate("(it) => it.scrollTop") == 10 * _ROW_PX + 7


async def test_i11_four_tabs_hold_one_stream_which_another_takes_over(
    shop: Shop, open_console: OpenConsole
) -> None:
    await _write(shop, [("c1", "Chào shop")])
    first = await open_console()
    streams: list[Request] = []

    def count(request: Request) -> None:
        if "/v1/events" in request.url:
            streams.append(request)

    first.context.on("request", count)
    await log_in(first, shop, "admin")
    await expect(_rows(first).first).to_be_visible()
    tabs = [first]
    for _ in range(3):
        tab = await first.context.new_page()
        await tab.goto("/inbox")
        await expect(_rows(tab).first).to_be_visible()
        tabs.append(tab)
    await _write(shop, [("c1", "Tin thứ nhất")])
    for tab in tabs:
        await expect(_rows(tab)).to_contain_text("Tin thứ nhất")
    assert len(streams) == 1

    await first.close()
    await _write(shop, [("c1", "Tin thứ hai"), ("c2", "Tin thứ ba")])
    for tab in tabs[1:]:
        await expect(_rows(tab)).to_contain_text(["Tin thứ ba", "Tin thứ hai"])
        await expect(tab.get_by_text("Đang kết nối lại")).to_be_hidden()
    assert len(streams) == 2
