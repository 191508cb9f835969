"""This gateway's global table of presence, and the signals from which presence is made."""

from uuid import uuid4

from tuyen_events.codec import UnreadableEventError, decode_data
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.directory import SOURCE
from tuyen_gateway.domain.heads import Heads
from tuyen_platform.kafka.ports import Log, Record, RecordMetadata


class PresenceBoard:
    """Every agent's presence, as last published by the presence service."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._agents: dict[tuple[OrganizationId, AgentId], PresenceChanged] = {}
        self.heads = Heads()
        self.copy = AwaitedTable(log, PRESENCE, self._fold)

    def of(self, organization: OrganizationId, agent_id: AgentId) -> PresenceChanged | None:
        """The last change of an agent's presence; None if there never was one: offline."""
        return self._agents.get((organization, agent_id))

    def presence(self, organization: OrganizationId, agent_id: AgentId) -> Presence:
        found = self.of(organization, agent_id)
        return Presence.OFFLINE if found is None else found.presence

    async def signal(self, signal: SessionSignalled) -> RecordMetadata:
        """Appends a session's signal, which the presence service will handle."""
        key = f"{signal.organization}/{signal.agent_id}"
        envelope = Envelope(
            id=f"evt_{uuid4().hex}", source=SOURCE, subject=key, time=signal.at, data=signal
        )
        return await self._log.append(PRESENCE_SIGNALS, key, envelope)

    async def settled(self, signal: SessionSignalled, at: RecordMetadata, within_s: float) -> bool:
        """Whether this table showed the result of the signal at `at` within that time."""
        return await self.copy.until(lambda: self._shows(signal, at), within_s)

    def _shows(self, signal: SessionSignalled, at: RecordMetadata) -> bool:
        """A signal that changes no session's status makes no record: its result is shown
        already."""
        found = self.of(signal.organization, signal.agent_id)
        if found is not None and found.signals_offset >= at.offset:
            return True
        sessions = {} if found is None else found.sessions
        if signal.by is not None:
            return all(session.status is signal.status for session in sessions.values())
        own = sessions.get(signal.session)
        return signal.status is (Presence.OFFLINE if own is None else own.status)

    def _fold(self, record: Record) -> None:
        organization, _, agent_id = (record.key or b"").decode("utf-8", "replace").partition("/")
        key = (OrganizationId(organization), AgentId(agent_id))
        self.heads.saw(key[0], record.partition, record.offset)
        if record.value is None:
            self._agents.pop(key, None)
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, PresenceChanged):
            raise UnreadableEventError(f"{event.type} is no presence")
        known = self._agents.get(key)
        # A frozen worker may write late: of two records with the same version the first counts.
        if known is None or event.version > known.version:
            self._agents[key] = event
