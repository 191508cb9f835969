"""Two agents at once: what leaves one browser enters the other, and the first of two gets it."""

import asyncio

from playwright.async_api import Locator, Page, expect

from support.browsers import OpenConsole, log_in, read_traces
from support.shop import Json, Shop, eventually, is_owned_by


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Hội thoại").get_by_role("listitem")


async def open_inbox(open_console: OpenConsole, shop: Shop, username: str) -> Page:
    page = await open_console()
    await enter(page, shop, username)
    return page


async def enter(page: Page, shop: Shop, username: str) -> None:
    await log_in(page, shop, username)
    await expect(page.get_by_role("button", name="Chưa phân công")).to_be_visible()


async def give(shop: Shop, row: Json, agent: str) -> None:
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id=agent)


async def test_r7_2_r7_3_a_reassignment_leaves_no_trace_in_the_one_browser_and_enters_the_other(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.assign_by("lan", visibility="own_only")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1", is_owned_by("lan"))
    lan = await open_inbox(open_console, shop, "lan")
    minh = await open_inbox(open_console, shop, "minh")
    await expect(rows(lan)).to_contain_text(["Áo hoa cúc"])
    await expect(minh.get_by_text("Chưa có hội thoại nào")).to_be_visible()
    await minh.goto(f"/inbox/{row['id']}")
    await expect(minh.get_by_text("Không tìm thấy")).to_be_visible()
    for hint in ("hoa cúc", "(1)", "1 chưa đọc"):
        assert hint not in await read_traces(minh)
    await minh.goto("/inbox")

    await rows(lan).get_by_role("link").click()
    await lan.get_by_label("Trả lời", exact=True).fill("Dạ còn ba cái ạ")
    assert "Dạ còn ba cái ạ" in await read_traces(lan)
    await give(shop, row, "minh")

    await expect(rows(minh)).to_contain_text(["Áo hoa cúc"])
    await expect(rows(lan)).to_have_count(0)
    await expect(lan.get_by_text("Không tìm thấy")).to_be_visible()
    await expect(lan).to_have_title("Hộp thư – Tuyến")
    for hint in ("hoa cúc", "ba cái", "(1)", "1 chưa đọc", "Minh"):
        assert hint not in await read_traces(lan)


async def test_i13_a_draft_goes_with_a_conversation_that_left_while_nobody_looked(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.assign_by("lan", visibility="own_only")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1", is_owned_by("lan"))
    page = await open_inbox(open_console, shop, "lan")
    await rows(page).get_by_role("link").click()
    await page.get_by_label("Trả lời", exact=True).fill("Dạ còn ba cái ạ")
    await page.goto("about:blank")
    await give(shop, row, "minh")
    await shop.row("c1", is_owned_by("minh"))

    await page.goto("/inbox")

    await expect(page.get_by_text("Chưa có hội thoại nào")).to_be_visible()

    async def is_gone() -> bool:
        return "ba cái" not in await read_traces(page)

    await eventually(is_gone, lambda: "the draft is still there")


async def test_i14_r6_4_each_sees_the_other_and_who_was_faster(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.assign_by("lan")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1", is_owned_by("lan"))
    lan = await open_inbox(open_console, shop, "lan")
    boss = await open_inbox(open_console, shop, "admin")
    await boss.goto(f"/inbox/{row['id']}")
    await rows(lan).get_by_role("link").click()

    await expect(boss.get_by_text("Lan đang xem")).to_be_visible()
    await expect(lan.get_by_text("đang xem")).to_be_visible()
    await lan.get_by_label("Trả lời", exact=True).press_sequentially("Dạ")
    await expect(boss.get_by_text("Lan đang trả lời")).to_be_visible()

    charge = boss.get_by_role("button", name="Phụ trách")
    await charge.click()
    await give(shop, row, "minh")
    await expect(charge).to_contain_text("Minh")
    await boss.get_by_role("option", name="Lan").click()

    await expect(boss.get_by_text("Minh vừa được phân công trước bạn.")).to_be_visible()
    await expect(charge).to_contain_text("Minh")
    assert len(await shop.history(row["id"])) == 2


async def test_r6_6_of_two_who_claim_one_live_comment_the_other_is_told_who(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.settings(assignment=True, take_unassigned=True)
    facebook = shop.facebook
    await facebook.send(facebook.video("555", "777"), facebook.live("777"))
    await facebook.send(facebook.comment("c9", "555_1", post="555", text="Chốt A1", video=True))
    row = await shop.row("c9", kind="livestream")
    pages = [await open_inbox(open_console, shop, name) for name in ("lan", "minh")]
    for page in pages:
        await page.get_by_role("link", name="Trực tiếp").click()
        comment = page.get_by_role("region", name="Đơn hàng").get_by_role("button", name="Chốt")
        await comment.click()
        await expect(comment).to_have_attribute("aria-current", "true")

    await asyncio.gather(*(page.keyboard.press("Space") for page in pages))

    row = await shop.row("c9", lambda found: found["assignee"] is not None, kind="livestream")
    first, second = pages if is_owned_by("lan")(row) else reversed(pages)
    said = f"{row['assignee']['name']} vừa được phân công trước bạn."
    await expect(second.get_by_text(said)).to_be_visible()
    await expect(first.get_by_text("1 của tôi")).to_be_visible()
    assert len(await shop.history(row["id"])) == 1


async def test_w4_of_two_who_claim_one_contact_the_other_is_told_who(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    both = {"members": ["lan", "minh"], "managers": ["admin"]}
    await shop.admin.put("/v1/warehouses/chung", name="Kho chung", **both)
    contact = await shop.admin.post("/v1/contacts", name="Chị Hạnh", warehouse_id="chung")
    pages = [await open_inbox(open_console, shop, name) for name in ("lan", "minh")]
    claims = []
    for page in pages:
        await page.get_by_role("link", name="Khách hàng").click()
        claims.append(page.get_by_role("button", name="Nhận khách"))
        await expect(claims[-1]).to_be_visible()

    await asyncio.gather(*(claim.click() for claim in claims))

    for claim in claims:
        await expect(claim).to_have_count(0)
    winner = (await shop.admin.get(f"/v1/contacts/{contact['id']}"))["assignee"]
    first, second = pages if winner == "lan" else reversed(pages)
    await expect(first.get_by_role("row").filter(has_text="Chị Hạnh")).to_be_visible()
    said = f"{winner.capitalize()} đã nhận khách này trước."
    await expect(second.get_by_role("alert").filter(has_text=said)).to_be_visible()
    await expect(second.get_by_role("row").filter(has_text="Chị Hạnh")).to_have_count(0)


async def test_r7_4_who_may_no_more_loses_what_they_see(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("hoa", role="sales_manager")
    await shop.settings(assignment=True, visibility="own_only")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1")
    inbox = await open_inbox(open_console, shop, "hoa")
    await expect(rows(inbox)).to_contain_text(["Áo hoa cúc"])
    board = await inbox.context.new_page()
    await board.goto("/board")
    await expect(board.get_by_role("heading", name="Bảng theo dõi")).to_be_visible()

    await shop.employ("hoa")

    await expect(board.get_by_text("Không tìm thấy")).to_be_visible()
    await expect(rows(inbox)).to_have_count(0)
    await expect(inbox.get_by_role("link", name="Bảng theo dõi")).to_have_count(0)
    await give(shop, row, "hoa")
    await expect(rows(inbox)).to_contain_text(["Áo hoa cúc"])

    await shop.employ("hoa", disabled=True)

    for page in (board, inbox):
        await expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
        assert "hoa cúc" not in await read_traces(page)


async def test_a_logout_ends_all_tabs_and_leaves_nothing_to_who_comes_next(
    shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan", "minh")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1")
    one = await open_inbox(open_console, shop, "lan")
    other = await one.context.new_page()
    await other.goto(f"/inbox/{row['id']}")
    await other.get_by_label("Trả lời", exact=True).fill("Dạ còn ba cái ạ")
    await expect(rows(one)).to_contain_text(["Nháp"])

    await one.get_by_role("button", name="Tài khoản").click()
    await one.get_by_role("menuitem", name="Đăng xuất").click()

    for page in (one, other):
        await expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
        for hint in ("hoa cúc", "ba cái", "tuyen:"):
            assert hint not in await read_traces(page)

    await enter(other, shop, "minh")
    await other.goto(f"/inbox/{row['id']}")
    await other.get_by_label("Trả lời", exact=True).fill("Chào chị")
    await other.context.clear_cookies()
    await enter(other, shop, "lan")
    await expect(rows(other)).to_contain_text(["Áo hoa cúc"])
    await expect(rows(other)).not_to_contain_text(["Nháp"])
    assert "Chào chị" not in await read_traces(other)


async def test_c11_nobody_is_shown_what_they_may_not_do(
    shop: Shop, open_console: OpenConsole
) -> None:
    crm = {"import": False, "export": False, "delete": False}
    await shop.hire("lan", crm=crm)
    await shop.hire("minh", crm={"access": False})
    await shop.assign_by("lan")
    await shop.facebook.write("c1", text="Áo hoa cúc còn không?")
    row = await shop.row("c1", is_owned_by("lan"))
    contact = await shop.admin.post("/v1/contacts", name="Chị Hạnh", assignee="lan")
    lan = await open_inbox(open_console, shop, "lan")
    await lan.goto("/contacts")
    await expect(lan.get_by_role("link", name="Chị Hạnh")).to_be_visible()
    await expect(lan.get_by_role("link", name="Nhập tệp")).to_have_count(0)
    await expect(lan.get_by_role("button", name="Xuất")).to_have_count(0)
    await lan.goto(f"/contacts/{contact['id']}")
    await expect(lan.get_by_role("heading", name="Chị Hạnh")).to_be_visible()
    await lan.get_by_role("button", name="Sửa", exact=True).first.click()
    await expect(lan.get_by_role("menuitem", name="Xoá")).to_have_count(0)

    minh = await open_inbox(open_console, shop, "minh")
    for place in ("Khách hàng", "Bảng theo dõi", "Quy tắc"):
        await expect(minh.get_by_role("link", name=place)).to_have_count(0)
    for address in ("/contacts", "/contacts/import", "/board", "/rules", "/settings/pages"):
        await minh.goto(address)
        await expect(minh.get_by_text("Không tìm thấy").first).to_be_visible()
    await minh.goto(f"/inbox/{row['id']}")
    await expect(minh.get_by_role("log", name="Tin nhắn")).to_contain_text("Áo hoa cúc")
    await give(shop, row, "admin")
    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id=None)
    await expect(minh.get_by_text("Chưa có ai").first).to_be_visible()
    await expect(minh.get_by_role("button", name="Nhận khách")).to_have_count(0)
