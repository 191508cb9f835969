"""Threads show media at our own address once these are stored here (I6)."""

from typing import Any

from gateway.feed import Feed
from gateway.rig import User
from tuyen_events.ids import ConversationId, OrganizationId, PageId, message_id
from tuyen_events.inbound import Attachment, CommentEdited
from tuyen_events.media import MissedReason, media_id

FIRST, SECOND = "https://scontent.xx.fbcdn.net/1.png", "https://scontent.xx.fbcdn.net/2.png"


async def thread_of(user: User, conversation: ConversationId) -> list[dict[str, Any]]:
    answer = await user.done("GET", f"/v1/conversations/{conversation}/messages?after=0")
    items: list[dict[str, Any]] = answer["items"]
    return items


async def test_i6_a_medium_has_our_address_once_it_is_kept(owner: User, feed: Feed) -> None:
    attachments = (
        Attachment(kind="image", url=FIRST, title="một"),
        Attachment(kind="image", url=SECOND),
        Attachment(kind="location", latitude=21.0, longitude=105.8),
    )
    thread = await feed.message("a", None, mid="m1", attachments=attachments)
    found = await thread_of(owner, thread)
    assert [one["url"] for one in found[0]["attachments"]] == [FIRST, SECOND, None]
    await feed.keep("m1", "a", SECOND)
    found = await thread_of(owner, thread)
    kept = media_id(message_id(OrganizationId("shop"), PageId("page"), "m1"), SECOND)
    ours = f"/v1/attachments/{kept}"
    assert [one["url"] for one in found[0]["attachments"]] == [FIRST, ours, None]
    assert found[0]["attachments"][0]["title"] == "một"


async def test_i6_it_makes_no_difference_which_is_read_first(owner: User, feed: Feed) -> None:
    await feed.keep("m1", "a", FIRST)
    await feed.keep("m1", "a", FIRST)
    thread = await feed.message(
        "a", None, mid="m1", attachments=(Attachment(kind="image", url=FIRST),)
    )
    (found,) = await thread_of(owner, thread)
    assert found["attachments"][0]["url"].startswith("/v1/attachments/att_")


async def test_i6_a_medium_that_is_not_kept_says_so_and_has_the_channels_address(
    owner: User, feed: Feed
) -> None:
    attachments = (Attachment(kind="image", url=FIRST), Attachment(kind="image", url=SECOND))
    await feed.miss("m1", "a", FIRST, MissedReason.TOO_MANY)
    thread = await feed.message("a", None, mid="m1", attachments=attachments)
    (found,) = await thread_of(owner, thread)
    missed, other = found["attachments"]
    assert missed["url"] == FIRST
    assert missed["error"]["code"] == "too_many"
    assert missed["error"]["retry"] is False
    assert set(missed["error"]["text"]) == {"vi", "en"}
    assert "error" not in other
    revision = found["revision"]
    await feed.miss("m1", "a", FIRST, MissedReason.UNAVAILABLE)
    (again,) = await thread_of(owner, thread)
    assert again["attachments"] == found["attachments"]
    await feed.keep("m1", "a", FIRST)  # it was read again later, when there was room
    (kept,) = await thread_of(owner, thread)
    assert kept["attachments"][0]["url"].startswith("/v1/attachments/att_")
    assert "error" not in kept["attachments"][0]
    assert kept["revision"] > revision


async def test_i8_a_picture_that_an_edit_took_off_is_shown_no_more(owner: User, feed: Feed) -> None:
    picture = (Attachment(kind="image", url=FIRST),)
    thread = await feed.comment("c1", "a", at=1, attachments=picture)
    assert thread is not None
    await feed.keep("c1", "a", FIRST)
    assert (await thread_of(owner, thread))[0]["attachments"]
    await feed.change(CommentEdited, "c1", who="a", at=2, text="Không còn ảnh")
    (found,) = await thread_of(owner, thread)
    assert (found["text"], found["attachments"]) == ("Không còn ảnh", [])
