"""The one task of the service: signals in, presence out, leases ended in time."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode, encode
from tuyen_events.event import Envelope, Event
from tuyen_events.limits import ID_CHARACTERS
from tuyen_events.presence import REMOVED_TYPE, PresenceChanged, SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_platform.blame import is_the_records
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import put_aside, skip
from tuyen_platform.kafka.ports import (
    Appended,
    Batch,
    Log,
    LogUnavailableError,
    Offsets,
    Record,
    Unwritten,
)
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.metrics import ONLINE_SESSIONS, PRESENCE_CHANGES
from tuyen_platform.projection import ProjectionStatus
from tuyen_presence.clock_hand import ClockHand, moment_of
from tuyen_presence.domain.presence import (
    Agent,
    Change,
    condense,
    decide,
    evolve,
    expire,
    heed,
    restate,
    settle,
)
from tuyen_presence.staff import Staff

SERVICE = "presence"
SOURCE = "tuyen/presence"
GROUP = "presence"

_BEHIND = "presence and the signals that piled up"
_RETRY_S = 1.0
_LONGEST_PAUSE_S = 8.0
"""A member that says nothing for 10 s loses its partitions; one that stood still for this long
before it wrote does not write."""

_log = structlog.get_logger()


class PresenceWorker:
    """Owns some partitions of the signals, and with them the same partitions of presence.

    Signals are handled in log order. Leases begin and end by the broker's clock: when one may be
    over, the worker appends a record without a value to the signals, and the time that this record
    got is the time, once it comes back. So every signal counts that stood in the log before it,
    after a pause, a crash or a rebalance too (R8.2). Until the first came back a worker that
    recovers writes nothing, and then at most one record for each agent. Offsets are committed after
    the records that follow from them are acknowledged; whatever is handled again makes the same
    again. A signal that cannot be handled, for whatever reason of its own, is buried (R9.5).

    Of an agent whom the directory has no more, and who has no session, the record is removed
    (R9.6): whoever gets that id again begins anew.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._agents: dict[int, dict[str, Agent]] | None = None
        """By partition and key; None before the first recovery."""
        self._changes: dict[str, list[Change]] = {}
        """What is still to be written, by agent."""
        self._published: dict[str, Agent] | None = None
        """While the worker recovers: the agents as their last records have them."""
        self._ends: dict[int, int] = {}
        """By partition of presence, the offset that this worker's next record has to get."""
        self._hand = ClockHand(log, clock)
        self._staff = Staff(log, SERVICE)
        self._looked_at = time.monotonic()
        self.status = ProjectionStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is away it waits and then recovers."""
        while True:
            self._agents, self._staff = None, Staff(self._log, SERVICE)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._staff.run())
                    await self._follow()
            except* LogUnavailableError as errors:
                error = str(errors.exceptions[0])
                self.status.waiting(error)
                _log.warning("presence_waits", error=error, wait_s=_RETRY_S)
                await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        async with self._log.subscribe(
            PRESENCE_SIGNALS, group=GROUP, starts=self._recover
        ) as subscription:
            self._looked_at = time.monotonic()
            async for batch in subscription.batches():
                await self._handle(batch)
                await self._hand.look(self._first_ends())
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
        contested: dict[str, PresenceChanged] = {}
        ends = dict(await self._log.end_offsets(PRESENCE))
        async with self._log.tail(PRESENCE) as tail:
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    if partition in agents:
                        await self._remember(agents[partition], contested, records)
                        ends[partition] = max(ends[partition], records[-1].offset + 1)
                if tail.caught_up:
                    break
        self._agents, self._ends = agents, ends
        self._published = {agent.key: agent for agent in self._all()}
        self._changes = {
            key: [restate(agent, contested[key])]
            for key, agent in self._published.items()
            if key in contested
        }
        await self._hand.ask_all(agents)
        self._looked_at = time.monotonic()
        _log.info("presence_recovered", partitions=len(agents), agents=len(self._published))
        return {
            (topic, partition): min(
                [offset, *(a.signals_offset + 1 for a in agents[partition].values() if a.sessions)]
            )
            for (topic, partition), offset in committed.items()
        }

    async def _remember(
        self,
        agents: dict[str, Agent],
        contested: dict[str, PresenceChanged],
        records: Sequence[Record],
    ) -> None:
        """Of two records with one version the first counts, here and with everybody who reads.
        Compaction keeps the last: agents behind whose record another stands are `contested`."""
        for record in records:
            try:
                if record.value is None:
                    key = (record.key or b"").decode("utf-8", "replace")
                    agents.pop(key, None)
                    contested.pop(key, None)
                    continue
                envelope = await self._read(record)
                if envelope is not None:
                    _remember(agents, contested, envelope.data)
            except Exception as error:  # the supervisor of one record
                await self._put_aside(record, error)

    async def _handle(self, batch: Batch) -> None:
        for (_, partition), records in batch.items():
            agents = (self._agents or {})[partition]
            for record in records:
                if record.value is None:
                    if (now := self._hand.told(record)) is not None:
                        self._end_leases(agents, now)
                    continue
                try:
                    envelope = await self._read(record)
                    if envelope is not None:
                        self._hand.heard(record)
                        self._take(agents, envelope, record)
                except Exception as error:  # the supervisor of one record
                    await self._put_aside(record, error)
        if self._published is not None and not self._hand.waits:
            self._settle(self._published)

    def _take(self, agents: dict[str, Agent], envelope: Envelope, record: Record) -> None:
        signal, told_at = envelope.data, moment_of(record)
        if not isinstance(signal, SessionSignalled):
            raise UnreadableEventError(f"{signal.type} is no signal")
        if len(signal.session) > ID_CHARACTERS:
            raise UnreadableEventError(f"a session of {len(signal.session)} characters")
        fresh = Agent(signal.organization, signal.agent_id)
        agent = agents.get(fresh.key, fresh)
        change = decide(agent, signal, envelope.id, record.offset, told_at)
        if change is None:
            agents[agent.key] = heed(agent, signal, record.offset, told_at)
        else:
            topic, key, value, headers, _ = _unwritten(change)
            refuse_too_large(topic, key.encode(), value, headers)
            self._note(agents, agent, change)

    def _note(self, agents: dict[str, Agent], agent: Agent, change: Change) -> Agent:
        changes = self._changes.setdefault(agent.key, [])
        if self._published is not None:
            changes.clear()  # of what piled up the last change tells all
        changes.append(change)
        agents[agent.key] = evolved = evolve(agent, change.event)
        return evolved

    def _end_leases(self, agents: dict[str, Agent], now: datetime) -> None:
        for found in list(agents.values()):
            agent = found
            while (change := expire(agent, now)) is not None:
                agent = self._note(agents, agent, change)

    def _settle(self, published: Mapping[str, Agent]) -> None:
        """The worker is caught up: what it writes first is one record for each agent."""
        changed, self._changes, self._published = self._changes, {}, None
        for agents in (self._agents or {}).values():
            for key in filter(agents.__contains__, changed):
                agent = agents[key]
                before = published.get(key, Agent(agent.organization, agent.id))
                self._note(agents, agent, settle(before, agent, changed[key][-1]))

    async def _write(self) -> None:
        """Returns once all records are acknowledged. A worker that stood still for long says
        nothing: the partitions may be another's by now. Neither does one go on that finds another
        worker's records among its own: it reads again what counts."""
        gone = [
            each for each in self._all() if not each.sessions and self._staff.has_left(each.key)
        ]
        if not self._changes and not gone:
            return
        still = time.monotonic() - self._looked_at
        if still > _LONGEST_PAUSE_S:
            raise LogUnavailableError(f"stood still for {still:.1f} s: the state may be another's")
        changed, self._changes = self._changes, {}
        records: list[Change] = []
        for agents in (self._agents or {}).values():
            for key in filter(agents.__contains__, changed):
                told = condense(agents[key], changed[key])
                agents[key] = evolve(agents[key], told[-1].event)
                records += told
        removals = [_removal(each.key) for each in gone if each.version]
        written = await self._log.append_all([*map(_unwritten, records), *removals])
        for change in records:
            _tell(change)
        for agents in (self._agents or {}).values():
            for agent in gone:
                agents.pop(agent.key, None)
        if not self._alone(written):
            raise LogUnavailableError("another worker wrote as well: what counts is read again")

    def _alone(self, written: Sequence[Appended]) -> bool:
        """Whether records stand right behind what this worker knows of each partition."""
        alone = True
        for at in written:
            alone &= at.offset == self._ends[at.partition]
            self._ends[at.partition] = at.offset + 1
        return alone

    async def _put_aside(self, record: Record, error: Exception) -> None:
        if not is_the_records(error):
            raise error
        await put_aside(self._log, record, SERVICE, error)

    async def _read(self, record: Record) -> Envelope | None:
        if record.value is None:
            return None
        try:
            return decode(record.headers, record.value)
        except UnknownTypeError as error:
            skip(record, SERVICE, error.reason)
            return None

    def _all(self) -> Iterator[Agent]:
        for agents in (self._agents or {}).values():
            yield from agents.values()

    def _first_ends(self) -> dict[int, datetime]:
        """By partition, when the first of its leases is over."""
        ends = {
            partition: [s.expires_at for agent in agents.values() for s in agent.sessions.values()]
            for partition, agents in (self._agents or {}).items()
        }
        return {partition: min(found) for partition, found in ends.items() if found}


def _remember(
    agents: dict[str, Agent], contested: dict[str, PresenceChanged], event: Event
) -> None:
    if not isinstance(event, PresenceChanged):
        raise UnreadableEventError(f"{event.type} is no presence")
    agent = Agent(event.organization, event.agent_id)
    known = agents.get(agent.key, agent)
    if event.version > known.version:
        agents[agent.key] = evolve(known, event)
        contested.pop(agent.key, None)
    else:
        contested[agent.key] = event


def _unwritten(change: Change) -> Unwritten:
    event = change.event
    key = f"{event.organization}/{event.agent_id}"
    envelope = Envelope(id=change.id, source=SOURCE, subject=key, time=event.at, data=event)
    return Unwritten(PRESENCE, key, *encode(envelope))


def _removal(key: str) -> Unwritten:
    return Unwritten(PRESENCE, key, None, [("ce_type", REMOVED_TYPE.encode())])


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
