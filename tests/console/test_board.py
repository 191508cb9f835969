"""What a manager does on the board and with the rules: who waits and why, and who is next."""

from playwright.async_api import Page, expect

from support.browsers import OpenConsole, find_barriers, log_in
from support.shop import Shop, is_owned_by


async def _enter(page: Page, shop: Shop, address: str) -> None:
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("list", name="Hội thoại")).to_be_visible()
    await page.goto(address)


async def test_r5_1_r6_5_r8_3_r9_4_a_manager_sees_who_waits_and_hands_a_leavers_customers_over(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.assign_by("lan", "minh")
    await shop.facebook.write("c1", text="Còn size M không shop?")
    await shop.row("c1", is_owned_by("lan"))
    page = await open_console(scripted=True)
    await _enter(page, shop, "/board")

    agents = page.get_by_role("region", name="Nhân viên")
    lan = agents.get_by_role("listitem").filter(has_text="Lan")
    await expect(lan).to_contain_text("Trực tuyến")
    await page.get_by_role("button", name="Đặt Lan ngoại tuyến").click()
    await expect(lan).to_contain_text("Ngoại tuyến, quản lý đặt")

    await shop.people["minh"].go("away")
    await shop.facebook.write("c2", text="Ship Hà Nội bao lâu?")
    queue = page.get_by_role("region", name="Hàng đợi")
    waiting = queue.get_by_role("listitem").filter(has_text="c2")
    await expect(waiting).to_contain_text("Vì sao chưa có ai: ngoại tuyến: Lan, Minh")
    assert not await find_barriers(page)

    await page.get_by_role("button", name="Bàn giao mọi hội thoại của Lan").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Giao cho").select_option("minh")
    await dialog.get_by_role("button", name="Xác nhận").click()
    await shop.row("c1", is_owned_by("minh"))
    feed = page.get_by_role("region", name="Quyết định")
    await expect(feed.get_by_role("listitem").first).to_contain_text("c1 → Minh")

    await feed.get_by_role("link", name="c1").first.click()
    await page.get_by_role("button", name="Tại sao?").click()
    await expect(page.get_by_role("dialog").get_by_role("listitem").first).to_contain_text("Minh")


async def test_r2_1_r2_2_r2_3_the_editor_and_the_server_say_who_gets_the_next_message(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh", "an")
    await shop.assign_by("lan", "minh", "an")
    await shop.facebook.write("c1")
    await shop.row("c1", is_owned_by("lan"))
    page = await open_console(scripted=True)
    await _enter(page, shop, "/rules/quay-vong")

    editor = page.get_by_role("region", name="Quay vong")
    answer = page.get_by_role("region", name="Ai nhận tin tiếp theo").get_by_role("status")
    await expect(answer).to_have_text("Tiếp theo là Minh.")
    await expect(editor).to_contain_text("Lan → Minh → An")
    assert not await find_barriers(page)

    await page.get_by_role("button", name="Đổi thứ tự của An, đang ở vị trí 3").press("ArrowUp")
    await expect(editor).to_contain_text("Lan → An → Minh")
    await editor.get_by_role("button", name="Lưu").click()
    await expect(answer).to_have_text("Tiếp theo là An.")
    await shop.facebook.write("c2")
    await expect(answer).to_have_text("Tiếp theo là Minh.")

    await editor.get_by_label("Cách chọn").select_option("least_loaded")
    await editor.get_by_label("Số hội thoại mở tối đa của Lan").fill("1")
    await expect(editor).to_contain_text("người ít việc nhất")
    await editor.get_by_role("button", name="Lưu").click()
    order = page.get_by_role("list", name="Thứ tự").get_by_role("listitem")
    await expect(order.filter(has_text="Lan")).to_contain_text("đã đủ việc")
    await shop.people["minh"].go("offline")
    await expect(answer).to_have_text("Tiếp theo là An.")

    await shop.people["minh"].go("online")
    await editor.get_by_label("Cách chọn").select_option("random")
    await editor.get_by_role("button", name="Lưu").click()
    await expect(answer).to_have_text("Ngẫu nhiên một trong 2 người có thể nhận.")
