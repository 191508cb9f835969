"""A full copy, on every worker, of what organizations have set up and of who is there.

Read from compacted topics from their start. A decision is made with what the copy knows at that
moment; an agent who left in that very second is dealt with at the next event (R3.3).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from tuyen_events.codec import UnreadableEventError, decode_data
from tuyen_events.directory import DirectoryEvent, SettingsChanged
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_platform.kafka.copies import LogCopy
from tuyen_platform.kafka.ports import Log, Record
from tuyen_router.domain.organization import (
    Organization,
    evolve,
    with_presence,
    without,
    without_presence,
)
from tuyen_router.stages.records import reason_of

_NEVER = datetime.min.replace(tzinfo=UTC)


class OrganizationCopies:
    """Organizations by id, as the directory and the presence topic have them.

    `stir` is called with each organization that a record changed: somebody in it may have become a
    candidate. `began_to_count` is called with each whose rules ask for loads from now on (R1.7,
    R2.3). `copies` have to run.
    """

    def __init__(
        self,
        log: Log,
        stir: Callable[[OrganizationId], None],
        began_to_count: Callable[[OrganizationId], None],
    ) -> None:
        self._organizations: dict[OrganizationId, Organization] = {}
        self._presence_versions: dict[tuple[OrganizationId, AgentId], int] = {}
        self._stir = stir
        self._began_to_count = began_to_count
        self.copies = tuple(
            LogCopy(log, topic, self._take, service="router") for topic in (DIRECTORY, PRESENCE)
        )

    def get(self, organization: OrganizationId) -> Organization:
        """The organization; one of which nothing was read assigns nothing."""
        found = self._organizations.get(organization)
        if found is None:
            settings = SettingsChanged(organization=organization, at=_NEVER)
            found = Organization(organization, settings)
            self._organizations[organization] = found
        return found

    async def caught_up(self) -> None:
        """Returns once both copies hold what stood in the log when they began."""
        for copy in self.copies:
            await copy.until(partial(_is_complete, copy), within_s=None)

    def _take(self, record: Record) -> None:
        """Folds a record. One that raises what nobody expected is passed by like an unreadable one,
        and leaves its organization as it was: the others' records go on (R9.5)."""
        try:
            self._fold(record)
        except (UnreadableEventError, MemoryError):
            raise
        except Exception as error:
            raise UnreadableEventError(reason_of(error)) from error

    def _fold(self, record: Record) -> None:
        if record.value is None:
            self._remove(record)
            return
        event = decode_data(record.headers, record.value)
        match event:
            case PresenceChanged():
                self._come_or_gone(event)
            case DirectoryEvent():
                changed = evolve(self.get(event.organization), event)
                self._set(replace(changed, directory=record.offset))
            case _:
                pass

    def _come_or_gone(self, event: PresenceChanged) -> None:
        """A version that has passed is a late word of a presence worker that was frozen, and so is
        the second record of one version."""
        agent = (event.organization, event.agent_id)
        if event.version > self._presence_versions.get(agent, -1):
            before = self.get(event.organization)
            self._set(with_presence(before, event.agent_id, event.presence))
            self._presence_versions[agent] = event.version

    def _remove(self, record: Record) -> None:
        """A directory entity, or an agent's presence, that is gone; its key names it."""
        organization, _, rest = (record.key or b"").decode().partition("/")
        if record.topic != DIRECTORY.name:
            agent = (OrganizationId(organization), AgentId(rest))
            if self._presence_versions.pop(agent, None) is not None:
                self._set(without_presence(self.get(agent[0]), agent[1]))
            return
        entity, _, entity_id = rest.partition("/")
        changed = without(self.get(OrganizationId(organization)), entity, entity_id)
        self._set(replace(changed, directory=record.offset))

    def _set(self, organization: Organization) -> None:
        before = self.get(organization.id)
        self._organizations[organization.id] = organization
        self._stir(organization.id)
        if organization.rules is not before.rules and _begins_to_count(before, organization):
            self._began_to_count(organization.id)


def _begins_to_count(before: Organization, after: Organization) -> bool:
    return after.counts_loads and not before.counts_loads


def _is_complete(copy: LogCopy) -> bool:
    return copy.caught_up
