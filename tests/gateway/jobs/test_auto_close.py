"""I12: `done_after_hours` closes inactive conversations."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User, events, running, until
from tuyen_events.commands import MarkConversationDone
from tuyen_events.topics import COMMANDS
from tuyen_gateway.jobs import auto_close
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

HOUR = timedelta(hours=1)


async def row(user: User, thread: str) -> Any:
    return await user.done("GET", f"/v1/conversations/{thread}?after=0")


async def wait_until_closed(user: User, *threads: str) -> None:
    """Returns once all of them are."""

    async def all_are() -> bool:
        return all([(await row(user, thread))["done"] for thread in threads])

    await until(all_are)


async def back(rig: Rig) -> User:
    """The boss, logged in again after hours."""
    return await rig.login("shop", "boss", "boss-password")


async def check(rig: Rig) -> None:
    """One look for what is to be closed, at everything."""
    await auto_close.close_inactive(rig.gateway, rig.gateway.directory.organizations())


async def test_i12_it_closes_what_had_no_event_for_so_long_and_nothing_else(
    desk: Rig, owner: User, feed: Feed, log: InMemoryLog, clock: ManualClock
) -> None:
    old = await feed.message("a", at=0)
    answered = await feed.message("b", at=0)
    await feed.echo("b", "our word is an event too", at=3600)
    await owner.done("PUT", "/v1/settings", {"done_after_hours": 24})
    clock.advance(24 * HOUR + timedelta(minutes=1))
    boss = await back(desk)
    await wait_until_closed(boss, old)
    assert (await row(boss, answered))["done"] is False
    (command,) = await events(log, COMMANDS)
    assert isinstance(command, MarkConversationDone)
    assert (command.by, command.seen_events, command.seen_offset) == (None, 1, 0)
    clock.advance(HOUR)
    boss = await back(desk)
    await wait_until_closed(boss, answered)
    await feed.message("a", at=100_000)
    assert (await row(boss, old))["done"] is False


async def test_i12_zero_is_never_and_a_change_counts_from_the_next_check(
    desk: Rig, owner: User, feed: Feed, log: InMemoryLog, clock: ManualClock
) -> None:
    thread = await feed.message("a", at=0)
    await row(owner, thread)
    clock.advance(1000 * HOUR)
    await check(desk)
    assert await events(log, COMMANDS) == []
    boss = await back(desk)
    await boss.done("PUT", "/v1/settings", {"done_after_hours": 1})
    clock.advance(timedelta(seconds=61))
    await wait_until_closed(boss, thread)


async def test_i12_opened_manually_it_stays_open_for_as_long_again(
    desk: Rig, owner: User, feed: Feed, log: InMemoryLog, clock: ManualClock
) -> None:
    thread = await feed.message("a", at=0)
    await row(owner, thread)
    await owner.done("PUT", "/v1/settings", {"done_after_hours": 24})
    clock.advance(25 * HOUR)
    boss = await back(desk)
    await wait_until_closed(boss, thread)
    await boss.done("PUT", f"/v1/conversations/{thread}/done", {"done": False})
    await row(boss, thread)
    before = len(await events(log, COMMANDS))
    clock.advance(timedelta(minutes=2))
    await check(desk)
    assert len(await events(log, COMMANDS)) == before
    clock.advance(25 * HOUR)
    await wait_until_closed(await back(desk), thread)


async def test_i12_what_the_channel_delivers_late_is_not_old(
    desk: Rig, owner: User, feed: Feed, log: InMemoryLog, clock: ManualClock
) -> None:
    thread = await feed.message("a", at=-90_000, accepted=0)
    await row(owner, thread)
    await owner.done("PUT", "/v1/settings", {"done_after_hours": 24})
    await check(desk)
    assert await events(log, COMMANDS) == []


async def test_i12_two_gateways_at_once_and_many_batches_close_each_once(
    log: InMemoryLog,
    clock: ManualClock,
    views: Database,
    feed: Feed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auto_close, "BATCH", 3)
    async with (
        running(log, clock, views) as one,
        running(log, clock, views, projecting=False) as two,
    ):
        owner = await one.organization()
        threads = [await feed.message(f"c{number}", at=number % 2) for number in range(10)]
        await row(owner, threads[-1])
        await owner.done("PUT", "/v1/settings", {"done_after_hours": 24})
        clock.advance(25 * HOUR)
        await asyncio.gather(check(one), check(two))
        await wait_until_closed(await back(one), *threads)
        named: dict[str, set[str]] = {}
        for command in await events(log, COMMANDS):
            assert isinstance(command, MarkConversationDone)
            named.setdefault(command.conversation_id, set()).add(command.command_id)
        assert {thread: len(ids) for thread, ids in named.items()} == dict.fromkeys(threads, 1)
