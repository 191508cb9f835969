"""Posts: the comments below one, each with its owner, and what is done to a comment (I8, I9)."""

from playwright.async_api import expect

from support.browsers import OpenConsole, find_barriers, log_in
from support.livestream import Livestream
from support.shop import Shop
from tuyen_local.stack import Stack


async def test_i8_i9_below_a_post_comments_are_hidden_liked_and_answered(
    stack: Stack, shop: Shop, open_console: OpenConsole
) -> None:
    await shop.hire("lan")
    await shop.assign_by("lan")
    post = Livestream(stack, shop)
    await post.begin("lan", text="Váy hè mới về", live=False)
    first, _ = await post.comment("Còn size M không shop?", "Giá sao ạ")
    page = await open_console(scripted=True)
    await log_in(page, shop, "lan")
    await page.get_by_role("link", name="Bài viết").click()

    posts = page.get_by_role("list", name="Bài viết").get_by_role("listitem")
    await expect(posts).to_have_count(1)
    await expect(posts.first).to_contain_text("Trang bán hàng")
    await expect(posts.first).to_contain_text("2 chưa trả lời")
    await posts.first.get_by_role("link").click()
    await page.wait_for_url(f"**/posts/{post.id}")
    comments = page.get_by_role("log", name="Bình luận của bài viết").get_by_role("listitem")
    await expect(comments).to_have_count(2)
    await expect(comments.first).to_contain_text("Lan")
    assert not await find_barriers(page)

    await comments.first.get_by_role("link").click()
    thread = page.get_by_role("log", name="Tin nhắn")
    await expect(thread).to_contain_text("Còn size M không shop?")
    assert not await find_barriers(page)
    await thread.get_by_role("button", name="Thích", exact=True).click()
    await post.told("like", first)
    await thread.get_by_role("button", name="Ẩn", exact=True).click()
    await post.told("hide", first)
    await expect(comments.first).to_contain_text("Đã ẩn")

    composer = page.get_by_role("textbox", name="Trả lời")
    await composer.fill("Dạ còn ạ")
    await composer.press("Enter")
    await expect(thread).to_contain_text("Đã gửi")
    assert (await post.told("comment", first))["text"] == "Dạ còn ạ"
    await thread.get_by_role("button", name="Nhắn riêng").first.click()
    await composer.fill("Bạn cho shop xin địa chỉ nhé")
    await composer.press("Enter")
    assert (await post.told("private_reply", first))["text"] == "Bạn cho shop xin địa chỉ nhé"
    await expect(comments.first).to_contain_text("Đã nhắn riêng")
