"""Every view opens by its address, in light and dark, wide and narrow, and keeps nobody out."""

import pytest
from playwright.async_api import expect

from support.browsers import OpenConsole, find_barriers, log_in
from support.shop import Shop
from tuyen_gateway.api.console import VIEWS

ADDRESSES = (*(f"/{view}" for view in VIEWS), "/contacts/pipeline", "/contacts/import")
PARTS = (
    "me",
    "pages",
    "staff",
    "support",
    "templates",
    "behaviour",
    "departments",
    "regions",
    "groups",
    "links",
    "fields",
    "pipelines",
    "teams",
    "warehouses",
    "campaigns",
    "sharing",
    "integrations",
    "merging",
    "reports",
    "audit",
    "dead-letters",
)
"""The parts of the settings, by their addresses below it."""


@pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (1280, True), (375, False), (375, True)]
)
async def test_no_view_keeps_anybody_out(
    shop: Shop, open_console: OpenConsole, width: int, dark: bool
) -> None:
    await shop.facebook.write("c1", text="Còn size M không shop?")
    page = await open_console(width=width, dark=dark, scripted=True)
    barriers = []
    await page.goto("/login")
    await expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
    barriers += await find_barriers(page)
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("list", name="Hội thoại")).to_be_visible()
    for address in ADDRESSES:
        await page.goto(address)
        await expect(page.get_by_role("main")).to_be_visible()
        await page.wait_for_load_state("load")
        barriers += await find_barriers(page)
    assert not barriers, "\n".join(barriers)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
async def test_no_setting_keeps_anybody_out(
    shop: Shop, open_console: OpenConsole, width: int, dark: bool
) -> None:
    """Each part of the settings, and the form of something new where it has one."""
    await shop.add("lan")
    await shop.staff("lan")
    page = await open_console(width=width, dark=dark, scripted=True)
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("list", name="Hội thoại")).to_be_attached()
    await page.goto("/settings")
    parts = page.get_by_role("navigation", name="Thiết lập").get_by_role("link")
    await expect(parts).to_have_count(len(PARTS) + 1)  # and the first steps
    barriers = []
    for part in PARTS:
        await page.goto(f"/settings/{part}")
        await expect(page.get_by_role("heading", level=2).first).to_be_visible()
        await expect(page.get_by_role("status", name="Đang tải…")).to_have_count(0)
        barriers += await find_barriers(page)
        new = page.get_by_role("button", name="Thêm", exact=True)
        if await new.count():
            await new.click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            barriers += await find_barriers(page)
    assert not barriers, "\n".join(barriers)


async def test_what_is_nowhere_is_said_to_be_missing(shop: Shop, open_console: OpenConsole) -> None:
    page = await open_console()
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("navigation").first).to_be_visible()
    for address in ("/inbox/msg_none", "/contacts/con_none", "/livechat/msg_none"):
        await page.goto(address)
        await expect(page.get_by_text("Không tìm thấy").first).to_be_visible()
