"""Two agents at one conversation (I14)."""

from datetime import timedelta

from gateway.feed import Feed
from gateway.listening import listening
from gateway.rig import Rig, User, running
from tuyen_events.limits import VIEWED_OF_AGENT
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database


async def view(user: User, thread: str, *, typing: bool = False) -> None:
    await user.done("PUT", f"/v1/conversations/{thread}/viewing", {"typing": typing})


async def test_i14_who_has_it_open_and_who_writes_is_shown_for_ten_seconds(
    desk: Rig, owner: User, feed: Feed, clock: ManualClock
) -> None:
    lan = await desk.staff(owner, "lan")
    thread = await feed.message("c")
    await owner.done("GET", "/v1/conversations?after=0")
    async with listening(desk, owner) as stream:
        await view(lan, thread)
        event = await stream.until("conversation.viewers")
        assert event.id is None
        assert event.data["conversation_id"] == thread
        assert event.data["viewers"] == [{"agent_id": "lan", "name": "Lan", "typing": False}]
        await view(lan, thread, typing=True)
        await stream.until("conversation.viewers", lambda d: d["viewers"][0]["typing"])
        async with listening(desk, lan) as later:
            await later.until("conversation.viewers", lambda d: len(d["viewers"]) == 1)
        clock.advance(timedelta(seconds=11))
        await stream.until("conversation.viewers", lambda d: d["viewers"] == [])


async def test_i14_it_is_shown_at_every_gateway(
    owner: User, feed: Feed, log: InMemoryLog, clock: ManualClock, views: Database
) -> None:
    thread = await feed.message("c")
    await owner.done("GET", "/v1/conversations?after=0")
    async with (
        running(log, clock, views, projecting=False) as other,
        listening(other, User(other.client, owner.token)) as stream,
    ):
        await view(owner, thread)
        await stream.until("conversation.viewers", lambda d: d["conversation_id"] == thread)


async def test_i14_r7_nobody_learns_of_a_conversation_that_they_may_not_see(
    desk: Rig, owner: User, feed: Feed
) -> None:
    lan, minh = await desk.staff(owner, "lan"), await desk.staff(owner, "minh")
    await owner.done("PUT", "/v1/settings", {"assignment": True, "visibility": "own_only"})
    thread = await feed.message("c")
    await feed.assign("c", "lan")
    own = await feed.message("m")
    await feed.assign("m", "minh")
    await owner.done("GET", "/v1/conversations?after=0")
    path = f"/v1/conversations/{thread}/viewing"
    assert (await minh.put(path, {"typing": True})).status_code == 404
    async with listening(desk, minh) as of_minh, listening(desk, owner) as stream:
        await view(lan, thread)
        await stream.until("conversation.viewers", lambda d: d["conversation_id"] == thread)
        await view(minh, own)
        await of_minh.until("conversation.viewers", lambda d: d["conversation_id"] == own)
        assert thread not in str(of_minh.events)
        # Whoever may no longer see it is no longer among those who have it open.
        await feed.assign("c", "minh")
        shown = await of_minh.until(
            "conversation.viewers", lambda d: d["conversation_id"] == thread
        )
        assert shown.data["viewers"] == []


async def test_r9_6_one_agent_has_a_limited_number_of_conversations_open(
    desk: Rig, owner: User, feed: Feed
) -> None:
    threads = [await feed.message(f"c{number}") for number in range(VIEWED_OF_AGENT + 1)]
    await owner.done("GET", "/v1/conversations?after=0")
    for thread in threads:
        await view(owner, thread)
    board = desk.gateway.viewing
    organization = desk.gateway.directory.organizations()[0].id
    assert await board.table.wait_until(lambda: threads[-1] in board.of(organization), 5)
    assert set(board.of(organization)) == set(threads[1:])
