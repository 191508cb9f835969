"""A full copy, on every worker, of what organizations have set up and of who is there.

Read from compacted topics from their start. A decision is made with what the copy knows at that
moment; an agent who left in that very second is dealt with at the next event (R3.3).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode_data
from tuyen_events.directory import DirectoryEvent, SettingsChanged
from tuyen_events.ids import OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_platform.kafka.ports import Log, Record
from tuyen_router.domain.organization import Organization, evolve, with_presence, without

_NEVER = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger()


class OrganizationCopies:
    """Organizations by id, as the directory and the presence topic have them.

    `stir` is called with the organizations that a batch changed: somebody in them may have become
    a candidate.
    """

    def __init__(self, stir: Callable[[Iterable[OrganizationId]], None]) -> None:
        self._organizations: dict[OrganizationId, Organization] = {}
        self._stir = stir
        self.caught_up = False

    def get(self, organization: OrganizationId) -> Organization:
        """The organization; one of which nothing was read assigns nothing."""
        found = self._organizations.get(organization)
        if found is None:
            settings = SettingsChanged(organization=organization, at=_NEVER)
            found = Organization(organization, settings)
            self._organizations[organization] = found
        return found

    async def follow(self, log: Log, on_caught_up: Callable[[], None]) -> None:
        """Reads on without end; `on_caught_up` is called once, when the copy is complete."""
        async with log.tail(DIRECTORY, PRESENCE) as tail:
            async for batch in tail.batches():
                if tail.caught_up and not self.caught_up:
                    self.caught_up = True
                    on_caught_up()
                records = [record for part in batch.values() for record in part]
                if records:
                    self._stir({found for each in records if (found := self._apply(each))})

    def _apply(self, record: Record) -> OrganizationId | None:
        """Folds a record; the organization that it changed, if any."""
        try:
            return self._fold(record)
        except UnknownTypeError:
            return None
        except UnreadableEventError as error:
            _log.error(
                "copy_skipped_record",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                error=str(error),
            )
            return None

    def _fold(self, record: Record) -> OrganizationId | None:
        if record.value is None:
            return self._remove(record)
        event = decode_data(record.headers, record.value)
        match event:
            case PresenceChanged():
                before = self.get(event.organization)
                after = with_presence(before, event.agent_id, event.presence)
            case DirectoryEvent():
                before = self.get(event.organization)
                after = evolve(before, event)
            case _:
                return None
        self._organizations[event.organization] = after
        return event.organization

    def _remove(self, record: Record) -> OrganizationId | None:
        """A directory entity that is gone; its key names it."""
        if record.topic != DIRECTORY.name or record.key is None:
            return None
        organization, _, rest = record.key.decode().partition("/")
        entity, _, entity_id = rest.partition("/")
        removed_from = OrganizationId(organization)
        self._organizations[removed_from] = without(self.get(removed_from), entity, entity_id)
        return removed_from
