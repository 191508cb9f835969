"""The live stream over HTTP, with views that are folded from the log."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.listening import Listener, listening
from gateway.rig import Rig, User, presence_service, running, until
from gateway.router_twin import routing
from support.live import Copy, Json
from tuyen_events.inbound import MessagesSeen
from tuyen_events.limits import STREAMS_OF_AGENT
from tuyen_gateway.live import hub as hub_module
from tuyen_gateway.live import stream as stream_module
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

POLICIES = ["everyone", "own_and_unassigned", "own_only"]


async def folded(user: User) -> None:
    await user.done("GET", "/v1/conversations?after=0")


async def fresh(user: User) -> Copy:
    """Everything that the inbox shows to a viewer."""
    copy = Copy()
    rows = await user.done("GET", "/v1/conversations?after=0&limit=200")
    copy.conversations = {row["id"]: row for row in rows["items"]}
    for row in rows["items"]:
        thread = await user.done("GET", f"/v1/conversations/{row['id']}/messages?limit=200")
        copy.threads[row["id"]] = {message["id"]: message for message in thread["items"]}
    counts = await user.done("GET", "/v1/conversations/counts")
    counts.pop("position")
    copy.counts = counts
    return copy


async def position(user: User) -> str:
    found: str = (await user.done("GET", "/v1/conversations?after=0"))["position"]
    return found


@pytest.fixture
async def lan(desk: Rig, owner: User) -> User:
    return await desk.staff(owner, "lan")


@pytest.fixture
async def other(
    desk: Rig, log: InMemoryLog, clock: ManualClock, views: Database
) -> AsyncIterator[Rig]:
    """A second gateway, which folds nothing."""
    async with running(log, clock, views, projecting=False) as rig:
        yield rig


async def test_i11_a_new_message_arrives_as_a_row_a_message_and_counts(
    desk: Rig, owner: User, feed: Feed
) -> None:
    before = await position(owner)
    async with listening(desk, owner, after=before) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        thread = await feed.message("c", "Chào shop")
        row = await stream.until("conversation.upserted")
        message = await stream.until("message.upserted")
        await stream.ever("counts.changed", lambda data: data["counts"]["unread"] == 1)
    copy = await fresh(owner)
    assert row.data["conversation"] == copy.conversations[thread]
    assert message.data["conversation_id"] == thread
    assert message.data["message"] == copy.threads[thread][message.data["message"]["id"]]
    assert row.id == row.data["position"]
    assert row.id != before


async def test_i13_a_stream_resumes_after_the_last_event_at_another_gateway(
    desk: Rig, owner: User, feed: Feed, other: Rig
) -> None:
    async with listening(desk, owner) as stream:
        await feed.message("c", "một")
        last = await stream.until("message.upserted")
    await feed.message("c", "hai")
    await folded(owner)
    elsewhere = User(other.client, owner.token)
    async with listening(other, elsewhere, last=last.id) as stream:
        again = await stream.until("message.upserted", lambda d: d["message"]["text"] == "hai")
        assert again.data["message"]["text"] == "hai"
        await stream.ever("counts.changed", lambda data: data["counts"]["total"] == 1)
        assert "reset" not in stream.kinds()


async def test_i13_two_gateways_send_the_same_entities_and_revisions(
    desk: Rig, owner: User, feed: Feed, other: Rig
) -> None:
    begin = await position(owner)
    elsewhere = User(other.client, owner.token)
    async with (
        listening(desk, owner, after=begin) as one,
        listening(other, elsewhere, after=begin) as two,
    ):
        for text in ("một", "hai", "ba"):
            thread = await feed.message("c", text)
        sent = []
        for stream in (one, two):
            await stream.until("message.upserted", lambda d: d["message"]["text"] == "ba")
            copy = Copy(threads={thread: {}})
            copy.apply_all(stream.events)
            sent.append((copy.conversations, copy.threads))
    assert sent[0] == sent[1]


@pytest.mark.parametrize("policy", POLICIES)
async def test_r7_3_an_assignment_appears_here_and_disappears_there(
    desk: Rig, owner: User, feed: Feed, policy: str
) -> None:
    lan, minh = await desk.staff(owner, "lan"), await desk.staff(owner, "minh")
    await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": policy})
    thread = await feed.message("c")
    await feed.assign("c", "lan")
    await folded(owner)
    async with listening(desk, lan) as of_lan, listening(desk, minh) as of_minh:
        await feed.assign("c", "minh")
        await feed.message("sentinel")
        await feed.assign("sentinel", "minh")
        sentinel = feed.thread("sentinel")
        await of_minh.until("conversation.upserted", _is_row(sentinel))
        got = [e for e in of_minh.events if e.data.get("conversation", {}).get("id") == thread]
        assert [e.kind for e in got] == ["conversation.upserted"]
        assert got[0].data["conversation"]["assignee"]["agent_id"] == "minh"
        if policy == "everyone":
            await of_lan.until("conversation.upserted")
            assert "conversation.removed" not in of_lan.kinds()
        else:
            removed = await of_lan.until("conversation.removed", lambda d: d["id"] == thread)
            assert removed.data["revision"] >= got[0].data["conversation"]["revision"]
            await _expect_no_leak(of_lan, thread, removed.data["revision"])


def _is_row(thread: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["conversation"]["id"] == thread)


async def _expect_no_leak(stream: Listener, thread: str, revision: int) -> None:
    for event in stream.events:
        row = event.data.get("conversation", {})
        assert row.get("id") != thread or row["revision"] < revision


@pytest.mark.parametrize("policy", POLICIES)
async def test_r7_2_inv5_nothing_is_sent_of_what_a_viewer_may_not_see(
    desk: Rig, owner: User, feed: Feed, log: InMemoryLog, policy: str
) -> None:
    lan = await desk.staff(owner, "lan")
    other = await desk.organization("other")
    await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": policy})
    foreign = Feed(log, organization="other")
    async with listening(desk, lan) as of_lan, listening(desk, other) as of_other:
        await feed.message("own", "của Lan")
        await feed.assign("own", "lan")
        await feed.message("hers", "của boss")
        await feed.assign("hers", "boss")
        await feed.echo("hers", "trả lời")
        await feed.progress("hers", MessagesSeen, until=1000)
        await foreign.message("far", "nơi khác")
        await foreign.assign("far", "boss")
        await feed.message("last", "cuối")
        await feed.assign("last", "lan")
        await of_lan.until("message.upserted", lambda d: d["message"]["text"] == "cuối")
        await of_other.until("message.upserted")
        await folded(owner)
        seen = await fresh(lan)
        allowed = seen.conversations.keys() | (
            {feed.thread("hers")} if policy != "own_only" else set()
        )
        for event in of_lan.events:
            named = event.data.get("conversation_id") or event.data.get("id")
            named = named or event.data.get("conversation", {}).get("id")
            assert named is None or named in allowed, event
        assert all("của Lan" not in str(event.data) for event in of_other.events)
        assert foreign.thread("far") in str(of_other.events)


async def test_r7_4_a_change_of_rights_takes_effect_in_open_streams(
    desk: Rig, owner: User, lan: User, feed: Feed
) -> None:
    await feed.message("c")
    await folded(owner)
    async with listening(desk, lan) as stream, listening(desk, owner) as of_owner:
        await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": "own_only"})
        await stream.until("reset")
        await feed.message("c", "không cho Lan")
        await of_owner.until("message.upserted")
        await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": "everyone"})
        await stream.until("reset")
        await feed.message("c", "cho mọi người")
        await stream.until("message.upserted", lambda d: d["message"]["text"] == "cho mọi người")
        assert "không cho Lan" not in str(stream.events)
        assert "reset" not in of_owner.kinds()


async def test_r7_4_a_role_and_a_pages_staff_take_effect_in_open_streams(
    desk: Rig, owner: User, lan: User
) -> None:
    async with listening(desk, lan) as stream:
        await owner.done("PUT", "/v1/settings", {"page_permissions": True})
        await stream.until("reset")
        page = {"channel": "livechat", "name": "P", "staff": ["lan"]}
        await owner.done("PUT", "/v1/pages/page", page)
        await stream.until("reset")
        role = {"name": "Lan", "username": "lan", "role": "system_admin"}
        await owner.done("PUT", "/v1/agents/lan", role)
        await stream.until("reset")


async def test_i11_read_marks_reach_the_agents_other_windows_alone(
    desk: Rig, owner: User, lan: User, feed: Feed
) -> None:
    thread = await feed.message("c")
    await folded(owner)
    async with listening(desk, lan) as of_lan, listening(desk, owner) as of_owner:
        await lan.done("POST", f"/v1/conversations/{thread}/read")
        row = await of_lan.until("conversation.upserted")
        assert row.data["conversation"]["unread"] == 0
        await of_lan.ever("counts.changed", lambda data: data["counts"]["unread"] == 0)
        row = await of_owner.until("conversation.upserted")
        assert row.data["conversation"]["unread"] == 1
        assert "counts.changed" not in of_owner.kinds()


async def test_i11_what_the_customer_saw_changes_the_state_of_our_messages(
    desk: Rig, owner: User, feed: Feed
) -> None:
    await feed.message("c", at=1)
    await feed.echo("c", "đã xem chưa", at=2)
    await folded(owner)
    async with listening(desk, owner) as stream:
        await feed.progress("c", MessagesSeen, until=3)
        message = await stream.until("message.upserted")
        assert message.data["message"]["state"] == "seen"
        copy = await fresh(owner)
        assert message.data["message"] in copy.threads[feed.thread("c")].values()


async def test_i11_presence_and_jobs_are_sent(
    desk: Rig, owner: User, lan: User, feed: Feed, log: InMemoryLog
) -> None:
    thread = await feed.message("c", at=-9)
    await folded(owner)
    presence = (await owner.done("GET", "/v1/presence"))["position"]
    async with presence_service(log), routing(log):
        async with listening(desk, owner) as stream, listening(desk, lan) as of_lan:
            await lan.done("PUT", "/v1/presence", {"status": "online"})
            changed = await stream.until("presence.changed")
            assert changed.data["agent_id"] == "lan"
            assert (changed.data["status"], changed.data["cause"]) == ("online", "login")
            body: dict[str, Any] = {"ids": [thread], "set": {"done": True}}
            job = await owner.done("POST", "/v1/conversations/bulk", body)
            await stream.until(
                "job.progressed",
                lambda d: (d["job"]["id"], d["job"]["state"]) == (job["id"], "done"),
            )
            await of_lan.until("conversation.upserted", lambda d: d["conversation"]["done"])
            assert "job.progressed" not in of_lan.kinds()
        async with listening(desk, owner, after=presence) as stream:
            await stream.until("presence.changed", lambda d: d["agent_id"] == "lan")
            await stream.until("job.progressed", lambda d: d["job"]["state"] == "done")


async def test_i13_what_cannot_be_resumed_says_reset_and_goes_on(
    desk: Rig, owner: User, feed: Feed
) -> None:
    foreign = await desk.organization("other")
    for after in ("nonsense", "ừ", await position(foreign)):
        async with listening(desk, owner, after=after) as stream:
            await stream.until("reset")
            await feed.message("c")
            await stream.until("message.upserted")


@pytest.fixture
def rechecked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "_RECHECK_EVERY_S", 0.0)


@pytest.mark.usefixtures("rechecked_often")
@pytest.mark.parametrize("end", ["disabled", "password", "suspended", "token"])
async def test_r7_4_a_stream_ends_with_the_login(
    desk: Rig, owner: User, lan: User, clock: ManualClock, end: str
) -> None:
    changed = {"name": "Lan", "username": "lan", "role": "agent"}
    async with listening(desk, lan) as stream:
        match end:
            case "disabled":
                await owner.done("PUT", "/v1/agents/lan", {**changed, "disabled": True})
            case "password":
                await owner.done("PUT", "/v1/agents/lan", {**changed, "password": "another"})
            case "suspended":
                await desk.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
            case _:
                clock.advance(timedelta(hours=2))
        await stream.wait_for_end()


async def test_r9_6_a_slow_reader_is_told_to_fetch_again_and_holds_nobody_back(
    desk: Rig, owner: User, lan: User, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STREAM_BYTES", 4_000)
    async with listening(desk, lan) as slow, listening(desk, owner) as quick:
        slow.reading = False
        for number in range(30):
            await feed.message("c", f"tin {number}")
            await quick.until("message.upserted", _says(f"tin {number}"))
        slow.reading = True
        await slow.until("reset")
        await feed.message("c", "sau đó")
        await slow.until("message.upserted", lambda d: d["message"]["text"] == "sau đó")
        assert len(slow.body) < 20_000


def _says(text: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["message"]["text"] == text)


async def test_r9_5_an_agent_has_a_limited_number_of_streams(desk: Rig, owner: User) -> None:
    async with listening(desk, owner) as first:
        opened = [listening(desk, owner) for _ in range(STREAMS_OF_AGENT - 1)]
        for each in opened:
            await each.__aenter__()
        async with listening(desk, owner) as refused:
            assert refused.status == 429
        for each in opened:
            await each.__aexit__(None, None, None)
        async with listening(desk, owner) as again:
            assert again.status == 200
        assert first.status == 200


async def test_i11_an_idle_stream_sends_comments(
    desk: Rig, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_BEAT_AFTER_S", 0.0)
    async with listening(desk, owner) as stream:
        await stream.wait_for(lambda: stream.body.count(b":") > 2)
        assert stream.events == []


async def test_a_gateway_that_stops_ends_its_streams(desk: Rig, owner: User) -> None:
    async with listening(desk, owner) as stream:
        desk.gateway.live.stop()
        await stream.wait_for_end()
    async with listening(desk, owner) as refused:
        assert refused.status == 503


async def test_i13_what_was_fetched_with_what_followed_equals_what_is_fetched(
    desk: Rig, owner: User, feed: Feed
) -> None:
    lan = await desk.staff(owner, "lan")
    await owner.done(
        "PUT", "/v1/settings", {"assignment": True, "visibility": "own_and_unassigned"}
    )
    for who in ("a", "b", "c"):
        await feed.message(who)
    users = {"boss": owner, "lan": lan}
    begin = {name: await position(user) for name, user in users.items()}
    copies = {name: await fresh(user) for name, user in users.items()}
    await feed.assign("a", "lan")
    await feed.assign("b", "boss")
    await feed.message("a", "nữa")
    await feed.message("d", "mới")
    await feed.echo("a", "vâng")
    await lan.done("POST", f"/v1/conversations/{feed.thread('c')}/read")
    await owner.done("PUT", f"/v1/conversations/{feed.thread('b')}/done", {"done": True})
    await folded(owner)
    for name, user in users.items():
        expected = await fresh(user)
        copy = copies[name]

        async with listening(desk, user, after=begin[name]) as stream:

            async def equal(
                copy: Copy = copy, stream: Listener = stream, expected: Copy = expected
            ) -> bool:
                copy.apply_all(stream.events)
                return (copy.conversations, copy.counts) == (
                    expected.conversations,
                    expected.counts,
                )

            await until(equal)
            assert "reset" not in stream.kinds()
        known = copy.threads.keys() & expected.threads.keys()
        assert known
        for thread in known:
            assert copy.threads[thread] == expected.threads[thread]
