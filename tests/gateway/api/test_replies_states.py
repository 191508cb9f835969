"""What becomes of a reply, as its thread and its row show it (I6, P5b)."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from gateway.feed import Feed
from gateway.outbox import Outbox, messages_of, reply
from gateway.rig import Rig, User
from support.outbound import REFUSED, failed, settled
from tuyen_events.ids import ConversationId, reply_id
from tuyen_events.inbound import MessagesDelivered, MessagesSeen
from tuyen_events.outbound import OutboundError, OutboundOutcome
from tuyen_platform.clock import ManualClock


async def state_of(owner: User, thread: ConversationId) -> str:
    state: str = (await messages_of(owner, thread))[-1]["state"]
    return state


async def test_i6_a_reply_is_pending_at_once_and_then_sent_delivered_and_seen(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    answer = await reply(owner, thread, text="Dạ còn ạ")
    assert answer.status_code == 202
    sent = answer.json()
    assert sent["id"] == reply_id(thread, "k1")
    assert (sent["direction"], sent["client_id"], sent["text"]) == ("out", "k1", "Dạ còn ạ")
    assert sent["author"] == {"kind": "agent", "id": "admin", "name": "boss"}
    assert (sent["state"], sent["external_id"]) == ("pending", None)
    assert (await messages_of(owner, thread))[-1] == sent
    await outbox.accept("mid-1")
    assert await state_of(owner, thread) == "sent"
    await feed.progress("lan", MessagesDelivered, 100)
    assert await state_of(owner, thread) == "delivered"
    await feed.progress("lan", MessagesSeen, 100)
    shown = await messages_of(owner, thread)
    assert [(m["text"], m["state"]) for m in shown] == [
        ("còn size 42 không?", "received"),
        ("Dạ còn ạ", "seen"),
    ]
    assert shown[-1]["external_id"] == "mid-1"


@pytest.mark.parametrize("first", ["answer", "echo"])
@pytest.mark.parametrize("known", [True, False])
async def test_p5b_a_reply_and_its_echo_are_one_message_whichever_comes_first(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed, *, first: str, known: bool
) -> None:
    await reply(owner, thread, text="Dạ còn ạ")
    client_id = "k1" if known else None
    if first == "answer":
        await outbox.accept("mid-1")
    await feed.echo("lan", "Dạ còn ạ", mid="mid-1", client_id=client_id, at=3)
    if first == "echo" and known:
        assert [m["state"] for m in await messages_of(owner, thread)] == ["received", "sent"]
    if first == "echo":
        await messages_of(owner, thread)
        await outbox.accept("mid-1")
    found = await messages_of(owner, thread)
    assert [m["text"] for m in found] == ["còn size 42 không?", "Dạ còn ạ"]
    assert (found[-1]["id"], found[-1]["client_id"]) == (reply_id(thread, "k1"), "k1")
    row = await owner.done("GET", f"/v1/conversations/{thread}")
    assert (row["last_text"], row["needs_reply"], row["unread"]) == ("Dạ còn ạ", False, 0)


async def test_p5b_what_answers_an_echo_names_the_reply(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    await reply(owner, thread, text="Dạ còn ạ")
    await outbox.accept("mid-1")
    await feed.echo("lan", "Dạ còn ạ", mid="mid-1", client_id="k1", at=3)
    await feed.react("lan", "mid-1", "❤", at=4)
    assert (await messages_of(owner, thread))[-1]["reaction"] == "❤"
    await feed.message("lan", "cảm ơn", mid="mid-9", at=9, reply_to="mid-1")
    assert (await messages_of(owner, thread))[-1]["reply_to"] == reply_id(thread, "k1")


@pytest.mark.parametrize("known", [True, False])
async def test_p5b_what_answered_an_echo_names_the_reply_once_it_is_known(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed, *, known: bool
) -> None:
    await reply(owner, thread, text="Dạ còn ạ")
    await feed.echo("lan", "Dạ còn ạ", mid="mid-1", client_id="k1" if known else None, at=3)
    await feed.message("lan", "cảm ơn", mid="mid-9", at=9, reply_to="mid-1")
    before = (await messages_of(owner, thread))[-1]
    assert (before["reply_to"] == reply_id(thread, "k1")) is known
    await outbox.accept("mid-1")
    after = (await messages_of(owner, thread))[-1]
    assert after["reply_to"] == reply_id(thread, "k1")
    assert (after["revision"] > before["revision"]) is not known


async def test_i5_whoever_answers_has_read_the_conversation(
    desk: Rig, owner: User, thread: ConversationId, feed: Feed
) -> None:
    lan = await desk.staff(owner, "lan")
    await feed.message("lan", "alo?", at=-9)

    async def unread_of(user: User) -> int:
        found: int = (await user.done("GET", f"/v1/conversations/{thread}?after=0"))["unread"]
        return found

    assert await unread_of(owner) == 2
    assert (await reply(owner, thread, text="Dạ còn ạ")).status_code == 202
    assert await unread_of(owner) == 0
    others = await unread_of(lan)
    await feed.message("lan", "giá?")
    assert (await unread_of(owner), await unread_of(lan)) == (1, others + 1)
    await reply(owner, thread, text="Dạ còn ạ")  # the same one once more: nothing was answered
    assert await unread_of(owner) == 1
    marked = await owner.done("POST", f"/v1/conversations/{thread}/unread")
    assert marked["unread"] == 1


async def test_i6_a_refused_reply_says_why_and_is_sent_again(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    sent = (await reply(owner, thread, text="Dạ")).json()
    path = f"/v1/conversations/{thread}/messages/{sent['id']}"
    assert (await owner.post(f"{path}/retry")).status_code == 409
    await outbox.refuse()
    found = (await messages_of(owner, thread))[-1]
    assert found["state"] == "failed"
    assert found["error"] == {
        "code": "blocked",
        "text": {"vi": "Khách đã chặn trang.", "en": "The customer blocked you."},
        "retry": False,
    }
    assert (await owner.done("GET", f"/v1/conversations/{thread}"))["needs_reply"]
    answers = await asyncio.gather(*(owner.post(f"{path}/retry") for _ in range(3)))
    assert {one.status_code for one in answers} <= {202, 409}
    pending = [one.json()["state"] for one in answers if one.status_code == 202]
    assert set(pending) == {"pending"}
    requests = await outbox.requests()
    assert len({one.request_id for one in requests}) == 2
    assert requests[-1].retries == requests[0].request_id
    await outbox.accept("mid-1")
    assert await state_of(owner, thread) == "sent"
    assert not (await owner.done("GET", f"/v1/conversations/{thread}"))["needs_reply"]


async def test_i6_what_was_sent_of_a_reply_is_not_sent_again_with_the_rest(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    """The channel took the text, and refused the picture."""
    sent = (await reply(owner, thread, text="Mẫu này ạ")).json()
    first = await outbox.last()
    outcome = OutboundOutcome.FAILED
    await outbox.write(settled(first, "mid-1", outcome=outcome, error=REFUSED))
    assert await state_of(owner, thread) == "failed"
    answer = await owner.post(f"/v1/conversations/{thread}/messages/{sent['id']}/retry")
    assert answer.status_code == 202
    again = await outbox.last()
    assert (again.retries, again.sent_external_ids) == (first.request_id, ("mid-1",))
    await outbox.accept("mid-1", "mid-2")
    assert await state_of(owner, thread) == "sent"


async def test_i6_of_a_lost_answer_the_agent_decides(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    sent = (await reply(owner, thread, text="Dạ")).json()
    await outbox.lose()
    assert await state_of(owner, thread) == "unknown"
    answer = await owner.post(f"/v1/conversations/{thread}/messages/{sent['id']}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")


async def test_i6_what_is_pending_can_be_cancelled(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    sent = (await reply(owner, thread, text="Dạ")).json()
    path = f"/v1/conversations/{thread}/messages/{sent['id']}"
    for _ in range(2):
        answer = await owner.delete(path)
        assert (answer.status_code, answer.json()["state"]) == (202, "removed")
        assert answer.json()["text"] is None
    assert [one.request_id for one in await outbox.cancelled()] == [
        (await outbox.last()).request_id
    ]
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert (row["last_text"], row["needs_reply"]) == ("còn size 42 không?", True)
    await outbox.accept("mid-1")  # the call had begun
    assert await state_of(owner, thread) == "sent"
    assert (await owner.delete(path)).status_code == 409


async def test_i6_what_was_sent_in_part_is_shown_so_and_the_rest_can_be_sent_after_all(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    """A text and two pictures are three calls: the first was made when the agent cancels."""
    pictures = [(await owner.upload(b"GIF89a")).json()["id"] for _ in range(2)]
    sent = (await reply(owner, thread, text="Dạ", attachment_ids=pictures)).json()
    path = f"/v1/conversations/{thread}/messages/{sent['id']}"
    await feed.echo("lan", "Dạ", mid="mid-1", client_id="k1", at=2)
    assert await state_of(owner, thread) == "pending"
    answer = await owner.delete(path)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    request = await outbox.last()
    error = OutboundError(code="rest_cancelled", vi="Đã hủy", en="Cancelled", retry=True)
    await outbox.write(
        msgspec.structs.replace(failed(request), external_ids=("mid-1",), error=error)
    )
    shown = (await messages_of(owner, thread))[-1]
    assert (shown["state"], shown["error"]["code"]) == ("failed", "rest_cancelled")
    assert shown["error"]["retry"] is True
    assert shown["text"] == "Dạ"
    assert (await owner.delete(path)).status_code == 409
    again = await owner.post(f"{path}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert (await outbox.last()).sent_external_ids == ("mid-1",)


async def test_p5b_only_a_persons_word_ends_the_wait(owner: User, feed: Feed) -> None:
    thread = await feed.message("lan", "còn không?", at=0)

    async def needs_reply() -> bool:
        row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
        return bool(row["needs_reply"])

    await feed.echo("lan", "Shop sẽ trả lời ngay!", at=4, client_id=None)
    assert await needs_reply()
    await feed.echo("lan", "Bot: chọn một mục", at=60, client_id=None, automatic=True)
    assert await needs_reply()
    await feed.echo("lan", "Dạ còn ạ", at=61, client_id=None)
    assert not await needs_reply()
    await feed.message("lan", "giá bao nhiêu?", at=56)  # delivered late
    assert await needs_reply()
    await feed.echo("lan", "Dạ 350k", at=62, client_id=None)
    assert not await needs_reply()


@pytest.mark.parametrize(
    ("admin_id", "automatic", "waits"),
    [
        ("541", False, False),
        ("541", True, False),
        (None, False, True),
    ],
)
async def test_p5b_a_person_whom_the_channel_names_ends_the_wait_however_soon_they_write(
    owner: User, feed: Feed, *, admin_id: str | None, automatic: bool, waits: bool
) -> None:
    thread = await feed.message("lan", "còn không?", at=0)
    await feed.echo("lan", "Dạ còn ạ", at=1, client_id=None, admin_id=admin_id, automatic=automatic)
    await feed.message("lan", "Size 42?", at=-2)  # delivered late
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["needs_reply"] is waits


async def test_p5b_a_reply_of_ours_ends_the_wait_however_soon_it_comes(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed
) -> None:
    await reply(owner, thread, text="Dạ còn ạ")
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert (row["needs_reply"], row["waiting_since"]) == (True, "2026-11-21T07:59:50Z")
    await outbox.accept("mid-1")
    await feed.echo("lan", "Dạ còn ạ", mid="mid-1", client_id=None, at=2)
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert (row["needs_reply"], row["waiting_since"]) == (False, None)


async def test_i2_a_reply_moves_its_row_and_no_scan_omits_or_repeats_it(
    owner: User, thread: ConversationId, feed: Feed, clock: ManualClock
) -> None:
    others = [await feed.message(f"c{n}", at=n - 9) for n in range(4)]
    path = "/v1/conversations?limit=2"
    page = await owner.done("GET", f"{path}&after=0")
    assert [row["id"] for row in page["items"]] == [others[3], others[2]]
    clock.advance(timedelta(seconds=30))
    await reply(owner, thread, text="Dạ")
    found = [row["id"] for row in page["items"]]
    while page["next"] is not None:
        page = await owner.done("GET", f"{path}&cursor={page['next']}")
        found += [row["id"] for row in page["items"]]
    assert found == [*others[::-1], thread]
    (first, *_) = (await owner.done("GET", path))["items"]
    assert (first["id"], first["last_text"]) == (thread, "Dạ")
