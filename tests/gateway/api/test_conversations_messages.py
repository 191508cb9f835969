"""Threads: what was said, and what became of it (P5b, P5c)."""

from collections.abc import Awaitable, Callable
from itertools import permutations
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import User
from tuyen_events.ids import ConversationId
from tuyen_events.inbound import (
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    MessagesDelivered,
    MessagesSeen,
)


async def thread_of(user: User, conversation: ConversationId | None) -> list[dict[str, Any]]:
    answer = await user.done("GET", f"/v1/conversations/{conversation}/messages?after=0")
    items: list[dict[str, Any]] = answer["items"]
    return items


async def test_a_thread_is_given_oldest_first_in_pages(owner: User, feed: Feed) -> None:
    thread = await feed.message("a", "0", at=50)
    for n in range(1, 8):
        await feed.message("a", str(n), at=50 - n if n % 2 else 50 + n)
    path = f"/v1/conversations/{thread}/messages?limit=3&after=0"
    answer = await owner.done("GET", path)
    texts = [item["text"] for item in answer["items"]]
    while answer["next"] is not None:
        answer = await owner.done("GET", f"{path}&cursor={answer['next']}")
        texts += [item["text"] for item in answer["items"]]
    assert texts == ["7", "5", "3", "1", "0", "2", "4", "6"]


async def test_p5b_echoes_are_outgoing_and_show_how_far_they_came(owner: User, feed: Feed) -> None:
    thread = await feed.message("a", "in", name="Lan", at=1)
    for n in (2, 3, 4):
        await feed.echo("a", str(n), at=n)
    await feed.progress("a", MessagesDelivered, 3)
    await feed.progress("a", MessagesSeen, 2)
    await feed.progress("a", MessagesDelivered, 1)
    found = await thread_of(owner, thread)
    assert [(m["direction"], m["state"]) for m in found] == [
        ("in", "received"),
        ("out", "seen"),
        ("out", "delivered"),
        ("out", "sent"),
    ]
    customer = feed.customer("a")
    assert found[0]["author"] == {"kind": "customer", "id": customer.id, "name": "Lan"}
    assert found[1]["author"] == {"kind": "page", "id": "page", "name": None}
    assert found[1]["client_id"] == "client-1"
    assert "hidden" not in found[0]


async def test_r4_3_replies_by_anybody_belong_to_the_roots_conversation(
    owner: User, feed: Feed
) -> None:
    root = await feed.comment("c1", "a", at=1)
    assert await feed.comment("c2", "b", parent="c1", at=2) == root
    await feed.comment("c3", None, parent="c1", at=9)
    found = await thread_of(owner, root)
    assert [(m["external_id"], m["direction"]) for m in found] == [
        ("c1", "in"),
        ("c2", "in"),
        ("c3", "out"),
    ]
    assert [m.get("parent_id") for m in found] == [None, found[0]["id"], found[0]["id"]]
    row = await owner.done("GET", f"/v1/conversations/{root}")
    assert (row["customer"]["external_id"], row["external_id"]) == ("a", "c1")
    assert (row["unread"], row["needs_reply"]) == (2, False)


async def test_a_reply_that_overtakes_its_root_waits_for_the_roots_author(
    owner: User, feed: Feed
) -> None:
    await feed.comment("c2", "b", parent="c1", at=2)
    root = await feed.comment("c1", "a", at=1)
    row = await owner.done("GET", f"/v1/conversations/{root}?after=0")
    assert row["customer"]["external_id"] == "a"


async def test_the_pages_answer_alone_makes_no_row(owner: User, feed: Feed) -> None:
    root = await feed.comment("c2", None, parent="c1")
    assert (await owner.done("GET", "/v1/conversations?after=0"))["items"] == []
    assert (await owner.get(f"/v1/conversations/{root}")).status_code == 404
    await feed.comment("c1", "a")
    assert len(await thread_of(owner, root)) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_p5c_a_late_comment_brings_nothing_back_from_the_dead(
    owner: User, feed: Feed, order: tuple[int, ...]
) -> None:
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: feed.comment("c1", "a", at=1),
        lambda: feed.change(CommentEdited, "c1", who="a", at=2, text="edited"),
        lambda: feed.change(CommentRemoved, "c1", at=3),
    ]
    root = await feed.comment("c0", "z", parent="c1", at=4)
    for step in order:
        await steps[step]()
    found = (await thread_of(owner, root))[0]
    assert (found["external_id"], found["state"], found["text"]) == ("c1", "removed", None)
    row = await owner.done("GET", f"/v1/conversations/{root}")
    assert row["last_text"] == "comment c0"
    assert row["waiting_since"] == "2026-11-21T08:00:04Z"


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
async def test_p5c_of_two_changes_the_later_at_the_channel_counts(
    owner: User, feed: Feed, order: tuple[int, ...]
) -> None:
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: feed.change(CommentHidden, "c1", at=2),
        lambda: feed.change(CommentUnhidden, "c1", at=3),
        lambda: feed.change(CommentHidden, "c1", at=4),
        lambda: feed.change(CommentEdited, "c1", who="a", at=5, text="edited"),
    ]
    root = await feed.comment("c1", "a", at=1)
    for step in order:
        await steps[step]()
    (found,) = await thread_of(owner, root)
    assert (found["hidden"], found["text"]) == (True, "edited")
    assert (await owner.done("GET", f"/v1/conversations/{root}"))["last_text"] == "edited"


async def test_i2_replies_of_one_second_are_in_the_order_of_their_acceptance(
    owner: User, feed: Feed
) -> None:
    """Facebook tells seconds; the changes of one body are accepted a microsecond apart."""
    root = await feed.comment("c0", "a", at=1)
    for n in range(6):
        at = 2 + n / 1_000_000
        await feed.comment(f"c{n + 1}", f"b{n}", parent="c0", at=at)
    found = [message["external_id"] for message in await thread_of(owner, root)]
    assert found == [f"c{n}" for n in range(7)]
    row = await owner.done("GET", f"/v1/conversations/{root}")
    assert row["last_text"] == "comment c6"
    paged: list[str] = []
    query = "?limit=2"
    while True:
        answer = await owner.done("GET", f"/v1/conversations/{root}/messages{query}")
        paged += [message["external_id"] for message in answer["items"]]
        if answer["next"] is None:
            break
        query = f"?limit=2&cursor={answer['next']}"
    assert paged == found


async def test_removing_the_last_message_shows_the_one_before(owner: User, feed: Feed) -> None:
    root = await feed.comment("c1", "a", at=1)
    await feed.comment("c2", None, parent="c1", at=2)
    await feed.change(CommentRemoved, "c2", parent="c1", at=3)
    row = await owner.done("GET", f"/v1/conversations/{root}?after=0")
    assert row["last_text"] == "comment c1"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_pages_words_below_a_livestream_are_in_their_parents_conversation(
    owner: User, feed: Feed, order: tuple[int, ...]
) -> None:
    """Their own event cannot tell the conversation; they may come before their parent."""
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: feed.comment("c1", "a", live=True, at=1),
        lambda: feed.comment("c2", None, parent="c1", live=True, at=8),
        lambda: feed.comment("c3", None, parent="c2", live=True, at=9),
    ]
    other = await feed.comment("c0", "b", live=True, at=1)
    for step in order:
        await steps[step]()
        await owner.done("GET", "/v1/conversations?after=0")
    rows = (await owner.done("GET", "/v1/conversations?kind=livestream&after=0"))["items"]
    live = next(row for row in rows if row["id"] != other)
    assert [m["external_id"] for m in await thread_of(owner, live["id"])] == ["c1", "c2", "c3"]
    assert (live["needs_reply"], live["last_text"], live["unread"]) == (False, "comment c3", 1)
    assert live["post_id"] == "post"
