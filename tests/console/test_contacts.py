"""The contacts in a browser: imported, moved along a pipeline, claimed, edited, merged."""

import re

from playwright.async_api import Locator, Page, expect

from support.browsers import OpenConsole, log_in
from support.shop import Json, Shop, eventually

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


async def test_w4_who_claims_second_sees_who_was_first(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "mai", online=False)
    await shop.staff("lan", "mai")
    await shop.admin.put(
        "/v1/warehouses/bac", name="Kho", members=["lan", "mai"], sources=[shop.page_id]
    )
    await shop.facebook.write("c1", text="Còn hàng không shop?")
    row = await shop.row("c1", lambda row: row["contact_id"] is not None)
    first, second = await open_console(), await open_console()
    for page, who in ((first, "lan"), (second, "mai")):
        await log_in(page, shop, who)
        await expect(page.get_by_role("navigation").first).to_be_visible()
    await first.goto(f"/contacts/{row['contact_id']}")
    await second.goto(f"/inbox/{row['id']}")
    panel = second.get_by_role("complementary", name="Khách hàng")
    claims = [
        first.get_by_role("button", name="Nhận khách"),
        panel.get_by_role("button", name="Nhận hồ sơ khách"),
    ]
    for claim in claims:
        await expect(claim).to_be_visible()

    await claims[0].click()
    await expect(first.get_by_text("Bạn đã nhận khách này")).to_be_visible()
    await expect(first.get_by_label("Phụ trách")).to_have_value("lan")
    await claims[1].click()
    await expect(second.get_by_text("Lan đã nhận khách này trước.")).to_be_visible()
    await expect(claims[1]).to_have_count(0)


async def test_c4_c5_c8_a_contact_is_edited_and_worked_on_and_its_history_says_so(
    shop: Shop, open_console: OpenConsole
) -> None:
    contact = await shop.admin.post("/v1/contacts", name="Chị Hoa")
    page = await open_contact(shop, open_console, contact)
    phones = page.get_by_label("Điện thoại")
    await phones.fill("không phải số")
    await phones.press("Enter")
    await expect(phones).to_have_attribute("aria-invalid", "true")
    await expect(phones).to_have_accessible_description(re.compile("không phải số"))
    await phones.fill("0912 345 678")
    await phones.press("Enter")
    await expect(phones).to_have_value("+84912345678")
    await expect(phones).not_to_have_attribute("aria-invalid", "true")

    await page.get_by_role("button", name="Thêm thẻ").click()
    await page.keyboard.type("Khách sỉ")
    await page.keyboard.press("Enter")
    removal = page.get_by_role("button", name="Bỏ thẻ Khách sỉ")
    await expect(removal).to_be_visible()
    await removal.click()
    await expect(removal).to_have_count(0)
    await add(page, "Ghi chú", "Gọi trước khi giao", **{"Ghi chú": "Gọi trước khi giao"})
    await add(page, "Việc cần làm", "Báo giá", **{"Việc": "Báo giá"})
    deal = {"Tên": "Lô giày Tết", "Giá trị": "12500000"}
    await add(page, "Cơ hội bán hàng", "12.500.000 VND", **deal)

    history = page.get_by_role("region", name="Lịch sử")
    for said in ("Lô giày Tết", "Báo giá", "Khách sỉ", "+84912345678"):
        await expect(history.get_by_role("listitem").filter(has_text=said).first).to_be_visible()
    texts = await history.get_by_role("listitem").all_inner_texts()
    assert not [each for each in texts if re.search(r"\b(added|removed|phones|created)\b", each)]


async def test_s1_a_contact_that_is_shared_is_read_and_nothing_in_it_can_be_changed(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", online=False)
    contact = await shop.admin.post("/v1/contacts", name="Chị Hoa", phones=["0912345678"])
    await shop.admin.put(f"/v1/contacts/{contact['id']}/shares/lan")
    page = await open_contact(shop, open_console, contact, "lan")
    await expect(page.get_by_text("bạn chỉ xem được, không sửa được")).to_be_visible()
    await expect(page.get_by_label("Điện thoại")).to_have_value("+84912345678")
    await expect(page.get_by_label("Điện thoại")).to_be_disabled()
    for name in ("Thêm thẻ", "Thêm: Ghi chú", "Thêm: Việc cần làm", "Chia sẻ với"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    await expect(page.get_by_role("button", name="Sửa", exact=True)).to_have_count(0)
    await expect(page.get_by_role("region", name="Lịch sử")).to_be_visible()


async def test_c2_two_contacts_are_merged_and_separated_again(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.admin.post("/v1/contacts", name="Hoa Nguyễn", phones=["0912345678"])
    younger = await shop.admin.post("/v1/contacts", name="Hoa Zalo", emails=["hoa@example.com"])
    page = await open_contact(shop, open_console, younger)
    await page.get_by_role("button", name="Sửa").first.click()
    await page.get_by_role("menuitem", name="Gộp với khách khác").click()
    await page.get_by_role("dialog").get_by_role("combobox").fill("Nguyễn")
    await page.get_by_role("option", name="Hoa Nguyễn").click()
    await page.get_by_role("dialog").get_by_role("button", name="Gộp với khách khác").click()
    await expect(page.get_by_role("heading", name="Hoa Nguyễn")).to_be_visible()
    emails = page.get_by_label("Email")
    await expect(emails).to_have_value("hoa@example.com")

    await page.get_by_role("button", name="Hoàn tác").click()
    await expect(emails).to_have_value("")
    await expect(page.get_by_role("button", name="Hoàn tác")).to_have_count(0)

    async def is_separate() -> bool:
        answer = await shop.admin.ask("GET", f"/v1/contacts/{younger['id']}")
        return answer.status_code == 200

    await eventually(is_separate, lambda: "it is still merged")
    await page.goto(f"/contacts/{younger['id']}")
    await expect(page.get_by_role("heading", name="Hoa Zalo")).to_be_visible()
    await expect(emails).to_have_value("hoa@example.com")


async def until_listed(shop: Shop, count: int, **filters: str) -> None:
    async def listed() -> bool:
        return len((await shop.admin.get("/v1/contacts", **filters))["items"]) == count

    await eventually(listed, lambda: f"not {count} contacts with {filters}")


async def open_contact(
    shop: Shop, open_console: OpenConsole, contact: Json, who: str = "admin"
) -> Page:
    page = await open_console()
    await log_in(page, shop, who)
    await expect(page.get_by_role("navigation").first).to_be_visible()
    await page.goto(f"/contacts/{contact['id']}")
    await expect(page.get_by_role("heading", name=contact["name"])).to_be_visible()
    return page


async def add(page: Page, kind: str, shown: str, **fields: str) -> None:
    """Adds something that belongs to the contact, with its dialog."""
    await page.get_by_role("button", name=f"Thêm: {kind}").click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        await dialog.get_by_label(label).first.fill(value)
    await dialog.get_by_role("button", name="Lưu").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("region", name=kind).get_by_text(shown)).to_be_visible()
