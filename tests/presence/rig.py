"""An organization whose agents come and go, over the log in memory, with time moved manually."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from support import organizations
from support.organizations import directory_record
from tuyen_events.codec import decode
from tuyen_events.directory import directory_key
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY, PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_presence.adapters.staff import DirectoryStaff
from tuyen_presence.worker import PresenceWorker

START = datetime(2026, 9, 21, 8, tzinfo=UTC)
DEADLINE_S = 20
ONLINE, AWAY, OFFLINE = Presence.ONLINE, Presence.AWAY, Presence.OFFLINE


class Shop:
    """An organization's agents, a log, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        """The broker's, by which the log stamps signals."""
        self.workers = ManualClock(START)
        self.gateways = ManualClock(START)
        self.log = InMemoryLog(self.clock)
        self._said = 0
        self._hired: set[str] = set()

    async def say(
        self,
        agent: str,
        status: Presence | None,
        session: str = "web",
        *,
        by: str | None = None,
        organization: str = "hoa-sen",
        lease_s: float = 30,
    ) -> None:
        data = SessionSignalled(
            organization=OrganizationId(organization),
            agent_id=AgentId(agent),
            session=session,
            status=status,
            lease_s=lease_s,
            by=None if by is None else AgentId(by),
            at=self.gateways.now(),
        )
        if f"{organization}/{agent}" not in self._hired:
            await self.hire(agent, organization)
        self._said += 1
        key, identity = f"{organization}/{agent}", f"evt_{self._said}"
        envelope = Envelope(id=identity, source="gateway", subject=key, time=data.at, data=data)
        await self.log.append(PRESENCE_SIGNALS, key, envelope)

    async def hire(self, agent: str, organization: str = "hoa-sen") -> None:
        self._hired.add(f"{organization}/{agent}")
        hired = organizations.agent(agent, organization=OrganizationId(organization))
        await self.log.append(DIRECTORY, *directory_record(hired))

    async def dismiss(self, agent: str) -> None:
        key = directory_key(OrganizationId("hoa-sen"), "agent", agent)
        await self.log.append_bytes(DIRECTORY, key, None)

    async def removals(self) -> list[str]:
        """The keys of presence's records without a value."""
        async with self.log.tail(PRESENCE) as tail:
            async for batch in tail.batches():
                each = (record for records in batch.values() for record in records)
                return [(record.key or b"").decode() for record in each if record.value is None]
        return []

    def advance(self, seconds: float) -> None:
        for clock in (self.clock, self.workers, self.gateways):
            clock.advance(timedelta(seconds=seconds))

    async def records(self, topic: Topic = PRESENCE) -> list[Envelope]:
        found: list[Envelope] = []
        if sum((await self.log.end_offsets(topic)).values()) == 0:
            return found
        async with self.log.tail(topic) as tail:
            async for batch in tail.batches():
                for records in batch.values():
                    found += [decode(r.headers, r.value) for r in records if r.value is not None]
                break
        return found

    async def story(self, agent: str) -> list[tuple[Presence, PresenceCause]]:
        return [
            (event.presence, event.cause)
            for event in await self.changes(agent)
            if event.presence is not event.previous
        ]

    async def changes(self, agent: str) -> list[PresenceChanged]:
        events = [envelope.data for envelope in await self.records()]
        return [e for e in events if isinstance(e, PresenceChanged) and e.agent_id == agent]

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[PresenceWorker]:
        """Runs until left, as abruptly as a kill: nothing is written on the way out."""
        worker = PresenceWorker(self.log, self.workers, partial(DirectoryStaff, self.log))
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(worker.run())
            yield worker
            running.cancel()


LOGIN = (ONLINE, PresenceCause.LOGIN)
LOGOUT = (OFFLINE, PresenceCause.LOGOUT)
EXPIRED = (OFFLINE, PresenceCause.LEASE_EXPIRED)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 - what is polled is another task's doing
        await asyncio.sleep(0.01)


async def ready(worker: PresenceWorker) -> None:
    async def is_ready() -> bool:
        return worker.status.ready() is None

    await until(is_ready)


async def expect_story(shop: Shop, agent: str, story: list[tuple[Presence, PresenceCause]]) -> None:
    async def has_happened() -> bool:
        return await shop.story(agent) == story

    await until(has_happened)
