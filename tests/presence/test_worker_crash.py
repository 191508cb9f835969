"""R8.2 on a real broker: workers that are killed, and workers that share and hand over."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer

from support import organizations
from support.organizations import directory_record
from tuyen_events.codec import decode_data
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.topics import DEAD_LETTERS, DIRECTORY, PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_local.addresses import free_ports
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_presence.adapters.staff import DirectoryStaff
from tuyen_presence.broker_clock import broker_time_of
from tuyen_presence.worker import PresenceWorker

DEADLINE_S = 90
LEASE_S = 6.0
BEAT_S = 0.5
_TOPICS = (DIRECTORY, PRESENCE, PRESENCE_SIGNALS, DEAD_LETTERS)
ONLINE, OFFLINE = Presence.ONLINE, Presence.OFFLINE
LOGIN = (ONLINE, PresenceCause.LOGIN)
EXPIRED = (OFFLINE, PresenceCause.LEASE_EXPIRED)


class Shop:
    """Signals in, and the whole of what was said of presence, in the order of each partition."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self.records: dict[str, list[PresenceChanged]] = defaultdict(list)
        self.beating: set[str] = set()
        self._hired: set[str] = set()

    async def say(self, agent: str, status: Presence | None) -> datetime:
        """Returns when the lease ends."""
        now = datetime.now(UTC)
        if agent not in self._hired:
            self._hired.add(agent)
            await self._hire(AgentId(agent), now)
        data = SessionSignalled(
            organization=OrganizationId("hoa-sen"),
            agent_id=AgentId(agent),
            session="web",
            status=status,
            lease_s=LEASE_S,
            at=now,
        )
        key = f"hoa-sen/{agent}"
        envelope = Envelope(id=uuid4().hex, source="gateway", subject=key, time=now, data=data)
        await self._log.append(PRESENCE_SIGNALS, key, envelope)
        return now + timedelta(seconds=LEASE_S)

    async def _hire(self, agent: AgentId, now: datetime) -> None:
        """Of whom the directory does not have, nothing is kept."""
        hired = organizations.agent(agent, organization=OrganizationId("hoa-sen"), at=now)
        await self._log.append(DIRECTORY, *directory_record(hired))

    async def beat(self) -> None:
        while True:
            await asyncio.gather(*(self.say(agent, None) for agent in self.beating))
            await asyncio.sleep(BEAT_S)

    async def listen(self) -> None:
        async with self._log.tail(PRESENCE) as tail:
            async for batch in tail.batches():
                for records in batch.values():
                    for record in records:
                        event = decode_data(record.headers, record.value or b"")
                        assert isinstance(event, PresenceChanged)
                        self.records[event.agent_id].append(event)

    def story(self, agent: str) -> list[tuple[Presence, PresenceCause]]:
        """What others see; of two records with one version the first counts."""
        seen: list[PresenceChanged] = []
        for event in self.records[agent]:
            if not seen or event.version > seen[-1].version:
                seen.append(event)
        assert [event.version for event in seen] == list(range(1, len(seen) + 1))
        return [(e.presence, e.cause) for e in seen if e.presence is not e.previous]


@asynccontextmanager
async def shop_on(kafka: str, topic_prefix: str) -> AsyncIterator[Shop]:
    await ensure_topics(kafka, topic_prefix, 1, _TOPICS)
    async with (
        KafkaLog(kafka, topic_prefix) as log,
        asyncio.timeout(DEADLINE_S),
        asyncio.TaskGroup() as tasks,
    ):
        opened = Shop(log)
        running = [tasks.create_task(opened.listen()), tasks.create_task(opened.beat())]
        yield opened
        for task in running:
            task.cancel()


@asynccontextmanager
async def process(kafka: str, prefix: str) -> AsyncIterator[None]:
    """The service as it is started for real, once it is ready; killed with SIGKILL on leaving."""
    (port,) = free_ports(1)
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tuyen_presence",
        env={
            **os.environ,
            "TUYEN_KAFKA": kafka,
            "TUYEN_TOPIC_PREFIX": prefix,
            "TUYEN_PORT": str(port),
        },
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            while not await _ready(client):  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.05)
        yield
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGKILL)
        await started.wait()


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is polled is another process's doing
        await asyncio.sleep(0.02)


async def test_r8_2_a_killed_service_logs_nobody_out_and_leaves_no_ghost(
    kafka: str, topic_prefix: str
) -> None:
    async with shop_on(kafka, topic_prefix) as shop:
        await _kill_and_restart(kafka, topic_prefix, shop)


async def _kill_and_restart(kafka: str, topic_prefix: str, shop: Shop) -> None:
    staff = [f"agent-{number}" for number in range(40)]
    async with process(kafka, topic_prefix):
        await shop.say("lan", ONLINE)
        await until(lambda: shop.story("lan") == [LOGIN])
        shop.beating.add("lan")
        ghost_until = await shop.say("ghost", ONLINE)
        await until(lambda: shop.story("ghost") == [LOGIN])
        shop.beating.update(staff)
        await asyncio.gather(*(shop.say(agent, ONLINE) for agent in staff))
    # Killed in the middle of these logins; nobody works until the ghost's lease is over.
    await until(lambda: datetime.now(UTC) > ghost_until)
    async with process(kafka, topic_prefix):
        await until(lambda: shop.story("ghost") == [LOGIN, EXPIRED])
        await until(lambda: all(shop.story(agent) == [LOGIN] for agent in staff))
        assert shop.story("lan") == [LOGIN]
        shop.beating.discard("lan")
        ends = await shop.say("lan", None)
        await until(lambda: shop.story("lan") == [LOGIN, EXPIRED])
        assert (datetime.now(UTC) - ends).total_seconds() < 3
        assert all(shop.story(agent) == [LOGIN] for agent in staff)


@asynccontextmanager
async def worker(kafka: str, prefix: str) -> AsyncIterator[PresenceWorker]:
    async with KafkaLog(kafka, prefix) as log, asyncio.TaskGroup() as tasks:
        owner = PresenceWorker(log, SystemClock(), partial(DirectoryStaff, log))
        running = tasks.create_task(owner.run())
        yield owner
        running.cancel()


async def test_r8_2_workers_that_share_and_hand_over_change_nobodys_presence(
    kafka: str, topic_prefix: str
) -> None:
    async with shop_on(kafka, topic_prefix) as shop:
        await _share_and_hand_over(kafka, topic_prefix, shop)


async def _share_and_hand_over(kafka: str, topic_prefix: str, shop: Shop) -> None:
    staff = [f"agent-{number}" for number in range(24)]
    async with worker(kafka, topic_prefix) as one:
        await until(lambda: one.status.ready() is None)
        shop.beating.update(staff)
        await asyncio.gather(*(shop.say(agent, ONLINE) for agent in staff))
        await until(lambda: all(shop.story(agent) == [LOGIN] for agent in staff))
        async with worker(kafka, topic_prefix) as other:
            await until(lambda: other.status.ready() is None and one.status.ready() is None)
            late = [f"late-{number}" for number in range(12)]
            shop.beating.update(late)
            await asyncio.gather(*(shop.say(agent, ONLINE) for agent in late))
            await until(lambda: all(shop.story(agent) == [LOGIN] for agent in late))
        since = datetime.now(UTC)
        await until(lambda: (datetime.now(UTC) - since).total_seconds() > LEASE_S)
        await until(lambda: one.status.ready() is None)
        await asyncio.gather(*(shop.say(agent, OFFLINE) for agent in late))
        await until(lambda: all(shop.story(agent)[-1][0] is OFFLINE for agent in late))
        assert all(shop.story(agent) == [LOGIN] for agent in staff)
        assert all(len(shop.records[agent]) == 1 for agent in staff)


async def test_r8_1_the_broker_says_when_a_signal_was_published(
    kafka: str, topic_prefix: str
) -> None:
    """Whatever who appends it takes for the time."""
    await ensure_topics(kafka, topic_prefix, 1, (PRESENCE_SIGNALS,))
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        topic = topic_prefix + PRESENCE_SIGNALS.name
        for _ in range(2):
            await producer.send_and_wait(topic, b"1970", partition=0, timestamp_ms=1_000)
    finally:
        await producer.stop()
    seen: list[datetime] = []
    async with (
        asyncio.timeout(DEADLINE_S),
        KafkaLog(kafka, topic_prefix) as log,
        log.tail(PRESENCE_SIGNALS) as tail,
    ):
        async for batch in tail.batches():
            seen += [broker_time_of(record) for records in batch.values() for record in records]
            if len(seen) == 2:
                break
    assert all(abs(datetime.now(UTC) - at) < timedelta(seconds=DEADLINE_S) for at in seen)
