"""A customer who follows a page has a conversation without a message."""

from itertools import permutations
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_events.inbound import CustomerFollowed, CustomerUnfollowed


async def list_rows(user: User, query: str = "") -> list[dict[str, Any]]:
    answer = await user.done("GET", f"/v1/conversations?after=0{query}")
    items: list[dict[str, Any]] = answer["items"]
    return items


@pytest.mark.parametrize(
    ("kind", "follows"), [(CustomerFollowed, True), (CustomerUnfollowed, False)]
)
async def test_i2_a_follower_has_a_conversation_and_nothing_is_unread(
    owner: User, feed: Feed, kind: type[CustomerFollowed | CustomerUnfollowed], follows: bool
) -> None:
    thread = await feed.follow("u", kind, at=5)
    (row,) = await list_rows(owner)
    assert row["id"] == thread
    assert (row["kind"], row["external_id"]) == ("message", "u")
    assert row["follows"] is follows
    assert (row["unread"], row["needs_reply"], row["waiting"]) == (0, False, False)
    assert (row["assignee"], row["last_text"], row["done"]) == (None, None, False)
    assert row["updated_at"] == "2026-11-21T08:00:05Z"
    assert await list_rows(owner, "&state=unread") == []
    answer = await owner.done("GET", f"/v1/conversations/{thread}/messages?after=0")
    assert answer["items"] == []
    counts = await owner.done("GET", "/v1/conversations/counts?after=0")
    assert (counts["total"], counts["unread"]) == (1, 0)


async def test_i2_the_first_message_of_a_follower_is_in_the_same_conversation(
    owner: User, feed: Feed
) -> None:
    thread = await feed.follow("u", at=5)
    assert await feed.message("u", "Xin chào", at=9) == thread
    (row,) = await list_rows(owner)
    assert (row["unread"], row["last_text"], row["follows"]) == (1, "Xin chào", True)


async def test_i2_whoever_follows_last_counts(owner: User, feed: Feed) -> None:
    for kind, at in ((CustomerFollowed, 1), (CustomerUnfollowed, 2), (CustomerFollowed, 3)):
        await feed.follow("u", kind, at=at)
    assert (await list_rows(owner))[0]["follows"] is True
    await feed.follow("u", CustomerUnfollowed, at=4)
    assert (await list_rows(owner))[0]["follows"] is False


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_r4_6_a_follower_stays_in_the_list_whatever_is_taken_back(
    owner: User, feed: Feed, order: tuple[int, ...]
) -> None:
    for number in order:
        if number == 0:
            await feed.follow("u", at=1)
        elif number == 1:
            await feed.unsend("u", "m_1")
        else:
            await feed.message("u", "Xin chào", mid="m_1", at=3)
    (row,) = await list_rows(owner)
    assert (row["follows"], row["last_text"], row["unread"]) == (True, None, 0)


async def test_r7_a_follower_of_a_page_that_the_viewer_was_not_given_is_in_no_list(
    desk: Rig, owner: User, feed: Feed
) -> None:
    agent = await desk.staff(owner, "lan")
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    await feed.follow("u")
    assert await list_rows(agent) == []
