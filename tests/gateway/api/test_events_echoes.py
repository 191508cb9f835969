"""A client that knows the events of the API's specification, and no other, has of a reply and its
echo what it would fetch, whichever is read first."""

from collections.abc import Sequence

from gateway.feed import Feed
from gateway.listening import Listener, listening
from gateway.outbox import Outbox, messages_of, reply
from gateway.rig import Rig, User
from support.live import Copy
from tuyen_events.ids import ConversationId, MessageId, OrganizationId, PageId, message_id, reply_id

SPECIFIED = {
    "conversation.upserted",
    "conversation.removed",
    "message.upserted",
    "counts.changed",
    "presence.changed",
    "conversation.viewers",
    "reminder.due",
    "job.progressed",
    "reset",
}
TEXT = "Dạ còn ạ"


def name(mid: str) -> MessageId:
    return message_id(OrganizationId("shop"), PageId("page"), mid)


async def fetch(user: User, thread: ConversationId) -> Copy:
    rows = await user.done("GET", "/v1/conversations?after=0")
    messages = await messages_of(user, thread)
    return Copy(
        conversations={row["id"]: row for row in rows["items"]},
        threads={thread: {message["id"]: message for message in messages}},
    )


async def expect_law(
    user: User, thread: ConversationId, before: Copy, stream: Listener
) -> Sequence[str]:
    """What was fetched before, with the events since, equals what is fetched fresh. Returns the
    ids of the messages, without the customer's."""
    fresh = await fetch(user, thread)
    expected = {id_: message["revision"] for id_, message in fresh.threads[thread].items()}

    def has_all() -> bool:
        told = [
            event.data["message"] for event in stream.events if event.kind == "message.upserted"
        ]
        known = [*before.threads[thread].values(), *told]
        newest = {one["id"]: one["revision"] for one in known}
        return all(newest.get(id_, -1) >= revision for id_, revision in expected.items())

    await stream.wait_for(has_all)
    assert set(stream.kinds()) <= SPECIFIED
    assert "reset" not in stream.kinds()
    copy = Copy(dict(before.conversations), {thread: dict(before.threads[thread])})
    copy.apply_all([*stream.events, *reversed(stream.events)])
    assert copy.threads == fresh.threads
    return [id_ for id_, one in copy.threads[thread].items() if one["direction"] == "out"]


async def test_i13_p5b_an_echo_beside_its_pending_reply_is_neither_listed_nor_sent(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    wanted = reply_id(thread, "k1")
    before = await fetch(owner, thread)
    async with listening(desk, owner) as stream:
        await reply(owner, thread, text=TEXT)
        await feed.echo("lan", TEXT, mid="mid-1", client_id=None, at=3)
        await feed.echo("lan", TEXT, mid="mid-2", client_id=None, at=4)
        assert await expect_law(owner, thread, before, stream) == [wanted]
        row = await owner.done("GET", f"/v1/conversations/{thread}")
        assert (row["last_text"], row["unread"]) == (TEXT, 0)
        await outbox.accept("mid-1")
        assert await expect_law(owner, thread, before, stream) == [wanted, name("mid-2")]
        told = {event.data["message"]["id"] for event in stream.events if "message" in event.data}
        assert told == {wanted, name("mid-2")}
        row = await owner.done("GET", f"/v1/conversations/{thread}")
        assert (row["last_text"], row["unread"], row["needs_reply"]) == (TEXT, 0, False)


async def test_i13_p5b_what_somebody_else_wrote_is_sent_when_the_reply_has_failed(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    wanted = reply_id(thread, "k1")
    before = await fetch(owner, thread)
    async with listening(desk, owner) as stream:
        await reply(owner, thread, text=TEXT)
        await feed.echo("lan", TEXT, mid="mid-1", client_id=None, at=3)
        assert await expect_law(owner, thread, before, stream) == [wanted]
        await outbox.refuse()
        assert await expect_law(owner, thread, before, stream) == [wanted, name("mid-1")]


async def test_i13_p5b_a_reply_below_a_comment_is_never_beside_its_echo(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    below = await feed.comment("c1", "lan", name="Lan", at=-5)
    assert below is not None
    wanted = reply_id(below, "k1")
    before = await fetch(owner, below)
    async with listening(desk, owner) as stream:
        await reply(owner, below, text="comment c2")
        await feed.comment("c2", None, parent="c1", at=3)
        assert await expect_law(owner, below, before, stream) == [wanted]
        listed = await owner.done("GET", "/v1/posts?after=0")
        comments = await owner.done("GET", f"/v1/posts/{listed['items'][0]['id']}/comments")
        assert [one["text"] for one in comments["items"]] == ["comment c1", "comment c2"]
        await outbox.accept("c2")
        assert await expect_law(owner, below, before, stream) == [wanted]


async def test_i13_p5b_the_truth_about_a_lost_reply_makes_readers_fetch_again(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    """The echo came late, and was shown: it is the reply after all."""
    wanted = reply_id(thread, "k1")
    before = await fetch(owner, thread)
    async with listening(desk, owner) as stream:
        await reply(owner, thread, text=TEXT)
        await outbox.lose()
        await owner.done("GET", "/v1/conversations?after=0")
        await feed.echo("lan", TEXT, mid="mid-1", client_id=None, at=3)
        assert await expect_law(owner, thread, before, stream) == [wanted, name("mid-1")]
        await outbox.accept("mid-1")
        await stream.until("reset")
        fresh = await fetch(owner, thread)
        assert [id_ for id_ in fresh.threads[thread] if id_ != name("mid-in")] == [wanted]
        assert set(stream.kinds()) <= SPECIFIED
