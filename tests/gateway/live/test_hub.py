"""The hub over views in memory: gaps, limits, and what a stream costs that nobody reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from gateway.live.market import Market
from gateway.live.shop import agent, page, shop
from gateway.live.twins import DirectoryTwin, Twins
from support.inbox_inbound import make_random
from support.live import LiveEvent, parse_events
from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.vocabulary import Presence, Role
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_gateway.live import feed, hub
from tuyen_gateway.live.frames import HEARTBEAT
from tuyen_gateway.live.hub import LiveHub
from tuyen_gateway.ports.live import CountsAtEntry, OpenStream, ViewerOfConversation
from tuyen_platform.kafka.ports import LogUnavailableError

PATIENCE_S = 10


@pytest.fixture
def twins() -> Twins:
    organization = shop(agent("boss", Role.SYSTEM_ADMIN), agent("lan"), pages=[page("p1", "lan")])
    return Twins(DirectoryTwin(organization))


@pytest.fixture
def market(twins: Twins) -> Market:
    return Market(twins, make_random(1))


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_PAUSE_S", 0.0)
    monkeypatch.setattr(hub, "_LOOK_EVERY_S", 0.001)


pytestmark = pytest.mark.usefixtures("quickly")


@asynccontextmanager
async def running(twins: Twins) -> AsyncIterator[LiveHub]:
    streams = LiveHub(twins.sources)
    task = asyncio.create_task(streams.run())
    try:
        yield streams
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def open_stream(
    streams: LiveHub, twins: Twins, who: str, after: str | None = None
) -> OpenStream:
    return await streams.open(twins.watch(who), twins.recheck(who), after)


async def read_until(
    stream: OpenStream, kind: str, holds: Callable[[LiveEvent], bool] = lambda _: True
) -> list[LiveEvent]:
    """The events up to one of a kind, the last of them."""
    found: list[LiveEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while received := await stream.take():
            for event in parse_events(received):
                found.append(event)
                if event.kind == kind and holds(event):
                    return found
    raise AssertionError(f"the stream ended without {kind}")


async def test_i13_a_gap_in_the_journal_resets_all_streams(twins: Twins, market: Market) -> None:
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        await market.write()
        await read_until(stream, "message.upserted")
        twins.views.forgotten = len(twins.views.journal) + 1
        await market.write()
        await twins.views.cut()
        await read_until(stream, "reset")
        await market.write()
        await read_until(stream, "message.upserted")


async def test_i13_a_broken_connection_loses_and_resets_nothing(
    twins: Twins, market: Market
) -> None:
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        await market.write()
        await read_until(stream, "message.upserted")
        await twins.views.cut()
        await market.write()
        events = await read_until(stream, "message.upserted")
        assert "reset" not in [event.kind for event in events]


async def test_i13_a_position_from_before_the_start_is_continued_from_the_journal(
    twins: Twins, market: Market
) -> None:
    for _ in range(3):
        await market.write()
    before = twins.position()
    await market.write()
    await market.write()
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss", before)
        events = await read_until(stream, "counts.changed")
        kinds = {event.kind for event in events}
        assert {"conversation.upserted", "message.upserted"} <= kinds
        assert "reset" not in kinds
        assert events[-1].id != before


async def test_i3_the_windows_of_an_agent_are_counted_together(
    twins: Twins, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Scope] = []
    counts = twins.views.counts

    async def count(scope: Scope) -> CountsAtEntry:
        counted.append(scope)
        return await counts(scope)

    monkeypatch.setattr(twins.views, "counts", count)
    await market.write()
    before = twins.position()
    async with running(twins) as streams:
        opened = [await open_stream(streams, twins, "boss", before) for _ in range(16)]
        for stream in opened:
            await read_until(stream, "counts.changed")
    assert len(counted) < 8


async def test_i13_too_many_changes_say_reset(
    twins: Twins, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_gateway.live.resuming.REPLAYED_CHANGES", 5)
    before = twins.position()
    for _ in range(6):
        await market.write()
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss", before)
        await read_until(stream, "reset")


async def test_r9_5_a_record_that_cannot_be_sent_stops_neither_the_stream_nor_others(
    twins: Twins, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = twins.views.rows

    async def fail(*_: object) -> None:
        monkeypatch.setattr(twins.views, "rows", rows)
        raise KeyError("odd")

    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        monkeypatch.setattr(twins.views, "rows", fail)
        await market.write()
        await read_until(stream, "reset")
        await market.write()
        await read_until(stream, "message.upserted")


async def test_r9_5_streams_are_limited_by_agent_and_by_organization(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STREAMS_OF_AGENT", 2)
    monkeypatch.setattr(hub, "STREAMS_OF_ORGANIZATION", 3)
    async with running(twins) as streams:
        opened = [await open_stream(streams, twins, "lan") for _ in range(2)]
        with pytest.raises(TooManyAttemptsError, match="You have 2"):
            await open_stream(streams, twins, "lan")
        await open_stream(streams, twins, "boss")
        with pytest.raises(TooManyAttemptsError, match="organization"):
            await open_stream(streams, twins, "boss")
        streams.close(opened[0])
        streams.close(opened[0])
        await open_stream(streams, twins, "boss")


async def test_r9_6_a_stream_that_nobody_reads_is_forgotten(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_ABANDONED_AFTER_S", 0.05)
    async with running(twins) as streams:
        await open_stream(streams, twins, "boss")
        async with asyncio.timeout(PATIENCE_S):
            while streams._streams or streams._feeds:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.01)


async def test_i11_a_stream_with_events_sends_comments_too(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_BEAT_AFTER_S", 0.5)
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        (open_one,) = streams._streams.values()
        async with asyncio.timeout(PATIENCE_S):
            while HEARTBEAT not in await stream.take():
                await asyncio.sleep(0.05)
                open_one.send(b"event: a\n\n")


async def test_a_hub_that_does_not_run_opens_no_stream(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "WAIT_S", 0.01)
    with pytest.raises(UnavailableError):
        await open_stream(LiveHub(twins.sources), twins, "boss")


async def test_r7_4_a_disabled_agent_ends_their_stream_alone(twins: Twins) -> None:
    async with running(twins) as streams:
        of_lan = await open_stream(streams, twins, "lan")
        of_boss = await open_stream(streams, twins, "boss")
        twins.directory.set_up(agent("lan", disabled=True))
        async with asyncio.timeout(PATIENCE_S):
            while await of_lan.take():
                pass
        twins.presence.set(agent("lan").id, Presence.OFFLINE)
        await read_until(of_boss, "presence.changed")


async def test_r7_4_a_changed_role_makes_its_agent_fetch_again(twins: Twins) -> None:
    async with running(twins) as streams:
        of_lan = await open_stream(streams, twins, "lan")
        of_boss = await open_stream(streams, twins, "boss")
        twins.directory.set_up(agent("lan", Role.SALES_MANAGER))
        await read_until(of_lan, "reset")
        twins.presence.set(agent("lan").id, Presence.OFFLINE)
        read = await read_until(of_boss, "presence.changed")
        assert "reset" not in [event.kind for event in read]


async def test_a_name_that_changes_makes_all_fetch_again(twins: Twins) -> None:
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        twins.directory.set_up(agent("minh"))
        added = await read_until(stream, "presence.changed")
        assert added[-1].data["agent_id"] == "minh"
        assert "reset" not in [event.kind for event in added]
        twins.directory.set_up(agent("minh", disabled=True))
        await read_until(stream, "reset")


async def test_i14_viewers_are_sent_to_new_streams_and_leave_with_their_rights(
    twins: Twins, market: Market
) -> None:
    await market.write()
    (conversation,) = twins.views.stored
    viewers = (ViewerOfConversation(agent("lan").id, True),)
    twins.viewing.viewed = {ConversationId(conversation): viewers}
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        (*_, shown) = await read_until(stream, "conversation.viewers")
        assert shown.data["viewers"] == [{"agent_id": "lan", "name": "Lan", "typing": True}]
        later = await open_stream(streams, twins, "boss")
        await read_until(later, "conversation.viewers")
        twins.viewing.viewed = {}
        await read_until(stream, "conversation.viewers", lambda event: not event.data["viewers"])


@pytest.mark.parametrize("error", [UnavailableError("behind"), LogUnavailableError("away")])
async def test_r9_5_a_stream_whose_login_cannot_be_checked_ends_alone(
    twins: Twins, market: Market, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Its reader has logged out, and Kafka is unavailable: the other streams go on."""
    monkeypatch.setattr(hub, "_RECHECK_EVERY_S", 0.0)

    async def fail() -> None:
        raise error

    async with running(twins) as streams:
        other = await open_stream(streams, twins, "boss")
        one = await streams.open(twins.watch("lan"), fail, None)  # type: ignore[arg-type]  # as above
        async with asyncio.timeout(PATIENCE_S):
            while await one.take():
                pass
        await market.write()
        await read_until(other, "conversation.upserted")


async def test_i13_an_echo_that_becomes_a_part_after_it_was_shown_resets_its_readers_alone(
    twins: Twins, market: Market
) -> None:
    async with running(twins) as streams:
        boss = await open_stream(streams, twins, "boss")
        await market.write()
        await market.answer()
        await read_until(
            boss, "message.upserted", lambda each: bool(each.data["message"]["direction"] == "out")
        )
        shown = next(one for one in twins.views.thread.values() if one.shown)
        await twins.views.write_message(msgspec.structs.replace(shown, part_of=MessageId("whole")))
        events = await read_until(boss, "reset")
        assert "message.upserted" not in [event.kind for event in events]


async def test_i13_an_echo_that_was_never_shown_is_sent_to_nobody(
    twins: Twins, market: Market
) -> None:
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "boss")
        await market.write()
        await market.report_echo(held=True)
        held = next(one for one in twins.views.thread.values() if one.held)
        joined = msgspec.structs.replace(held, held=False, part_of=MessageId("whole"))
        await twins.views.write_message(joined)
        await market.write()
        last = list(twins.views.thread)[-1]
        events = await read_until(
            stream,
            "message.upserted",
            lambda each: bool(each.data["message"]["id"] == last),
        )
        told = [each.data["message"]["id"] for each in events if each.kind == "message.upserted"]
        assert held.id not in told
        assert "reset" not in [event.kind for event in events]
