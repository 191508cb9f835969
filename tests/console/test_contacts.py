"""The contacts in a browser: imported, and moved along a pipeline."""

from playwright.async_api import Locator, expect

from support.browsers import OpenConsole, log_in
from support.shop import Shop, eventually

CONTACTS = 1_000


async def test_c9_a_manager_imports_a_thousand_contacts_in_four_steps(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("quan", role="store_manager", online=False)
    await shop.admin.put("/v1/warehouses/bac", name="Kho miền Bắc", managers=["quan"])
    rows = [f"Khách {number:04},0912{number:06}" for number in range(CONTACTS - 1)]
    file = "\n".join(["Họ và tên,Điện thoại", *rows, "Khách sai,không phải số"]).encode()
    page = await open_console()
    await log_in(page, shop, "quan")
    await page.get_by_role("link", name="Khách hàng").first.click()
    await page.get_by_role("link", name="Nhập tệp").click()
    steps = page.get_by_role("list", name="Các bước nhập tệp")

    await page.get_by_label("Chọn tệp xlsx hoặc csv").set_input_files(
        {"name": "khach.csv", "mimeType": "text/csv", "buffer": file}
    )
    await page.get_by_label("Nhập vào kho").select_option("Kho miền Bắc")
    await page.get_by_role("button", name="Tiếp tục").click()
    await expect(steps.locator("[aria-current=step]")).to_contain_text("Ghép cột")
    await expect(page.get_by_role("combobox", name="Họ và tên")).to_have_value("name")
    await expect(page.get_by_role("combobox", name="Điện thoại")).to_have_value("phones")
    await page.get_by_role("button", name="Tiếp tục").click()
    await expect(page.get_by_text("1.000 dòng, 999 dòng hợp lệ")).to_be_visible()
    wrong = page.get_by_role("region", name="Kiểm tra").get_by_role("row", name="Điện thoại")
    await expect(wrong).to_contain_text("1001")
    await page.get_by_role("button", name="Bắt đầu nhập").click()
    await expect(page.get_by_role("meter", name="Tiến độ")).to_be_visible()
    await expect(page.get_by_role("main").get_by_text("Xong", exact=True)).to_be_visible(
        timeout=60_000
    )
    await expect(page.get_by_text("Đã đổi: 999")).to_be_visible()

    await page.get_by_role("link", name="Danh sách").click()
    await page.get_by_role("searchbox", name="Tìm khách hàng").fill("khach 0998")
    await expect(page.get_by_role("link", name="Khách 0998")).to_be_visible()


async def test_c6_a_card_that_is_dragged_or_moved_by_keys_stays_at_its_step(
    shop: Shop, open_console: OpenConsole
) -> None:
    steps = [
        {"id": "hoi", "name": "Hỏi"},
        {"id": "chot", "name": "Chốt"},
        {"id": "giao", "name": "Giao"},
    ]
    await shop.admin.put("/v1/pipelines/ban-le", name="Bán lẻ", steps=steps)
    for name in ("Bình", "Hà"):
        contact = await shop.admin.post("/v1/contacts", name=name)
        await shop.admin.put(f"/v1/contacts/{contact['id']}/steps/ban-le", step_id="hoi")
    await until_listed(shop, 2, step="ban-le:hoi")
    page = await open_console()
    await log_in(page, shop, "admin")
    await expect(page.get_by_role("navigation").first).to_be_visible()
    await page.goto("/contacts/pipeline")
    asked, agreed, sent = (
        page.get_by_role("region", name=each["name"], exact=True) for each in steps
    )

    def card(lane: Locator, name: str) -> Locator:
        return lane.get_by_role("link", name=name)

    await card(asked, "Bình").drag_to(agreed)
    await expect(card(agreed, "Bình")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Đã chuyển Bình")).to_be_attached()
    await card(asked, "Hà").press("ArrowRight")
    await expect(card(agreed, "Hà")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(card(sent, "Hà")).to_be_focused()
    await expect(
        page.get_by_role("status").filter(has_text="Đã chuyển Hà sang Giao")
    ).to_be_attached()

    await until_listed(shop, 1, step="ban-le:giao")
    await page.reload()
    await expect(card(agreed, "Bình")).to_be_visible()
    await expect(card(sent, "Hà")).to_be_visible()
    await expect(asked.get_by_role("link")).to_have_count(0)


async def until_listed(shop: Shop, count: int, **filters: str) -> None:
    async def listed() -> bool:
        return len((await shop.admin.get("/v1/contacts", **filters))["items"]) == count

    await eventually(listed, lambda: f"not {count} contacts with {filters}")
