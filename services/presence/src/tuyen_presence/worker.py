"""The one task of the service: signals in, presence out, leases ended in time."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode, encode
from tuyen_events.event import Envelope
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import bury, skip
from tuyen_platform.kafka.ports import (
    Batch,
    Log,
    LogUnavailableError,
    Offsets,
    Record,
    Subscription,
    Unwritten,
)
from tuyen_platform.metrics import ONLINE_SESSIONS, PRESENCE_CHANGES
from tuyen_platform.projection import ProjectionStatus
from tuyen_presence.domain.presence import Agent, Change, decide, evolve, expire, heed, settle

SERVICE = "presence"
SOURCE = "tuyen/presence"
GROUP = "presence"

_BEHIND = "presence and the signals that piled up"
_RETRY_S = 1.0
_LONGEST_PAUSE_S = 8.0
"""A member that says nothing for 10 s loses its partitions; one that stood still for this long
before it wrote does not write."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Horizon:
    """A moment, and the ends of this worker's signals at that moment."""

    now: datetime
    ends: Offsets

    def passed(self, reached: Offsets) -> bool:
        return all(reached.get(place, -1) >= end for place, end in self.ends.items())


class PresenceWorker:
    """Owns some partitions of the signals, and with them the same partitions of presence.

    Signals are handled in log order. A lease is ended only when every signal was handled that stood
    in the log by the time that the lease was seen to be over, so that after a pause, a crash or a
    rebalance the heartbeats that piled up count first (R8.2). Until then a worker that recovers
    writes nothing, and then at most one record for each agent. Offsets are committed after the
    records that follow from them are acknowledged; whatever is handled again makes the same again.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._agents: dict[int, dict[str, Agent]] | None = None
        """By partition and key; None before the first recovery."""
        self._changes: list[Change] = []
        """What is still to be written."""
        self._published: dict[str, Agent] | None = None
        """While the worker recovers: the agents as their last records have them."""
        self._horizon: _Horizon | None = None
        self._looked_at = time.monotonic()
        self.status = ProjectionStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is away it waits and then recovers."""
        while True:
            self._agents, self._horizon = None, None
            try:
                await self._follow()
            except LogUnavailableError as error:
                self.status.waiting(str(error))
                _log.warning("presence_waits", error=str(error), wait_s=_RETRY_S)
                await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        async with self._log.subscribe(
            PRESENCE_SIGNALS, group=GROUP, starts=self._recover
        ) as subscription:
            self._looked_at = time.monotonic()
            async for batch in subscription.batches():
                await self._handle(batch)
                await self._end_leases(subscription)
                if self._agents is not None and self._published is None:
                    await self._write()
                    await subscription.commit()
                    self.status.turned()
                else:
                    self.status.waiting(_BEHIND)
                self._looked_at = time.monotonic()
                ONLINE_SESSIONS.set(sum(len(agent.sessions) for agent in self._all()))

    async def _recover(self, committed: Offsets) -> Offsets:
        """Reads the presence of this worker's share, and says from where its signals are to be
        read: every signal after the record of an agent who has a session counts."""
        self.status.waiting(_BEHIND)
        agents: dict[int, dict[str, Agent]] = {partition: {} for _, partition in committed}
        async with self._log.tail(PRESENCE) as tail:
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    if partition in agents:
                        await self._remember(agents[partition], records)
                if tail.caught_up:
                    break
        self._agents, self._changes = agents, []
        self._published = {agent.key: agent for agent in self._all()}
        self._horizon = await self._look_ahead()
        self._looked_at = time.monotonic()
        _log.info("presence_recovered", partitions=len(agents), agents=len(self._published))
        return {
            (topic, partition): min(
                [offset, *(a.signals_offset + 1 for a in agents[partition].values() if a.sessions)]
            )
            for (topic, partition), offset in committed.items()
        }

    async def _remember(self, agents: dict[str, Agent], records: Sequence[Record]) -> None:
        """Of two records with one version the first counts: they say the same."""
        for record in records:
            envelope = await self._read(record)
            if envelope is None:
                continue
            event = envelope.data
            if not isinstance(event, PresenceChanged):
                await bury(self._log, record, SERVICE, f"{event.type} is no presence")
                continue
            agent = Agent(event.organization, event.agent_id)
            known = agents.get(agent.key, agent)
            if event.version > known.version:
                agents[agent.key] = evolve(known, event)

    async def _handle(self, batch: Batch) -> None:
        for (_, partition), records in batch.items():
            agents = (self._agents or {})[partition]
            for record in records:
                envelope = await self._read(record)
                if envelope is None:
                    continue
                if not isinstance(envelope.data, SessionSignalled):
                    await bury(self._log, record, SERVICE, f"{envelope.data.type} is no signal")
                    continue
                self._take(agents, envelope.data, envelope.id, record.offset)

    def _take(
        self, agents: dict[str, Agent], signal: SessionSignalled, signal_id: str, offset: int
    ) -> None:
        fresh = Agent(signal.organization, signal.agent_id)
        agent = agents.get(fresh.key, fresh)
        change = decide(agent, signal, signal_id, offset)
        if change is None:
            agents[agent.key] = heed(agent, signal, offset)
        else:
            agents[agent.key] = evolve(agent, change.event)
            self._changes.append(change)

    async def _end_leases(self, subscription: Subscription) -> None:
        """Ends the leases that are over, once all signals were handled that could renew them."""
        if self._horizon is None and self._over(self._clock.now()):
            self._horizon = await self._look_ahead()
        if self._horizon is None or not self._horizon.passed(await subscription.positions()):
            return
        now, self._horizon = self._horizon.now, None
        for agents, found in self._over(now):
            agent = found
            while (change := expire(agent, now)) is not None:
                agent = agents[agent.key] = evolve(agent, change.event)
                self._changes.append(change)
        if self._published is not None:
            self._settle(self._published)

    async def _look_ahead(self) -> "_Horizon":
        now = self._clock.now()
        ends = await self._log.end_offsets(PRESENCE_SIGNALS)
        owned = self._agents or {}
        return _Horizon(now, {(PRESENCE_SIGNALS.name, p): ends[p] for p in owned})

    def _settle(self, published: Mapping[str, Agent]) -> None:
        """The worker is caught up: what it writes first is one record for each agent."""
        last = {f"{c.event.organization}/{c.event.agent_id}": c for c in self._changes}
        self._changes, self._published = [], None
        for agents in (self._agents or {}).values():
            for key in agents.keys() & last.keys():
                agent = agents[key]
                before = published.get(key, Agent(agent.organization, agent.id))
                change = settle(before, agent, last[key])
                agents[key] = evolve(agent, change.event)
                self._changes.append(change)

    async def _write(self) -> None:
        """Returns once all records are acknowledged. A worker that stood still for long says
        nothing: the partitions may be another's by now."""
        if not self._changes:
            return
        still = time.monotonic() - self._looked_at
        if still > _LONGEST_PAUSE_S:
            raise LogUnavailableError(f"stood still for {still:.1f} s: the state may be another's")
        changes, self._changes = self._changes, []
        await self._log.append_all([_unwritten(change) for change in changes])
        for change in changes:
            _tell(change)

    async def _read(self, record: Record) -> Envelope | None:
        if record.value is None:
            return None
        try:
            return decode(record.headers, record.value)
        except UnknownTypeError as error:
            skip(record, SERVICE, error.reason)
        except UnreadableEventError as error:
            await bury(self._log, record, SERVICE, error.reason)
        return None

    def _all(self) -> Iterator[Agent]:
        for agents in (self._agents or {}).values():
            yield from agents.values()

    def _over(self, now: datetime) -> list[tuple[dict[str, Agent], Agent]]:
        """The agents of whom a lease is over, each with the copy that it stands in."""
        return [
            (agents, agent)
            for agents in (self._agents or {}).values()
            for agent in agents.values()
            if any(session.expires_at <= now for session in agent.sessions.values())
        ]


def _unwritten(change: Change) -> Unwritten:
    event = change.event
    key = f"{event.organization}/{event.agent_id}"
    envelope = Envelope(id=change.id, source=SOURCE, subject=key, time=event.at, data=event)
    return Unwritten(PRESENCE, key, *encode(envelope))


def _tell(change: Change) -> None:
    event = change.event
    if event.presence is event.previous:
        return
    PRESENCE_CHANGES.labels(event.cause).inc()
    _log.info(
        "presence_changed",
        event_id=change.id,
        organization=event.organization,
        agent_id=event.agent_id,
        presence=event.presence,
        cause=event.cause,
        version=event.version,
    )
