"""Every worker's global table of organizations: their directory entities and their agents'
presence.

Read from compacted topics from their start. A decision uses what the table contains at that moment;
an agent who logs out in the same second is handled at the customer's next event (R3.3).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tuyen_directory.organization import Organization, evolve, next_version
from tuyen_directory.organization_state import OrganizationState, with_presence, without_presence
from tuyen_directory.records import DirectoryChange, read_change
from tuyen_events.codec import KeyedEvent, read_event
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_events.vocabulary import Presence
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition
from tuyen_router.identity import SERVICE


class OrganizationTables:
    """Organizations by id, made from the directory and presence topics.

    `mark_dirty` is called with each organization whose directory changed, or in which an agent came
    online: somebody in it may have become a candidate. `began_to_count` is called with each
    organization whose rules need loads from now on (R1.7, R2.3). The caller must run `tables`.
    """

    def __init__(
        self,
        log: Log,
        mark_dirty: Callable[[OrganizationId], None],
        began_to_count: Callable[[OrganizationId], None],
    ) -> None:
        self._organizations: dict[OrganizationId, OrganizationState] = {}
        self._presence_versions: dict[tuple[OrganizationId, AgentId], int] = {}
        self._mark_dirty = mark_dirty
        self._began_to_count = began_to_count
        self.tables = (
            GlobalTable(log, DIRECTORY, read_change, self._apply_change, service=SERVICE),
            GlobalTable(log, PRESENCE, read_event, self._apply_presence_record, service=SERVICE),
        )

    def get(self, organization: OrganizationId) -> OrganizationState:
        """The organization; one without any record assigns nothing."""
        found = self._organizations.get(organization)
        if found is None:
            found = OrganizationState(Organization(id=organization))
            self._organizations[organization] = found
        return found

    async def wait_until_caught_up(self) -> None:
        """Returns once both tables contain what was in the log when they started."""
        for table in self.tables:
            await table.wait_until(partial(_is_complete, table), within_s=None)

    def _apply_change(self, changed: DirectoryChange, position: RecordPosition) -> None:
        before = self.get(changed.organization)
        version = next_version(before.directory.version, position.timestamp)
        directory = evolve(before.directory, changed.change, version)
        after = replace(before, directory=directory, directory_offset=position.offset)
        self._organizations[after.id] = after
        self._mark_dirty(after.id)
        if directory.rules is not before.directory.rules and _begins_to_count(before, after):
            self._began_to_count(after.id)

    def _apply_presence_record(self, record: KeyedEvent, _position: RecordPosition) -> None:
        if record.event is None:
            self._forget_presence(record.key)
        elif isinstance(record.event, PresenceChanged):
            self._apply_presence(record.event)

    def _apply_presence(self, event: PresenceChanged) -> None:
        """Ignores a version that is not higher than the last: a late record of a presence worker
        that was frozen, or the second record of the same version."""
        agent = (event.organization, event.agent_id)
        if event.version > self._presence_versions.get(agent, -1):
            before = self.get(event.organization)
            after = with_presence(before, event.agent_id, event.presence)
            self._organizations[event.organization] = after
            self._presence_versions[agent] = event.version
            if event.presence is Presence.ONLINE:  # R1.2
                self._mark_dirty(event.organization)

    def _forget_presence(self, key: str) -> None:
        """Removes the presence of an agent who was removed; the record's key names them."""
        organization, _, name = key.partition("/")
        agent = OrganizationId(organization), AgentId(name)
        if self._presence_versions.pop(agent, None) is not None:
            self._organizations[agent[0]] = without_presence(self.get(agent[0]), agent[1])


def _begins_to_count(before: OrganizationState, after: OrganizationState) -> bool:
    return after.counts_loads and not before.counts_loads


def _is_complete(table: GlobalTable) -> bool:
    return table.is_caught_up
