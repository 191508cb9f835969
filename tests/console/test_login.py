"""Logging in to the console, and what a browser keeps of it."""

from playwright.async_api import expect

from support.browsers import OpenConsole, log_in
from support.shop import Shop, is_owned_by


async def test_i1_i2_a_login_shows_the_first_row_of_the_inbox(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan")
    await shop.assign_by("lan")
    await shop.facebook.write("c1", text="Còn size M không shop?")
    await shop.row("c1", is_owned_by("lan"))

    page = await open_console()
    await log_in(page, shop, "lan")

    first = page.get_by_role("list", name="Hội thoại").get_by_role("listitem").first
    await expect(first).to_contain_text("Còn size M không shop?")


async def test_no_script_can_read_the_tokens_of_a_login(
    shop: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("navigation").first).to_be_visible()

    cookies = {one["name"]: one for one in await page.context.cookies()}
    assert {"tuyen_access", "tuyen_refresh"} <= cookies.keys()
    for name in ("tuyen_access", "tuyen_refresh"):
        assert (cookies[name]["httpOnly"], cookies[name]["sameSite"]) == (True, "Strict")
    read = await page.evaluate(
        "[document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join()"
    )
    for cookie in cookies.values():
        assert not cookie["value"] or cookie["value"] not in read


async def test_the_first_stylesheet_names_the_layers_so_that_no_reset_undoes_the_kit(
    shop: Shop, open_console: OpenConsole
) -> None:
    page = await open_console()
    await page.goto("/login")
    await expect(page.get_by_role("button", name="Đăng nhập")).to_have_css(
        "background-color", "rgb(54, 84, 217)"
    )
