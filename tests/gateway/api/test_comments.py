"""Comments: answered in their thread and privately, hidden, liked, edited, deleted (I8)."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.outbox import Outbox, connect_page, messages_of, reply
from gateway.rig import Rig, User
from support.outbound import settled
from tuyen_events.ids import ConversationId, MessageId, OrganizationId, PageId, message_id
from tuyen_events.inbound import CommentHidden, CommentRemoved
from tuyen_events.outbound import OutboundAction
from tuyen_events.vocabulary import ConversationKind
from tuyen_platform.clock import ManualClock


@pytest.fixture
async def root(owner: User, feed: Feed) -> ConversationId:
    """The conversation of the comment `c1` by Lan."""
    await connect_page(owner)
    root = await feed.comment("c1", "lan", name="Lan", at=-10)
    assert root is not None
    await owner.done("GET", "/v1/conversations?after=0")
    return root


def named(external_id: str) -> MessageId:
    return message_id(OrganizationId("shop"), PageId("page"), external_id)


async def change(user: User, comment: str, **body: Any) -> Any:
    return await user.done("PATCH", f"/v1/comments/{comment}", body)


async def one_of(user: User, thread: ConversationId, comment: str) -> dict[str, Any]:
    return next(one for one in await messages_of(user, thread) if one["id"] == comment)


async def test_i8_a_comment_is_answered_below_its_root(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    await feed.comment("c2", "chi", parent="c1", at=-5)
    await messages_of(owner, root)
    answer = await reply(owner, root, text="x" * 8_000, reply_to=named("c2"))
    assert answer.status_code == 202
    request = await outbox.last()
    assert (request.action, request.kind) == (OutboundAction.COMMENT, ConversationKind.COMMENT)
    assert (request.target_external_id, request.reply_to_external_id) == ("c1", "c2")
    assert answer.json()["parent_id"] == named("c1")
    await feed.comment("c3", None, parent="c1", at=3)
    await outbox.accept("c3")
    found = await messages_of(owner, root)
    assert [m["external_id"] for m in found] == ["c1", "c2", "c3"]
    assert (found[-1]["client_id"], found[-1]["state"]) == ("k1", "sent")
    row = await owner.done("GET", f"/v1/conversations/{root}")
    assert (row["needs_reply"], row["unread"]) == (False, 0)


async def test_i8_a_livestreams_comment_is_answered_below_itself(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    live = await feed.comment("l1", "lan", live=True, at=-4)
    await feed.comment("l2", "lan", live=True, at=-3)
    await messages_of(owner, live)
    await reply(owner, live, text="Dạ")
    assert (await outbox.last()).target_external_id == "l2"
    await reply(owner, live, key="k2", text="Dạ", reply_to=named("l1"))
    assert (await outbox.last()).target_external_id == "l1"


async def test_i8_a_private_reply_is_in_the_message_thread_and_noted_at_the_comment(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    window = await owner.done("GET", f"/v1/conversations/{root}/window")
    assert window == {"open": True, "until": None, "allowed": ["text", "attachment", "private"]}
    sent = (await reply(owner, root, text="Chào chị", private=True)).json()
    assert (sent["private"], sent["state"]) == (True, "pending")
    request = await outbox.last()
    thread = feed.thread("lan")
    assert (request.action, request.conversation_id) == (OutboundAction.PRIVATE_REPLY, thread)
    assert (request.target_external_id, request.target_conversation_id) == ("c1", root)
    assert [m["id"] for m in await messages_of(owner, thread)] == [sent["id"]]
    row = await owner.done("GET", f"/v1/conversations/{thread}")
    assert (row["customer"]["name"], row["kind"], row["unread"]) == ("Lan", "message", 0)
    (comment,) = await messages_of(owner, root)
    assert comment["private_reply"] == sent["id"]
    await outbox.refuse()
    await messages_of(owner, thread)
    answer = await owner.post(f"/v1/conversations/{root}/messages/{sent['id']}/retry")
    assert answer.status_code == 202
    await outbox.accept("mid-1")
    await feed.echo("lan", "Chào chị", mid="mid-1", client_id="k1", at=5)
    (found,) = await messages_of(owner, thread)
    assert (found["id"], found["state"]) == (sent["id"], "sent")


async def test_p5_a_private_reply_is_allowed_as_long_as_a_comment_takes_one(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    async def allows() -> bool:
        window = await owner.done("GET", f"/v1/conversations/{root}/window?after=0")
        assert window["allowed"][:2] == ["text", "attachment"]
        return "private" in window["allowed"]

    assert await allows()
    await reply(owner, root, text="Chào chị", private=True)
    assert not await allows()
    await outbox.refuse()
    assert await allows()
    await reply(owner, root, key="k2", text="Chào chị", private=True)
    assert not await allows()
    await feed.comment("c2", "chi", parent="c1", at=-5)
    assert await allows()
    answer = await reply(owner, root, key="k3", text="Dạ", private=True, reply_to=named("c2"))
    assert answer.status_code == 202
    assert not await allows()


async def test_i8_a_comment_gets_one_private_reply_within_7_days(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed, clock: ManualClock
) -> None:
    first = await reply(owner, root, text="Chào chị", private=True)
    assert (await reply(owner, root, text="Chào chị", private=True)).json() == first.json()
    assert (await reply(owner, root, text="Khác", private=True)).status_code == 409
    assert (await reply(owner, root, key="k2", text="Khác", private=True)).status_code == 409
    await outbox.refuse()
    await messages_of(owner, root)
    assert (await reply(owner, root, key="k2", text="Khác", private=True)).status_code == 202
    clock.advance(timedelta(days=7))
    body = {"organization": "shop", "username": "boss", "password": "boss-password"}
    tokens = await User(owner.client).done("POST", "/v1/auth/login", body)
    boss = User(owner.client, tokens["access_token"])
    late = await feed.comment("c9", "minh", at=-1)
    await messages_of(boss, late)
    answer = await reply(boss, late, text="Chào anh", private=True)
    assert (answer.status_code, answer.json()["window_ended_at"]) == (422, "2026-11-28T07:59:59Z")
    assert (await reply(boss, late, text="Chào anh")).status_code == 202


async def test_i8_actions_appear_once_the_channel_has_done_them(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed, clock: ManualClock
) -> None:
    comment = named("c1")
    assert not (await change(owner, comment, hidden=True))["hidden"]
    request = await outbox.last()
    assert (request.action, request.target_external_id) == (OutboundAction.HIDE, "c1")
    await outbox.accept()
    assert (await one_of(owner, root, comment))["hidden"]
    await feed.change(CommentHidden, "c1", at=0.5)
    clock.advance(timedelta(seconds=1))
    await change(owner, comment, hidden=False)
    await outbox.accept()
    assert not (await one_of(owner, root, comment))["hidden"]
    clock.advance(timedelta(seconds=1))
    await change(owner, comment, liked=True)
    await outbox.refuse()
    shown = await one_of(owner, root, comment)
    assert (shown["liked"], shown["problem"]["action"]) == (False, "like")
    assert shown["problem"]["text"]["en"] == "The customer blocked you."
    clock.advance(timedelta(seconds=1))
    await change(owner, comment, liked=True)
    await outbox.accept()
    shown = await one_of(owner, root, comment)
    assert (shown["liked"], "problem" in shown) == (True, False)


async def test_i8_the_last_action_counts_whatever_the_clock_of_its_sender_shows(
    owner: User, root: ConversationId, outbox: Outbox, clock: ManualClock
) -> None:
    comment = named("c1")
    await change(owner, comment, hidden=True)
    await outbox.write(settled(await outbox.last(), after_s=240))
    clock.advance(timedelta(seconds=1))
    await change(owner, comment, hidden=False)
    await outbox.accept()
    assert not (await one_of(owner, root, comment))["hidden"]


async def test_i8_several_actions_are_carried_out_in_one_order(
    owner: User, root: ConversationId, outbox: Outbox
) -> None:
    await change(owner, named("c1"), hidden=False, liked=False)
    assert [one.action for one in await outbox.requests()] == [
        OutboundAction.UNHIDE,
        OutboundAction.UNLIKE,
    ]


async def test_i8_only_the_pages_own_comments_are_edited(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    answer = await owner.call("PATCH", f"/v1/comments/{named('c1')}", {"text": "khác"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.text")
    sent = (await reply(owner, root, text="Dạ 350k")).json()["id"]
    path = f"/v1/comments/{sent}"
    assert (await owner.call("PATCH", path, {"text": "Dạ 340k"})).status_code == 409
    await outbox.accept("c2")
    await feed.comment("c2", None, parent="c1", at=3)
    await messages_of(owner, root)
    for comment in (sent, named("c2")):
        assert (await change(owner, comment, text="Dạ 340k"))["id"] == sent
    assert (await outbox.last()).target_external_id == "c2"
    await outbox.accept(text="Dạ 340k")
    assert (await one_of(owner, root, sent))["text"] == "Dạ 340k"
    row = await owner.done("GET", f"/v1/conversations/{root}")
    assert row["last_text"] == "Dạ 340k"


@pytest.mark.parametrize("told", ["result", "webhook"])
async def test_i8_a_deleted_comment_is_removed(
    owner: User, root: ConversationId, outbox: Outbox, feed: Feed, told: str
) -> None:
    answer = await owner.delete(f"/v1/comments/{named('c1')}")
    assert answer.status_code == 202
    if told == "result":
        await outbox.accept()
    else:
        await feed.change(CommentRemoved, "c1", at=2)
    shown = await one_of(owner, root, named("c1"))
    assert (shown["state"], shown["text"]) == ("removed", None)
    assert not (await owner.done("GET", f"/v1/conversations/{root}"))["needs_reply"]
    for again in (
        await owner.delete(f"/v1/comments/{named('c1')}"),
        await reply(owner, root, text="Dạ", private=True),
    ):
        assert again.status_code == 409


@pytest.mark.parametrize(
    ("body", "status"), [({}, 422), ({"hidden": "a"}, 422), ({"liked": None}, 422), ({"a": 1}, 422)]
)
async def test_i8_odd_actions_are_refused(
    owner: User, root: ConversationId, body: dict[str, Any], status: int
) -> None:
    answer = await owner.call("PATCH", f"/v1/comments/{named('c1')}", body)
    assert answer.status_code == status


async def test_i8_a_message_is_no_comment(owner: User, root: ConversationId, feed: Feed) -> None:
    await feed.message("lan", mid="mid-1")
    await owner.done("GET", "/v1/conversations?after=0")
    for missing in (named("mid-1"), "m_none"):
        answer = await owner.call("PATCH", f"/v1/comments/{missing}", {"hidden": True})
        assert answer.status_code == 404


async def test_r7_2_nobody_acts_on_a_comment_that_they_may_not_see(
    desk: Rig, owner: User, root: ConversationId, outbox: Outbox
) -> None:
    minh = await desk.staff(owner, "minh")
    stranger = await desk.organization("other")
    await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": "own_only"})
    for user in (minh, stranger):
        path = f"/v1/comments/{named('c1')}"
        assert (await user.call("PATCH", path, {"hidden": True})).status_code == 404
        assert (await user.delete(path)).status_code == 404
    assert await outbox.events() == []
