"""What its author takes back is unread for nobody, waited for by nobody (R4.6)."""

from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_events.inbound import CommentRemoved


async def row(user: User, thread: str | None) -> dict[str, Any]:
    found: dict[str, Any] = await user.done("GET", f"/v1/conversations/{thread}?after=0")
    return found


async def unread(user: User) -> tuple[int, int]:
    """How many conversations are counted, and how many are listed."""
    counts = await user.done("GET", "/v1/conversations/counts?after=0")
    listed = await user.done("GET", "/v1/conversations?state=unread")
    return counts["unread"], len(listed["items"])


async def test_r4_6_a_removed_message_is_unread_for_nobody(
    desk: Rig, owner: User, feed: Feed
) -> None:
    lan = await desk.staff(owner, "lan")
    thread = await feed.message("a", "1", mid="m1")
    await row(lan, thread)
    await lan.done("POST", f"/v1/conversations/{thread}/read")
    await feed.message("a", "2", mid="m2")
    await feed.message("a", "3", mid="m3")
    assert ((await row(lan, thread))["unread"], (await row(owner, thread))["unread"]) == (2, 3)
    await feed.unsend("a", "m3")
    found = await row(lan, thread)
    assert (found["unread"], found["last_text"], found["needs_reply"]) == (1, "2", True)
    await feed.unsend("a", "m1")  # lan had read this one
    assert ((await row(lan, thread))["unread"], (await row(owner, thread))["unread"]) == (1, 1)
    await feed.unsend("a", "m2")
    found = await row(lan, thread)
    assert (found["unread"], found["last_text"], found["needs_reply"]) == (0, None, False)
    assert found["waiting_since"] is None
    assert await unread(lan) == await unread(owner) == (0, 0)
    await feed.message("a", "4")
    assert await unread(lan) == await unread(owner) == (1, 1)
    assert ((await row(lan, thread))["unread"], (await row(owner, thread))["unread"]) == (1, 1)


async def test_r4_6_marking_as_unread_leaves_the_newest_that_was_not_removed(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("a", "1", mid="m1")
    await feed.message("a", "2", mid="m2")
    await feed.unsend("a", "m2")
    await row(owner, thread)
    await owner.done("POST", f"/v1/conversations/{thread}/read")
    assert (await row(owner, thread))["unread"] == 0
    answer = await owner.done("POST", f"/v1/conversations/{thread}/unread")
    assert answer["unread"] == (await row(owner, thread))["unread"] == 1


async def test_r4_6_a_removal_before_its_comment_leaves_no_conversation(
    owner: User, feed: Feed
) -> None:
    await feed.change(CommentRemoved, "c1", who="a")
    thread = await feed.comment("c1", "a")
    assert (await owner.done("GET", "/v1/conversations?after=0"))["items"] == []
    assert (await owner.get(f"/v1/conversations/{thread}")).status_code == 404
    assert await unread(owner) == (0, 0)


@pytest.mark.parametrize("late", [False, True])
async def test_r4_6_a_removal_by_the_page_before_the_comment_leaves_none_either(
    owner: User, feed: Feed, late: bool
) -> None:
    """It is in another partition: what counts is when each was accepted, and either may be
    folded first."""
    if late:
        thread = await feed.comment("c1", "a", at=2)
        await row(owner, thread)
    await feed.change(CommentRemoved, "c1", at=1)
    thread = await feed.comment("c1", "a", at=2)
    assert (await owner.done("GET", "/v1/conversations?after=0"))["items"] == []


async def test_r4_6_a_removed_root_with_replies_stays_readable(owner: User, feed: Feed) -> None:
    await feed.change(CommentRemoved, "c1", who="a")
    thread = await feed.comment("c1", "a")
    await feed.comment("c2", "b", parent="c1")
    found = await row(owner, thread)
    assert (found["unread"], found["last_text"]) == (1, "comment c2")
    messages = await owner.done("GET", f"/v1/conversations/{thread}/messages")
    assert [(m["external_id"], m["state"]) for m in messages["items"]] == [
        ("c1", "removed"),
        ("c2", "received"),
    ]


async def test_r4_6_a_comment_removed_after_it_came_stays_in_the_list(
    owner: User, feed: Feed
) -> None:
    thread = await feed.comment("c1", "a")
    await feed.change(CommentRemoved, "c1", who="a")
    found = await row(owner, thread)
    assert (found["unread"], found["needs_reply"], found["last_text"]) == (0, False, None)


async def test_r4_5_a_reply_below_a_root_that_was_never_seen_is_a_conversation(
    owner: User, feed: Feed
) -> None:
    thread = await feed.comment("c2", "b", parent="c1", at=2)
    await feed.comment("c3", "a", parent="c1", at=1)
    found = await row(owner, thread)
    assert (found["customer"]["external_id"], found["external_id"]) == ("a", "c1")
    assert found["unread"] == 2
