"""The countries of organizations, as the directory has them."""

import asyncio

from tuyen_crm.identity import SERVICE
from tuyen_events.codec import Headers, decode
from tuyen_events.directory import COUNTRY, OrganizationChanged, split_directory_key
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition

_POLL_S = 0.05


class DirectoryCountries:
    """`Countries` from the directory. `run` has to run."""

    def __init__(self, log: Log) -> None:
        self._countries: dict[OrganizationId, str] = {}
        self._table = GlobalTable(log, DIRECTORY, _read_organization, self._fold, service=SERVICE)

    async def run(self) -> None:
        await self._table.run()

    async def wait_until_known(self) -> None:
        while not self._table.caught_up:  # noqa: ASYNC110 - the table notifies nobody
            await asyncio.sleep(_POLL_S)

    def country(self, organization: OrganizationId) -> str:
        return self._countries.get(organization, COUNTRY)

    def _fold(self, changed: OrganizationChanged | None, _position: RecordPosition) -> None:
        if changed is not None:
            self._countries[changed.organization] = changed.country


def _read_organization(
    key: bytes | None, headers: Headers, value: bytes | None
) -> OrganizationChanged | None:
    match split_directory_key(key):
        case (_, entity, *_) if entity == "organization" and value is not None:
            event = decode(headers, value).data
            return event if isinstance(event, OrganizationChanged) else None
        case _:
            return None
