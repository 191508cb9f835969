"""Who is online, from the topic of presence."""

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import PRESENCE
from tuyen_events.vocabulary import Presence
from tuyen_ingest.identity import SERVICE
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition


class OnlineAgentsTable:
    """OnlineAgents, from the log. `table` has to run."""

    def __init__(self, log: Log) -> None:
        self._agents: dict[str, tuple[int, bool]] = {}
        """By the key of an agent's record, its version, and whether the agent is online."""
        self.table = GlobalTable(log, PRESENCE, read_event, self._fold, service=SERVICE)

    def is_online(self, organization: OrganizationId, agent: AgentId) -> bool:
        _, is_online = self._agents.get(f"{organization}/{agent}", (-1, False))
        return is_online

    def _fold(self, record: KeyedEvent, _position: RecordPosition) -> None:
        event = record.event
        if event is None:
            self._agents.pop(record.key, None)
            return
        if not isinstance(event, PresenceChanged):
            raise UnreadableEventError(f"{event.type} is no presence")
        known, _ = self._agents.get(record.key, (-1, False))
        if event.version > known:  # of two records with the same version the first counts
            self._agents[record.key] = (event.version, event.presence is Presence.ONLINE)
