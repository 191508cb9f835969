"""Reading, marking as unread, closing; and reads that wait for a write (I5, I12)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import START, Feed
from gateway.rig import Rig, User, events, running
from tuyen_events.commands import MarkConversationDone
from tuyen_events.topics import COMMANDS
from tuyen_gateway.adapters import progress
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database


async def row(user: User, thread: str) -> Any:
    return await user.done("GET", f"/v1/conversations/{thread}?after=0")


async def test_i5_reading_is_for_the_reader_alone(desk: Rig, owner: User, feed: Feed) -> None:
    lan = await desk.staff(owner, "lan.1")
    thread = await feed.message("a")
    await feed.message("a")
    assert (await row(lan, thread))["unread"] == 2
    answer = await lan.post(f"/v1/conversations/{thread}/read")
    assert answer.json() == {"id": thread, "unread": 0, "version": 0}
    assert (await row(lan, thread))["unread"] == 0
    assert (await row(owner, thread))["unread"] == 2
    await feed.message("a")
    assert (await row(lan, thread))["unread"] == 1
    assert (await row(lan, thread))["needs_reply"] is True


async def test_i5_a_conversation_can_be_marked_as_unread_again(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    await feed.message("a")
    await row(owner, thread)
    for mark, unread in (("read", 0), ("unread", 1), ("read", 0)):
        await owner.done("POST", f"/v1/conversations/{thread}/{mark}")
        assert (await row(owner, thread))["unread"] == unread
        listed = await owner.done("GET", "/v1/conversations?state=unread&after=0")
        assert len(listed["items"]) == min(unread, 1)


async def test_i5_a_new_agent_starts_with_everything_read(
    desk: Rig, owner: User, feed: Feed, clock: ManualClock
) -> None:
    old = await feed.message("a")
    both = await feed.message("b")
    await row(owner, old)
    clock.advance(timedelta(minutes=4))
    lan = await desk.staff(owner, "lan")
    assert (await row(lan, old))["unread"] == 0
    assert (await row(owner, old))["unread"] == 1
    later = (clock.now() - START).total_seconds() + 1
    await feed.message("b", at=later)
    new = await feed.message("c", at=later)
    assert [(await row(lan, thread))["unread"] for thread in (old, both, new)] == [0, 1, 1]
    listed = (await lan.done("GET", "/v1/conversations?after=0"))["items"]
    assert [item["unread"] for item in listed] == [1, 1, 0]
    found = await lan.done("GET", "/v1/conversations/counts")
    assert (found["total"], found["unread"]) == (3, 2)
    unread = (await lan.done("GET", "/v1/conversations?state=unread"))["items"]
    assert {item["id"] for item in unread} == {both, new}
    await lan.done("POST", f"/v1/conversations/{old}/unread")
    assert (await row(lan, old))["unread"] == 1
    unread = (await lan.done("GET", "/v1/conversations?state=unread"))["items"]
    assert {item["id"] for item in unread} == {old, both, new}
    # A change of the agent makes no new one of them.
    body = {"name": "Lan", "username": "lan", "role": "agent"}
    clock.advance(timedelta(minutes=4))
    await owner.done("PUT", "/v1/agents/lan", body)
    assert (await row(lan, both))["unread"] == 1


async def test_i5_reading_goes_as_far_as_what_was_shown(owner: User, feed: Feed) -> None:
    thread = await feed.message("a", "1")
    await feed.message("a", "2")
    shown = await owner.done("GET", f"/v1/conversations/{thread}/messages?after=0")
    await feed.message("a", "3, which came meanwhile")
    await row(owner, thread)
    until = shown["items"][-1]["id"]
    answer = await owner.done("POST", f"/v1/conversations/{thread}/read", {"until": until})
    assert answer["unread"] == (await row(owner, thread))["unread"] == 1
    first = shown["items"][0]["id"]
    await owner.done("POST", f"/v1/conversations/{thread}/read", {"until": first})
    assert (await row(owner, thread))["unread"] == 2
    answer = await owner.post(f"/v1/conversations/{thread}/read", {"until": "m_none"})
    assert answer.status_code == 404


async def test_i5_echoes_and_receipts_are_not_unread(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    await row(owner, thread)
    await owner.done("POST", f"/v1/conversations/{thread}/read")
    await feed.echo("a", "answer")
    assert (await row(owner, thread))["unread"] == 0


async def test_i12_done_lasts_until_the_next_inbound_event(
    owner: User, feed: Feed, log: InMemoryLog
) -> None:
    thread = await feed.message("a")
    await row(owner, thread)
    answer = await owner.done("PUT", f"/v1/conversations/{thread}/done", {"done": True})
    assert answer == {"id": thread, "done": True, "version": 0}
    assert (await row(owner, thread))["done"] is True
    assert len((await owner.done("GET", "/v1/conversations?done=true"))["items"]) == 1
    await feed.echo("a", "our own word leaves it closed")
    assert (await row(owner, thread))["done"] is True
    await feed.message("a")
    assert (await row(owner, thread))["done"] is False
    (command,) = await events(log, COMMANDS)
    assert isinstance(command, MarkConversationDone)
    assert (command.seen_events, command.customer_external_id) == (1, "a")


async def test_i12_done_can_be_undone_manually(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    for done in (True, False, True):
        await row(owner, thread)
        await owner.done("PUT", f"/v1/conversations/{thread}/done", {"done": done})
        assert (await row(owner, thread))["done"] is done


async def test_a_read_waits_for_the_write_that_it_names(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")

    async def late() -> None:
        version = await feed.assign("a", "lan")
        found = await owner.done("GET", f"/v1/conversations/{thread}?after={version}")
        assert found["assignee"] == {"agent_id": "lan", "name": "lan"}

    await late()
    assert (await owner.get(f"/v1/conversations/{thread}?after=2")).status_code == 503


async def test_a_read_gives_up_after_a_while_when_nothing_is_folded(
    log: InMemoryLog,
    clock: ManualClock,
    views: Database,
    feed: Feed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "WAIT_S", 0.1)
    async with running(log, clock, views, projecting=False) as rig:
        owner = await rig.organization()
        await feed.message("a")
        async with asyncio.timeout(5):
            answer = await owner.get("/v1/conversations?after=0")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
