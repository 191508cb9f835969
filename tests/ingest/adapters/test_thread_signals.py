"""L4: a visitor who waits is woken by what happens in their thread, and by nothing else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingest.thread_events import AT, ORGANIZATION, THREAD, assigned, replied, settled
from support.processes import until
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.limits import VIEWING_LASTS_S
from tuyen_events.outbound_topics import OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, VIEWING
from tuyen_events.viewing import ConversationViewed
from tuyen_ingest.adapters.thread_signals import LogThreadSignals
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

OTHER = ConversationId("msg_other")


@pytest.fixture
def log() -> InMemoryLog:
    return InMemoryLog()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
async def signals(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[LogThreadSignals]:
    signals = LogThreadSignals(log, clock)
    running = asyncio.create_task(signals.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    yield signals
    running.cancel()


async def append(log: InMemoryLog, topic: Topic, key: str, data: Event) -> None:
    envelope = Envelope(id="evt_1", source="test", subject=key, time=AT, data=data)
    await log.append(topic, key, envelope)


def viewed(agent: str = "lan", *, typing: bool = True) -> ConversationViewed:
    return ConversationViewed(
        organization=ORGANIZATION,
        conversation_id=THREAD,
        agent_id=AgentId(agent),
        typing=typing,
        at=AT,
    )


async def test_l4_a_reply_and_an_assignment_wake_their_thread(
    log: InMemoryLog, signals: LogThreadSignals
) -> None:
    for topic, event in (
        (OUTBOUND_RESULTS, settled(replied(1))),
        (ASSIGNMENTS, assigned("lan", 1)),
    ):
        with signals.watch(THREAD) as watch, signals.watch(OTHER) as other:
            await append(log, topic, THREAD, event)
            assert await watch.wait(10)
            assert not await watch.wait(0)
            assert not await other.wait(0)


async def test_l4_an_agent_who_writes_is_seen_until_they_stop(
    log: InMemoryLog, signals: LogThreadSignals, clock: ManualClock
) -> None:
    assert not signals.is_typing(THREAD)
    with signals.watch(THREAD) as watch:
        await append(log, VIEWING, ORGANIZATION, viewed())
        assert await watch.wait(10)
        assert signals.is_typing(THREAD)
        assert not signals.is_typing(OTHER)
        await append(log, VIEWING, ORGANIZATION, viewed(typing=False))
        assert await watch.wait(10)
    assert not signals.is_typing(THREAD)
    await append(log, VIEWING, ORGANIZATION, viewed())
    await until(lambda: signals.is_typing(THREAD))
    clock.advance(timedelta(seconds=VIEWING_LASTS_S))
    assert not signals.is_typing(THREAD)


async def test_what_cannot_be_read_disturbs_nothing(
    log: InMemoryLog, signals: LogThreadSignals
) -> None:
    await log.append_bytes(VIEWING, "x", b"{", [("ce_type", b"conversation.viewed.v1")])
    await log.append_bytes(OUTBOUND_RESULTS, "\udcff".encode("utf-8", "replace").decode(), None)
    with signals.watch(THREAD) as watch:
        signals.notify(THREAD)
        assert await watch.wait(10)


async def test_r9_6_nothing_is_kept_of_those_who_left(
    log: InMemoryLog, signals: LogThreadSignals, clock: ManualClock
) -> None:
    with signals.watch(THREAD), signals.watch(THREAD):
        pass
    await append(log, VIEWING, ORGANIZATION, viewed())
    await until(lambda: signals.is_typing(THREAD))
    clock.advance(timedelta(seconds=2 * VIEWING_LASTS_S))
    await append(log, VIEWING, ORGANIZATION, viewed("minh", typing=False))
    await until(lambda: not vars(signals)["_typing"])
    assert not vars(signals)["_watches"]


async def test_a_stop_ends_all_waiting(signals: LogThreadSignals) -> None:
    with signals.watch(THREAD) as watch:
        signals.stop()
        assert await watch.wait(10)
    assert signals.stopping
