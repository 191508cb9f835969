"""Who may reply, until when, and how many replies may wait (R7, P5, R9.5)."""

from datetime import timedelta

import pytest

from gateway.feed import START, Feed
from gateway.outbox import Outbox, connect_page, messages_of, reply
from gateway.rig import Rig, User
from tuyen_events.ids import ConversationId, message_thread_id
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters import replies as replies_adapter
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


async def test_p5_outside_the_window_a_reply_is_refused(
    owner: User, thread: ConversationId, outbox: Outbox, feed: Feed, clock: ManualClock
) -> None:
    path = f"/v1/conversations/{thread}/window"
    until = "2026-11-22T07:59:50Z"
    inside = {"open": True, "until": until, "allowed": ["text", "attachment"]}
    assert await owner.done("GET", path) == inside
    await reply(owner, thread, text="Dạ")
    await outbox.refuse()
    sent = (await messages_of(owner, thread))[-1]["id"]
    clock.advance(timedelta(hours=24))
    boss = await relogin(owner)
    assert await boss.done("GET", path) == {"open": False, "until": until, "allowed": []}
    for answer in (
        await reply(boss, thread, key="k2", text="Dạ"),
        await boss.post(f"/v1/conversations/{thread}/messages/{sent}/retry"),
    ):
        assert answer.status_code == 422
        assert answer.json()["window_ended_at"] == until
    again = await reply(boss, thread, text="Dạ")
    assert (again.status_code, again.json()["state"]) == (202, "failed")
    await feed.react("lan", "mid-x", "❤", at=24 * 3600)
    await messages_of(boss, thread)
    assert (await boss.done("GET", path))["open"]
    assert (await reply(boss, thread, key="k2", text="Dạ")).status_code == 202


async def relogin(user: User) -> User:
    """After a day, a token has ended."""
    body = {"organization": "shop", "username": "boss", "password": "boss-password"}
    answer = await User(user.client).done("POST", "/v1/auth/login", body)
    return User(user.client, answer["access_token"])


async def test_p5_an_echo_opens_no_window(owner: User, feed: Feed) -> None:
    await connect_page(owner)
    await feed.echo("lan", "chào chị", client_id=None)
    thread = feed.thread("lan")
    await owner.done("GET", "/v1/conversations?after=0")
    window = await owner.done("GET", f"/v1/conversations/{thread}/window")
    assert window == {"open": False, "until": None, "allowed": []}
    answer = await reply(owner, thread, text="Dạ")
    assert answer.status_code == 422
    assert "window_ended_at" not in answer.json()


async def test_i6_a_page_that_was_disconnected_cannot_answer(
    owner: User, thread: ConversationId
) -> None:
    await owner.delete("/v1/pages/page")
    assert (await reply(owner, thread, text="Dạ")).status_code == 409


@pytest.mark.parametrize(
    ("visibility", "assignee", "status"),
    [
        ("everyone", "chi", 202),
        ("own_and_unassigned", None, 202),
        ("own_and_unassigned", "minh", 202),
        ("own_and_unassigned", "chi", 404),
        ("own_only", None, 404),
        ("own_only", "minh", 202),
    ],
)
async def test_r7_whoever_may_see_a_conversation_may_reply(
    desk: Rig,
    owner: User,
    thread: ConversationId,
    feed: Feed,
    *,
    visibility: str,
    assignee: str | None,
    status: int,
) -> None:
    minh = await desk.staff(owner, "minh")
    await desk.staff(owner, "chi")
    await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": visibility})
    if assignee is not None:
        await feed.assign("lan", assignee)
    await owner.done("GET", "/v1/conversations?after=0")
    answer = await reply(minh, thread, text="Dạ")
    assert answer.status_code == status
    sent = (await reply(owner, thread, key="k2", text="Dạ")).json()["id"]
    path = f"/v1/conversations/{thread}"
    hidden = {404} if status == 404 else {200, 202, 409}
    for other in (
        await minh.get(f"{path}/window"),
        await minh.post(f"{path}/messages/{sent}/retry"),
        await minh.delete(f"{path}/messages/{sent}"),
    ):
        assert other.status_code in hidden


async def test_r7_2_another_organization_finds_no_reply(
    desk: Rig, owner: User, thread: ConversationId
) -> None:
    sent = (await reply(owner, thread, text="Dạ")).json()["id"]
    stranger = await desk.organization("other")
    path = f"/v1/conversations/{thread}"
    assert (await reply(stranger, thread, text="Dạ")).status_code == 404
    assert (await stranger.post(f"{path}/messages/{sent}/retry")).status_code == 404
    assert (await stranger.delete(f"{path}/messages/{sent}")).status_code == 404


async def test_r9_5_only_so_many_replies_wait(
    owner: User, thread: ConversationId, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies_adapter, "PENDING_REPLIES_OF_PAGE", 2)
    for number in range(2):
        assert (await reply(owner, thread, key=f"k{number}", text="Dạ")).status_code == 202
    refused = await reply(owner, thread, key="k2", text="Dạ")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    await outbox.accept("mid-1")
    await messages_of(owner, thread)
    assert (await reply(owner, thread, key="k2", text="Dạ")).status_code == 202


async def test_i6_a_visitor_without_an_account_is_answered_in_their_last_chat(
    owner: User, log: InMemoryLog, outbox: Outbox
) -> None:
    await connect_page(owner, "oa", "zalo")
    feed = Feed(log, page="oa", channel=Channel.ZALO)
    thread = await feed.message("anon-1", "alo", at=0, chat="c_1")
    await feed.message("anon-1", "còn không", at=1, chat="c_2")
    await owner.done("GET", "/v1/conversations?after=0")
    assert (await reply(owner, thread, text="Dạ còn")).status_code == 202
    assert (await outbox.last()).chat_external_id == "c_2"


async def test_zalo_is_answered_for_48_hours(
    owner: User, log: InMemoryLog, clock: ManualClock
) -> None:
    await connect_page(owner, "oa", "zalo")
    feed = Feed(log, page="oa", channel=Channel.ZALO)
    thread = await feed.message("z-17", "alo", at=0)
    await owner.done("GET", "/v1/conversations?after=0")
    window = await owner.done("GET", f"/v1/conversations/{thread}/window")
    assert window["until"] == (START + timedelta(hours=48)).isoformat().replace("+00:00", "Z")
    assert message_thread_id(feed.customer("z-17").id) == thread
    assert (await reply(owner, thread, text="x" * 2_000)).status_code == 202
