"""The one task of the service: reads signals, writes presence, ends leases in time."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime

import structlog

from tuyen_events.codec import UnreadableEventError, decode, encode
from tuyen_events.event import Envelope, Event
from tuyen_events.limits import ID_CHARACTERS
from tuyen_events.presence import REMOVED_TYPE, PresenceChanged, SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    LogUnavailableError,
    Offsets,
    ProducerRecord,
    Record,
)
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.kafka.sole_writer import SoleWriter
from tuyen_platform.metrics import ONLINE_SESSIONS, PRESENCE_CHANGES
from tuyen_presence.broker_clock import BrokerClock, broker_time_of
from tuyen_presence.domain.presence import (
    Agent,
    PresenceStep,
    apply_signal,
    condense,
    decide,
    evolve,
    expire,
    restate,
    settle,
)
from tuyen_presence.identity import SERVICE, SOURCE
from tuyen_presence.ports import Staff

GROUP = "presence"

_BEHIND = "presence and the signals since the last record"
_LONGEST_PAUSE_S = 8.0
"""A member that is silent for 10 s loses its partitions; a worker that was paused for this long
before a write does not write."""

_CHECK_EVERY_S = 30.0
"""How often a worker checks that no other one has written to its presence, also while it writes
nothing. The topic is compacted later than that."""

_log = structlog.get_logger()


class PresenceWorker:
    """Owns some partitions of the signals, and with them the same partitions of presence.

    Signals are handled in log order. Leases begin and end by the broker's clock: when one may be
    over, the worker appends a record without a value to the signals, and the timestamp of that
    record is the present time when the worker reads it. So every signal that was in the log before
    it counts, also after a pause, a crash or a rebalance (R8.2). A worker that recovers writes
    nothing until the first of these records came back, and then at most one record for each agent.
    Offsets are committed after the records that follow from them are acknowledged; an input that is
    handled again leads to the same records. A signal that cannot be handled is a dead letter
    (R9.5).

    The record of an agent who was removed from the directory and has no session is removed (R9.6):
    if the id is used again, its presence starts from the first version.
    """

    def __init__(self, log: Log, clock: Clock, staff: Callable[[], Staff]) -> None:
        """`staff` is called whenever the worker recovers: it then follows the directory again."""
        self._log = log
        self._agents: dict[int, dict[str, Agent]] | None = None
        """By partition and key; None before the first recovery."""
        self._changes: dict[str, list[PresenceStep]] = {}
        """What is still to be written, by agent."""
        self._published: dict[str, Agent] | None = None
        """While the worker recovers: the agents as in their last records."""
        self._writer = SoleWriter(log, PRESENCE)
        self._broker_clock = BrokerClock(log, clock)
        self._new_staff = staff
        self._staff = self._new_staff()
        self._looked_at = self._checked_at = time.monotonic()
        self.status = ConsumerStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits and then recovers."""
        await follow_for_ever(self._follow, log_as="presence_waits", status=self.status)

    async def _follow(self) -> None:
        self._agents, self._staff = None, self._new_staff()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._staff.run())
            await consume(
                self._log,
                PRESENCE_SIGNALS,
                group=GROUP,
                handle=self._turn,
                starts=self._recover,
                status=self.status,
            )

    async def _turn(self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]]) -> bool:
        """Nothing is handled before the worker has caught up."""
        await self._handle(batch)
        await self._broker_clock.ask_if_due(self._first_ends())
        has_caught_up = self._agents is not None and self._published is None
        if has_caught_up:
            await self._write()
            await self._check({partition for _, partition in partitions})
        else:
            self.status.note_waiting(_BEHIND)
        self._looked_at = time.monotonic()
        ONLINE_SESSIONS.set(sum(len(agent.sessions) for agent in self._all()))
        return has_caught_up

    async def _check(self, partitions: Set[int]) -> None:
        """Raises LogUnavailableError if another worker wrote to one of `partitions` after this one:
        its record may be older, and compaction would keep it."""
        if time.monotonic() - self._checked_at > _CHECK_EVERY_S:
            await self._writer.check_ends((self._agents or {}).keys() & partitions)
            self._checked_at = time.monotonic()

    async def _recover(self, committed: Offsets) -> Offsets:
        """Reads the presence of this worker's partitions, and returns the offsets from which to
        read the signals: every signal after the record of an agent who has a session counts."""
        self.status.note_waiting(_BEHIND)
        agents: dict[int, dict[str, Agent]] = {partition: {} for _, partition in committed}
        contested: dict[str, PresenceChanged] = {}

        async def take(batch: FetchedRecords) -> None:
            for (_, partition), records in batch.items():
                if partition in agents:
                    await self._remember(agents[partition], contested, records)

        await self._writer.recover(take)
        self._agents = agents
        self._published = {agent.key: agent for agent in self._all()}
        self._changes = {
            key: [restate(agent, contested[key])]
            for key, agent in self._published.items()
            if key in contested
        }
        await self._broker_clock.ask_all(agents)
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
        """Of two records with the same version the first counts, here and for every reader.
        Compaction keeps the last one, so agents whose valid record is followed by such a record are
        `contested`."""
        for record in records:
            try:
                if record.value is None:
                    key = (record.key or b"").decode("utf-8", "replace")
                    agents.pop(key, None)
                    contested.pop(key, None)
                    continue
                _remember(agents, contested, decode(record.headers, record.value).data)
            except Exception as error:  # whatever is wrong with one record must not stop others
                await reject_or_raise(self._log, record, SERVICE, error)

    async def _handle(self, batch: FetchedRecords) -> None:
        for (_, partition), records in batch.items():
            agents = (self._agents or {})[partition]
            for record in records:
                if record.value is None:
                    if (now := self._broker_clock.time_of_answer(record)) is not None:
                        self._end_leases(agents, now)
                    continue
                try:
                    envelope = decode(record.headers, record.value)
                    self._broker_clock.note_signal(record)
                    self._take(agents, envelope, record)
                except Exception as error:  # whatever is wrong with one record must not stop others
                    await reject_or_raise(self._log, record, SERVICE, error)
        if self._published is not None and not self._broker_clock.waits:
            self._settle(self._published)

    def _take(self, agents: dict[str, Agent], envelope: Envelope, record: Record) -> None:
        signal, signalled_at = envelope.data, broker_time_of(record)
        if not isinstance(signal, SessionSignalled):
            raise UnreadableEventError(f"{signal.type} is not a signal")
        if len(signal.session) > ID_CHARACTERS:
            raise UnreadableEventError(f"a session of {len(signal.session)} characters")
        fresh = Agent(signal.organization, signal.agent_id)
        agent = agents.get(fresh.key, fresh)
        change = decide(agent, signal, envelope.id, record.offset, signalled_at)
        if change is None:
            agents[agent.key] = apply_signal(agent, signal, record.offset, signalled_at)
        else:
            refuse_too_large(_record(change))
            self._note(agents, agent, change)

    def _note(self, agents: dict[str, Agent], agent: Agent, change: PresenceStep) -> Agent:
        changes = self._changes.setdefault(agent.key, [])
        if self._published is not None:
            changes.clear()  # the last change includes all earlier ones
        changes.append(change)
        agents[agent.key] = evolved = evolve(agent, change.event)
        return evolved

    def _end_leases(self, agents: dict[str, Agent], now: datetime) -> None:
        for found in list(agents.values()):
            agent = found
            while (change := expire(agent, now)) is not None:
                agent = self._note(agents, agent, change)

    def _settle(self, published: Mapping[str, Agent]) -> None:
        """The worker has caught up: its first write is one record for each agent."""
        changed, self._changes, self._published = self._changes, {}, None
        for agents in (self._agents or {}).values():
            for key in filter(agents.__contains__, changed):
                agent = agents[key]
                before = published.get(key, Agent(agent.organization, agent.id))
                self._note(agents, agent, settle(before, agent, changed[key][-1]))

    async def _write(self) -> None:
        """Returns once all records are acknowledged. Raises LogUnavailableError, and writes
        nothing, if the worker was paused for long, since another one may own the partitions by now;
        and also if it finds another worker's records among its own, since it then has to read again
        what counts."""
        gone = [
            each for each in self._all() if not each.sessions and self._staff.has_left(each.key)
        ]
        if not self._changes and not gone:
            return
        still = time.monotonic() - self._looked_at
        if still > _LONGEST_PAUSE_S:
            raise LogUnavailableError(f"paused for {still:.1f} s: others may own the partitions")
        changed, self._changes = self._changes, {}
        records: list[PresenceStep] = []
        for agents in (self._agents or {}).values():
            for key in filter(agents.__contains__, changed):
                condensed = condense(agents[key], changed[key])
                agents[key] = evolve(agents[key], condensed[-1].event)
                records += condensed
        removals = [_removal(each.key) for each in gone if each.version]
        written = await self._log.append_all([*map(_record, records), *removals])
        for change in records:
            _log_change(change)
        for agents in (self._agents or {}).values():
            for agent in gone:
                agents.pop(agent.key, None)
        self._writer.check(written)

    def _all(self) -> Iterator[Agent]:
        for agents in (self._agents or {}).values():
            yield from agents.values()

    def _first_ends(self) -> dict[int, datetime]:
        """By partition, when the first of its leases ends."""
        ends = {
            partition: [s.expires_at for agent in agents.values() for s in agent.sessions.values()]
            for partition, agents in (self._agents or {}).items()
        }
        return {partition: min(found) for partition, found in ends.items() if found}


def _remember(
    agents: dict[str, Agent], contested: dict[str, PresenceChanged], event: Event
) -> None:
    if not isinstance(event, PresenceChanged):
        raise UnreadableEventError(f"{event.type} is not a presence event")
    agent = Agent(event.organization, event.agent_id)
    known = agents.get(agent.key, agent)
    if event.version > known.version:
        agents[agent.key] = evolve(known, event)
        contested.pop(agent.key, None)
    else:
        contested[agent.key] = event


def _record(change: PresenceStep) -> ProducerRecord:
    event = change.event
    key = f"{event.organization}/{event.agent_id}"
    envelope = Envelope(id=change.id, source=SOURCE, subject=key, time=event.at, data=event)
    return ProducerRecord(PRESENCE, key, *encode(envelope))


def _removal(key: str) -> ProducerRecord:
    return ProducerRecord(PRESENCE, key, None, [("ce_type", REMOVED_TYPE.encode())])


def _log_change(change: PresenceStep) -> None:
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
