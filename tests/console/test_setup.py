"""Setting a shop up: from nothing to the first answered customer, and what is seen to later."""

import time
from urllib.parse import urlencode

from playwright.async_api import Page, Route, expect

from support.browsers import OpenConsole, log_in
from support.shop import PASSWORD, Shop, eventually, is_owned_by

QUESTION, ANSWER = "Còn size 42 không ạ?", "Dạ còn, mời anh ghé shop"


async def _go_on(page: Page, done: int) -> None:
    """Back to the first steps, of which so many are done."""
    await page.get_by_role("navigation", name="Thiết lập").get_by_text("Bắt đầu").click()
    await expect(page.get_by_text(f"Đã xong {done}/5 bước")).to_be_visible()


async def test_p1_c11_i6_a_shop_is_set_up_from_nothing_with_the_page_alone(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.admin.delete(f"/v1/pages/{shop.page_id}")
    page = await open_console()
    await log_in(page, shop, "admin")
    await page.get_by_role("main").get_by_role("link", name="Kết nối trang đầu tiên").click()
    await expect(page.get_by_text("Đã xong 0/5 bước")).to_be_visible()

    await page.get_by_role("button", name="Kết nối trang").click()
    await page.get_by_role("button", name="Kết nối bằng Facebook").click()
    choice = page.get_by_role("dialog", name="Chọn trang để kết nối")
    offered = choice.get_by_role("listitem").filter(has_text="Trang bán hàng")
    await offered.get_by_role("button", name="Kết nối").click()
    await expect(page.get_by_text("Đã kết nối Trang bán hàng")).to_be_visible()
    await choice.get_by_role("button", name="Đóng").click()
    await expect(page.get_by_role("row", name="Trang bán hàng")).to_contain_text("Đang hoạt động")

    await _go_on(page, 1)
    await page.get_by_role("button", name="Thêm nhân viên").click()
    staff = page.get_by_role("dialog")
    await staff.get_by_role("textbox", name="Tên", exact=True).fill("Nguyễn Thị Lan")
    await staff.get_by_label("Tên đăng nhập").fill("lan")
    await staff.get_by_label("Mật khẩu").fill(PASSWORD)
    await staff.get_by_role("button", name="Lưu").click()
    await expect(page.get_by_role("row", name="Nguyễn Thị Lan")).to_be_visible()

    await _go_on(page, 2)
    await page.get_by_role("button", name="Giao tin lần lượt").click()
    await expect(page.get_by_text("Đã xong 3/5 bước")).to_be_visible()
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name="Viết như một khách hàng").click()
    customer = await opened.value
    await customer.get_by_label("Tin nhắn").fill(QUESTION)
    await customer.get_by_role("button", name="Gửi").click()

    await expect(page.get_by_text("Đã xong 4/5 bước")).to_be_visible()
    await page.get_by_role("button", name="Mở Hộp thư").click()
    conversations = page.get_by_role("list", name="Hội thoại")
    await conversations.get_by_role("listitem").filter(has_text=QUESTION).click()
    await page.get_by_role("textbox", name="Trả lời").fill(ANSWER)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log", name="Tin nhắn")).to_contain_text("Đã gửi")
    await expect(customer.frame_locator("iframe").get_by_text(ANSWER)).to_be_visible()
    await page.goto("/welcome")
    await expect(page.get_by_text("Đã xong 5/5 bước")).to_be_visible()
    await shop.log_in("lan")


async def test_p1_a_page_that_is_connected_again_stays_what_it_was(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.add("lan")
    await shop.staff("lan")
    page = await open_console()
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("navigation").first).to_be_visible()

    async def log_in_with_this_page(route: Route) -> None:
        account = urlencode({"account": shop.facebook.page})
        await route.continue_(url=f"{route.request.url}&{account}")

    await page.route("**/dialog/oauth?*", log_in_with_this_page)
    await page.goto("/settings/pages")
    await expect(page.get_by_role("row", name="Trang bán hàng")).to_contain_text("Có sự cố")
    await page.get_by_role("button", name="Trang bán hàng").click()
    await page.get_by_role("dialog").get_by_role("alert").get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Kết nối lại").click()

    await expect(page.get_by_text("Đã kết nối Trang bán hàng")).to_be_visible()
    connected = await shop.admin.get(f"/v1/pages/{shop.page_id}")
    assert (connected["connected"], connected["staff"]) == (True, ["lan"])
    await page.get_by_role("dialog").get_by_role("button", name="Đóng").click()
    await expect(page.get_by_role("row", name="Trang bán hàng")).to_contain_text("Đang hoạt động")


async def test_c10_o2_p4_r6_5_an_administrator_sees_to_staff_fields_and_what_was_not_read(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "binh")
    await shop.assign_by("lan")
    await shop.facebook.write("c1")
    await shop.row("c1", is_owned_by("lan"))
    now = int(time.time() * 1000)
    odd = {"sender": "khong-ro", "timestamp": now, "message": {"mid": "m_odd"}}
    await shop.facebook.send({"id": shop.facebook.page, "time": now, "messaging": [odd]})
    page = await open_console()
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("navigation").first).to_be_visible()

    await page.goto("/settings/staff")
    await page.get_by_role("button", name="Lan", exact=True).click()
    lan = page.get_by_role("dialog", name="Lan")
    await lan.get_by_role("button", name="Bàn giao hội thoại").click()
    handover = page.get_by_role("dialog", name="Bàn giao hội thoại")
    await handover.get_by_label("Giao cho").select_option(label="Binh")
    await handover.get_by_role("button", name="Bàn giao hội thoại").click()
    await shop.row("c1", is_owned_by("binh"))
    await lan.get_by_label("Khoá tài khoản").check()
    await lan.get_by_role("button", name="Lưu").click()
    await expect(page.get_by_role("row", name="Lan")).to_contain_text("Đã khoá")

    async def is_out() -> bool:
        return (await shop.people["lan"].ask("GET", "/v1/me")).status_code == 401

    await eventually(is_out, lambda: "Lan is still logged in")

    await page.goto("/settings/fields?new=1")
    field = page.get_by_role("dialog")
    await field.get_by_role("textbox", name="Tên", exact=True).fill("Cỡ giày")
    await field.get_by_label("Kiểu").select_option(label="Lựa chọn")
    await field.get_by_label("Các lựa chọn").fill("41\n42")
    await field.get_by_role("button", name="Lưu").click()
    await expect(page.get_by_role("row", name="Cỡ giày")).to_be_visible()

    await page.goto("/settings/audit")
    for said in ("Khoá tài khoản: Không → Có", "Các lựa chọn: 41, 42"):
        await expect(page.get_by_role("row").filter(has_text=said)).to_contain_text("admin")

    await page.goto("/settings/dead-letters")
    letters = page.get_by_role("region", name="Tin chưa đọc được")
    await letters.get_by_role("row").nth(1).get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Thử lại").click()
    await expect(page.get_by_text("Đã cho đọc lại")).to_be_visible()
