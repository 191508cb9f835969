"""I13 as a law: what was fetched, with the events after its position, equals what is fetched fresh.

An organization works at random while clients read their streams, are cut off, resume after any
event that they got, and get events twice and in another order.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.live.market import AGENTS, JOINED_LATE, PAGES, Market
from gateway.live.shop import agent, at, page, shop
from gateway.live.twins import DirectoryTwin, Twins, count_later
from support.inbox_inbound import make_random
from support.live import Copy, Json, LiveEvent, parse_events
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Presence, Role, Visibility
from tuyen_gateway.domain.live import count_unread, find_marks, is_in_thread, is_partly_read
from tuyen_gateway.live import feed, hub
from tuyen_gateway.live.hub import LiveHub
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import OpenStream, Watch
from tuyen_platform.retry import retry

SENTINEL = AgentId("sentinel")
PATIENCE_S = 20


def fetch(twins: Twins, watch: Watch) -> Copy:
    """Everything that the routes return to a viewer at this moment."""
    copy = Copy()
    renderer = twins.sources.renderer
    for row in twins.views.stored.values():
        if row.organization is None or row.page_id is None:
            continue
        if not watch.scope.covers(row.page_id, row.assignee):
            continue
        marks, newer = find_marks(row), None
        if watch.scope.since is not None and is_partly_read(row, marks, watch.scope):
            newer = count_later(twins.views.thread, row.id, watch.scope.since)
        unread = count_unread(row, marks, watch.scope.agent_id, newer)
        copy.conversations[row.id] = json.loads(renderer.row(row, unread, watch))
        copy.threads[row.id] = {
            message.id: json.loads(renderer.message(message, row, watch))
            for message in twins.views.thread.values()
            if message.conversation_id == row.id and is_in_thread(message)
        }
    copy.counts = json.loads(renderer.counts(twins.views.count(watch.scope)))
    copy.presence = {
        agent_id: change.presence
        for agent_id, change in twins.presence.known.items()
        if agent_id != SENTINEL
    }
    return copy


@dataclass
class Client:
    """An agent's window."""

    twins: Twins
    streams: LiveHub
    agent_id: str
    random: Random
    copy: Copy = field(default_factory=Copy)
    begin: Copy = field(default_factory=Copy)
    """What was fetched last."""
    received: list[LiveEvent] = field(default_factory=list)
    """Since then."""
    last: str | None = None
    sentinels: set[str] = field(default_factory=set)
    open: OpenStream | None = None
    _reading: "asyncio.Task[None] | None" = None

    def fetch(self) -> None:
        """As a client does at its start, and after a `reset`."""
        watch = self.twins.watch(self.agent_id)
        self.copy, self.begin = fetch(self.twins, watch), fetch(self.twins, watch)
        self.received.clear()
        if (sentinel := self.twins.presence.known.get(SENTINEL)) is not None:
            self.sentinels.add(sentinel.presence)

    async def start(self) -> None:
        self.last = self.twins.position()
        self.fetch()
        await self.connect()

    async def connect(self) -> None:
        watch, recheck = self.twins.watch(self.agent_id), self.twins.recheck(self.agent_id)
        self.open = await self.streams.open(watch, recheck, self.last)
        self._reading = asyncio.create_task(self._read(self.open))

    async def _read(self, stream: OpenStream) -> None:
        while received := await stream.take():
            for event in parse_events(received):
                self._take(event)
            if self.random.random() < 0.1:
                await asyncio.sleep(0.001)  # a slow reader

    def _take(self, event: LiveEvent) -> None:
        self.last = event.id or self.last
        assert event.data["position"]
        if event.data.get("agent_id") == SENTINEL:
            self.sentinels.add(event.data["status"])
            return
        if event.kind == "reset":
            self.fetch()
            return
        self.received.append(event)
        self.copy.apply(event)

    def is_idle(self) -> bool:
        """Whether nothing waits to be read."""
        stream = self.open
        assert isinstance(stream, LiveStream)
        return not (stream.needs_counts or stream._waiting or stream._lost)

    async def cut(self) -> None:
        """Breaks off, and resumes after an event that it got."""
        if self._reading is not None and self.open is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self.streams.close(self.open)
        some = [event.id for event in self.received[-5:] if event.id is not None]
        if some and self.random.random() < 0.5:
            self.last = self.random.choice(some)
        await self.connect()


@contextmanager
def quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "_PAUSE_S", 0.0)
        patch.setattr(hub, "_LOOK_EVERY_S", 0.001)
        patch.setattr(hub, "retry", partial(retry, first_wait_s=0.001, longest_wait_s=0.001))
        yield


async def settle(twins: Twins, clients: list[Client], status: Presence) -> None:
    """Returns once every client got everything: the sentinel is sent after all that came before."""
    hubs = {id(client.streams): client.streams for client in clients}.values()
    async with asyncio.timeout(PATIENCE_S):
        while not all(_has_followed(each, twins) for each in hubs):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.001)
        for client in clients:
            client.sentinels.clear()
        twins.presence.set(SENTINEL, status)
        while not all(status in client.sentinels for client in clients):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.001)
        while not all(client.is_idle() for client in clients):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.001)


def _has_followed(streams: LiveHub, twins: Twins) -> bool:
    recent = streams._recent
    return recent is not None and recent.last >= twins.views.last


def comparable(copy: Copy) -> Json:
    threads = {key: copy.threads[key] for key in copy.threads if key in copy.conversations}
    return {
        "conversations": copy.conversations,
        "threads": threads,
        "counts": copy.counts,
        "presence": copy.presence,
    }


def expect_law(client: Client, random: Random) -> None:
    fresh = fetch(client.twins, client.twins.watch(client.agent_id))
    known = client.copy.threads.keys() & fresh.threads.keys()
    fresh.threads = {key: fresh.threads[key] for key in known}
    assert comparable(client.copy) == comparable(fresh)
    # The same events twice, and in any order: everything that has a revision is as it was.
    doubled = [*client.received, *client.received]
    random.shuffle(doubled)
    client.begin.apply_all(doubled)
    assert client.begin.conversations == fresh.conversations
    for key in client.begin.threads.keys() & fresh.threads.keys():
        assert client.begin.threads[key] == fresh.threads[key]


async def play(random: Random, replicas: int) -> None:
    """Some time at work; then every client has what it would fetch."""
    organization = shop(
        agent("boss", Role.SYSTEM_ADMIN),
        agent("lan"),
        agent("minh"),
        agent(JOINED_LATE, since=at(7)),
        pages=[page(name, "lan", "minh", JOINED_LATE) for name in PAGES],
        visibility=random.choice(list(Visibility)),
    )
    twins = Twins(DirectoryTwin(organization))
    market = Market(twins, random)
    hubs = [LiveHub(twins.sources) for _ in range(replicas)]
    running = [asyncio.create_task(each.run()) for each in hubs]
    clients = [Client(twins, random.choice(hubs), name, random) for name in AGENTS]
    try:
        for _ in range(random.randrange(20)):
            await market.work()
        for client in clients:
            await client.start()
        for status in (Presence.ONLINE, Presence.AWAY):
            for _ in range(random.randrange(5, 40)):
                await _happen(random, market, twins, clients, hubs)
            await settle(twins, clients, status)
            for client in clients:
                expect_law(client, random)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _happen(
    random: Random, market: Market, twins: Twins, clients: list[Client], hubs: list[LiveHub]
) -> None:
    match random.randrange(20):
        case 0:
            await random.choice(clients).cut()
        case 1:
            client = random.choice(clients)  # goes on at another gateway
            client.streams, old = random.choice(hubs), client.streams
            if client.open is not None:
                old.close(client.open)
            await client.cut()
        case 2:
            await twins.views.cut()
        case 3:
            await asyncio.sleep(0.002)
        case _:
            await market.work()


@pytest.mark.parametrize("replicas", [1, 2])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_i13_r7_3_what_was_fetched_with_the_events_after_it_equals_what_is_fetched_fresh(
    replicas: int, seed: int
) -> None:
    with quickly():
        asyncio.run(play(make_random(seed), replicas))
