"""This gateway's global table of presence, and the signals from which presence is made."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import PRESENCE_CHANGES_AN_HOUR, SIGNALS_AN_HOUR
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.ports import Log, RecordMetadata, RecordPosition

_Sender = tuple[OrganizationId, AgentId, bool]
"""The agent whom signals are about, and whether a manager sends them."""


class PresenceTable:
    """`PresenceBoard`, from the log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._agents: dict[tuple[OrganizationId, AgentId], PresenceChanged] = {}
        self._signals: HourlyQuota[_Sender] = HourlyQuota(
            SIGNALS_AN_HOUR, "Too many signals about this presence"
        )
        self._changes: HourlyQuota[_Sender] = HourlyQuota(
            PRESENCE_CHANGES_AN_HOUR, "This presence changes too often"
        )
        self._last: dict[OrganizationId, dict[AgentId, tuple[int, int]]] = {}
        """The partition and offset of the last record of each agent."""
        self.heads = Heads()
        self.table = AwaitedTable(log, PRESENCE, read_event, self._fold)

    def of(self, organization: OrganizationId, agent_id: AgentId) -> PresenceChanged | None:
        return self._agents.get((organization, agent_id))

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[PresenceChanged]:
        return [
            self._agents[organization, agent_id]
            for agent_id, (partition, offset) in self._last.get(organization, {}).items()
            if offset >= heads.get(partition, 0) and (organization, agent_id) in self._agents
        ]

    def presence(self, organization: OrganizationId, agent_id: AgentId) -> Presence:
        found = self.of(organization, agent_id)
        return Presence.OFFLINE if found is None else found.presence

    async def signal(self, signal: SessionSignalled) -> RecordMetadata:
        sender = (signal.organization, signal.agent_id, signal.by is not None)
        self._signals.take(sender, 1, signal.at)
        if signal.status is not None and not self._changes_nothing(signal):
            self._changes.take(sender, 1, signal.at)
        key = f"{signal.organization}/{signal.agent_id}"
        envelope = Envelope(
            id=f"evt_{uuid4().hex}", source=SOURCE, subject=key, time=signal.at, data=signal
        )
        return await self._log.append(PRESENCE_SIGNALS, key, envelope)

    async def wait_until_settled(
        self, signal: SessionSignalled, at: RecordMetadata, within_s: float
    ) -> bool:
        return await self.table.wait_until(lambda: self._shows(signal, at), within_s)

    def _shows(self, signal: SessionSignalled, at: RecordMetadata) -> bool:
        """Whether the signal at `at` is included in this table. A signal that changes no session's
        status makes no record, so its result is shown already."""
        found = self.of(signal.organization, signal.agent_id)
        return (found is not None and found.signals_offset >= at.offset) or self._changes_nothing(
            signal
        )

    def _changes_nothing(self, signal: SessionSignalled) -> bool:
        """Whether the signal changes no session's status, as far as this table knows."""
        found = self.of(signal.organization, signal.agent_id)
        sessions = {} if found is None else found.sessions
        if signal.by is not None:
            return all(session.status is signal.status for session in sessions.values())
        own = sessions.get(signal.session)
        return signal.status is (Presence.OFFLINE if own is None else own.status)

    def _fold(self, record: KeyedEvent, position: RecordPosition) -> None:
        organization, _, agent_id = record.key.partition("/")
        key, event = (OrganizationId(organization), AgentId(agent_id)), record.event
        self.heads.advance(key[0], position.partition, position.offset)
        self._last.setdefault(key[0], {})[key[1]] = (position.partition, position.offset)
        if event is None:
            self._agents.pop(key, None)
            del self._last[key[0]][key[1]]
            return
        if not isinstance(event, PresenceChanged):
            raise UnreadableEventError(f"{event.type} is no presence")
        known = self._agents.get(key)
        # A frozen worker may write late: of two records with the same version the first counts.
        if known is None or event.version > known.version:
            self._agents[key] = event
