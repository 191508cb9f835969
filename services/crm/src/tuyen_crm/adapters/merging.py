"""What organizations have set for contacts that different people look after, as the directory has
it (C2)."""

from tuyen_crm.identity import SERVICE
from tuyen_events.codec import Headers, decode
from tuyen_events.directory import SettingsChanged, split_directory_key
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Merging
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition


class DirectoryMergeSettings:
    """`MergeSettings` from the directory. `run` has to run."""

    def __init__(self, log: Log) -> None:
        self._merging: dict[OrganizationId, Merging] = {}
        self._table = GlobalTable(log, DIRECTORY, _read_settings, self._fold, service=SERVICE)

    async def run(self) -> None:
        await self._table.run()

    async def wait_until_known(self) -> None:
        await self._table.until(lambda: self._table.caught_up, None)

    def merging(self, organization: OrganizationId) -> Merging:
        return self._merging.get(organization, Merging.PROPOSE)

    def _fold(self, changed: SettingsChanged | None, _position: RecordPosition) -> None:
        if changed is not None:
            self._merging[changed.organization] = changed.merge_contacts


def _read_settings(
    key: bytes | None, headers: Headers, value: bytes | None
) -> SettingsChanged | None:
    match split_directory_key(key):
        case (_, "settings", *_) if value is not None:
            event = decode(headers, value).data
            return event if isinstance(event, SettingsChanged) else None
        case _:
            return None
