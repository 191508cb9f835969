"""A page with the widget in it, for whoever wants to try it."""

from support.doubles import RunningDoubles


async def test_l4_a_page_has_the_widget_by_one_script_tag(doubles: RunningDoubles) -> None:
    answer = await doubles.client.get("/site/app_1")
    page, policy = answer.text, answer.headers["content-security-policy"]
    assert page.count("<script") == 1
    assert "/livechat/app_1/widget.js" in page
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    style = await doubles.client.get("/site.css")
    assert style.headers["content-type"].startswith("text/css")


async def test_l4_a_known_customer_is_named_and_nothing_breaks_out(
    doubles: RunningDoubles,
) -> None:
    answer = await doubles.client.get("/site/app_1", params={"user": "4'2\"><b>", "hash": "ab"})
    assert 'data-user-hash="ab"' in answer.text
    assert "<b>" not in answer.text
    odd = await doubles.client.get("/site/%22%3E%3Cb%3E")
    assert "<b>" not in odd.text
