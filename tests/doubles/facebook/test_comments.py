from typing import Any

import pytest

from doubles.callers import CUSTOMER, PAGE, TOKEN, change_of, comment, error_of, graph
from support.doubles import RunningDoubles

OTHER_PAGE = "104000000000002"


async def know_page(doubles: RunningDoubles) -> None:
    """The token is used for the page, as it is when the page is subscribed."""
    fields = {"subscribed_fields": "messages,message_echoes,feed"}
    await graph(doubles, "POST", f"{PAGE}/subscribed_apps", params=fields)


async def reply(doubles: RunningDoubles, to: str, text: str = "Dạ 199k ạ", **more: Any) -> str:
    answer = await graph(doubles, "POST", f"{to}/comments", json={"message": text, **more})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def texts(doubles: RunningDoubles, of: str, **params: Any) -> list[str]:
    answer = await graph(doubles, "GET", f"{of}/comments", params=params)
    return [each["message"] for each in answer.json()["data"]]


async def test_a_reply_comes_back_as_a_comment_of_the_page(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    made = await reply(doubles, root)
    echo = change_of((await doubles.ingest.events(2))[1])
    assert echo["from"]["id"] == PAGE
    assert (echo["item"], echo["verb"], echo["message"]) == ("comment", "add", "Dạ 199k ạ")
    assert (echo["comment_id"], echo["parent_id"]) == (made, root)
    assert echo["post_id"] == f"{PAGE}_332029982914750"
    (call,) = await doubles.calls(action="comment")
    assert (call["account"], call["to"], call["text"]) == (PAGE, root, "Dạ 199k ạ")


async def test_a_reply_to_a_comment_of_which_only_its_id_is_known(doubles: RunningDoubles) -> None:
    await know_page(doubles)
    await reply(doubles, "332_77")
    await reply(doubles, f"{PAGE}_332", "Cả nhà ơi")
    first, second = map(change_of, await doubles.ingest.events(2))
    assert (first["post_id"], first["parent_id"]) == (f"{PAGE}_332", "332_77")
    assert (second["post_id"], second["parent_id"]) == (f"{PAGE}_332", f"{PAGE}_332")
    assert await texts(doubles, "332_77") == ["Dạ 199k ạ"]


async def test_without_a_post_there_is_no_echo(doubles: RunningDoubles) -> None:
    await know_page(doubles)
    await reply(doubles, "c-1")
    assert (await graph(doubles, "POST", "c-1", data={"is_hidden": "true"})).is_success
    await comment(doubles, "sau đó")
    (event,) = await doubles.ingest.events(1)
    assert change_of(event)["message"] == "sau đó"


async def test_p5_replies_are_listed_to_find_one_whose_answer_was_lost(
    doubles: RunningDoubles,
) -> None:
    root = await comment(doubles)
    for text in ("một", "hai", "ba"):
        await reply(doubles, root, text)
    await comment(doubles, "bốn", parent=root)
    assert await texts(doubles, root) == ["một", "hai", "ba", "bốn"]
    assert await texts(doubles, root, order="reverse_chronological", limit="1") == ["bốn"]
    page = (await graph(doubles, "GET", f"{root}/comments", params={"limit": "3"})).json()
    assert page["data"][0]["from"]["id"] == PAGE
    assert page["data"][0]["created_time"].endswith("+0000")
    after = page["paging"]["cursors"]["after"]
    assert await texts(doubles, root, after=after) == ["bốn"]
    wrong = await graph(doubles, "GET", f"{root}/comments", params={"after": "?"})
    assert error_of(wrong) == (100, None)
    assert await doubles.calls(action="read")


async def test_hide_unhide_hide_are_three_events_of_different_times(
    doubles: RunningDoubles,
) -> None:
    root = await comment(doubles)
    for hidden in ("true", "false", "true", "true"):
        answer = await graph(doubles, "POST", root, data={"is_hidden": hidden})
        assert answer.json() == {"success": True}
    await comment(doubles, "sau đó")
    _, *hidings, _ = map(change_of, await doubles.ingest.events(5))
    assert [event["verb"] for event in hidings] == ["hide", "unhide", "hide"]
    assert len({event["created_time"] for event in hidings}) == 3
    assert {event["from"]["id"] for event in hidings} == {PAGE}
    actions = [call["action"] for call in await doubles.calls()]
    assert actions == ["hide", "unhide", "hide", "hide"]


async def test_only_the_pages_own_comments_are_edited(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    own = await reply(doubles, root)
    assert error_of(await graph(doubles, "POST", root, json={"message": "x"})) == (200, None)
    assert (await graph(doubles, "POST", own, json={"message": "Dạ 189k ạ"})).is_success
    edited = change_of((await doubles.ingest.events(3))[2])
    assert (edited["verb"], edited["message"]) == ("edited", "Dạ 189k ạ")
    assert edited["comment_id"] == own
    calls = await doubles.calls(action="edit")
    assert [(call["to"], call["text"]) for call in calls] == [(root, "x"), (own, "Dạ 189k ạ")]


async def test_a_comment_is_removed_once(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    assert (await graph(doubles, "DELETE", root)).json() == {"success": True}
    for method, path in (("DELETE", root), ("GET", root), ("POST", f"{root}/comments")):
        answer = await graph(doubles, method, path, params={"message": "x"})
        assert error_of(answer) == (100, 33)
    removal = change_of((await doubles.ingest.events(2))[1])
    assert (removal["verb"], removal["comment_id"]) == ("remove", root)
    assert "message" not in removal


async def test_likes_come_and_go(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    for method in ("POST", "DELETE"):
        answer = await graph(doubles, method, f"{root}/likes")
        assert answer.json() == {"success": True}
    _, liked, unliked = map(change_of, await doubles.ingest.events(3))
    assert (liked["item"], liked["verb"], liked["reaction_type"]) == ("reaction", "add", "like")
    assert (unliked["item"], unliked["verb"]) == ("reaction", "remove")
    assert [call["action"] for call in await doubles.calls()] == ["like", "unlike"]


async def test_a_comments_fields_are_read(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    wanted = "can_hide,is_hidden,from{id},parent,message,can_reply_privately"
    read = (await graph(doubles, "GET", root, params={"fields": wanted})).json()
    assert read == {
        "id": root,
        "from": {"id": CUSTOMER, "name": "Nguyễn Văn A"},
        "message": "Giá bao nhiêu?",
        "is_hidden": False,
        "can_hide": True,
        "can_reply_privately": True,
    }
    own = await reply(doubles, root)
    assert (await graph(doubles, "GET", own, params={"fields": "parent"})).json() == {
        "id": own,
        "parent": {"id": root},
    }


async def test_pictures_are_attached_to_comments(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    photo = await graph(
        doubles,
        "POST",
        f"{PAGE}/photos",
        data={"published": "false"},
        files={"source": ("a.png", b"png", "image/png")},
    )
    await reply(doubles, root, "", attachment_id=photo.json()["id"])
    await reply(doubles, root, "", attachment_url="https://a.example/1.jpg")
    _, first, second = map(change_of, await doubles.ingest.events(3))
    assert (await doubles.client.get(first["photo"])).content == b"png"
    assert second["photo"] == "https://a.example/1.jpg"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("332_1/comments", {}),
        ("332_1/comments", {"message": "a" * 8001}),
        ("332_1/comments", {"attachment_id": "unknown"}),
        ("332_1", {}),
        ("332_1", {"is_hidden": "perhaps"}),
        ("332_1", {"data": {"is_hidden": True}}),
    ],
)
async def test_what_the_graph_api_does_not_take_is_refused(
    doubles: RunningDoubles, path: str, body: Any
) -> None:
    assert error_of(await graph(doubles, "POST", path, json=body)) == (100, None)


async def test_a_token_of_another_page_is_refused(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    token = f"double-facebook-page-{OTHER_PAGE}-x"
    answer = await graph(doubles, "POST", root, token=token, data={"is_hidden": "true"})
    assert error_of(answer) == (200, None)
    assert (await graph(doubles, "POST", root, token=TOKEN, data={"is_hidden": "true"})).is_success
