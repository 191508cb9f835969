"""What becomes known late reaches open streams: a customer's name, and which reply was quoted."""

import pytest

from gateway.feed import Feed
from gateway.listening import listening
from gateway.outbox import Outbox, messages_of, reply
from gateway.rig import Rig, User
from support.live import Copy
from tuyen_events.ids import ConversationId, reply_id


async def expect_copy(user: User, copy: Copy, thread: ConversationId) -> None:
    """What a reader has equals what is fetched fresh."""
    shown = await messages_of(user, thread)
    assert copy.threads[thread] == {message["id"]: message for message in shown}
    rows = await user.done("GET", "/v1/conversations?after=0")
    assert copy.conversations == {row["id"]: row for row in rows["items"]}


async def test_i13_a_name_that_is_known_late_reaches_the_row_and_its_messages(
    desk: Rig, owner: User, feed: Feed
) -> None:
    async with listening(desk, owner) as stream:
        thread = await feed.message("lan", "một")
        await stream.until("message.upserted", lambda d: d["message"]["author"]["name"] is None)
        await feed.describe("lan", "Lan", "https://p.example/lan")
        await stream.until("message.upserted", lambda d: d["message"]["author"]["name"] == "Lan")
        named = await stream.ever(
            "conversation.upserted", lambda d: d["conversation"]["customer"]["name"] == "Lan"
        )
        assert named.data["conversation"]["customer"]["picture"] == "https://p.example/lan"
        copy = Copy(threads={thread: {}})
        copy.apply_all(reversed(stream.events))
        await expect_copy(owner, copy, thread)


@pytest.mark.parametrize("known", [True, False])
async def test_i13_a_quote_names_the_reply_in_streams_too(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, feed: Feed, *, known: bool
) -> None:
    wanted = reply_id(thread, "k1")
    async with listening(desk, owner) as stream:
        await reply(owner, thread, text="Dạ còn ạ")
        if known:
            await outbox.accept("mid-1")
        await feed.echo("lan", "Dạ còn ạ", mid="mid-1", client_id=None, at=3)
        await feed.message("lan", "cảm ơn", mid="mid-9", at=9, reply_to="mid-1")
        await stream.until("message.upserted", lambda d: d["message"]["text"] == "cảm ơn")
        if not known:
            await outbox.accept("mid-1")
        await stream.ever("message.upserted", lambda d: d["message"].get("reply_to") == wanted)
