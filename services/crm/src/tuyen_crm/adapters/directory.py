"""What the CRM needs to know of organizations, as the directory has it."""

from typing import NamedTuple

from tuyen_crm.identity import SERVICE
from tuyen_events.codec import Headers, decode
from tuyen_events.directory import (
    COUNTRY,
    AgentChanged,
    OrganizationChanged,
    SettingsChanged,
    split_directory_key,
)
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Merging
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition


class _Agent(NamedTuple):
    """An agent, and whether they are there, not disabled, and may use the CRM."""

    organization: OrganizationId
    id: AgentId
    active: bool


_Change = _Agent | OrganizationChanged | SettingsChanged


class OrganizationDirectory:
    """`ActiveAgents`, `Countries` and `MergeSettings` from the directory. `run` has to run."""

    def __init__(self, log: Log) -> None:
        self._active: dict[OrganizationId, tuple[AgentId, ...]] = {}
        self._countries: dict[OrganizationId, str] = {}
        self._merging: dict[OrganizationId, Merging] = {}
        self._table = GlobalTable(log, DIRECTORY, _read_change, self._fold, service=SERVICE)

    async def run(self) -> None:
        await self._table.run()

    async def wait_until_known(self) -> None:
        await self._table.wait_until(lambda: self._table.is_caught_up, None)

    def active(self, organization: OrganizationId) -> tuple[AgentId, ...]:
        return self._active.get(organization, ())

    def country(self, organization: OrganizationId) -> str:
        return self._countries.get(organization, COUNTRY)

    def merging(self, organization: OrganizationId) -> Merging:
        return self._merging.get(organization, Merging.PROPOSE)

    def _fold(self, change: _Change | None, _position: RecordPosition) -> None:
        match change:
            case _Agent(organization, agent, active):
                others = {*self._active.get(organization, ())} - {agent}
                self._active[organization] = tuple(sorted(others | ({agent} if active else set())))
            case OrganizationChanged(organization=organization, country=country):
                self._countries[organization] = country
            case SettingsChanged(organization=organization, merge_contacts=merging):
                self._merging[organization] = merging


def _read_change(key: bytes | None, headers: Headers, value: bytes | None) -> _Change | None:
    match split_directory_key(key):
        case (organization, "agent", agent_id):
            agent = None if value is None else decode(headers, value).data
            active = isinstance(agent, AgentChanged) and not agent.disabled and agent.crm.access
            return _Agent(organization, AgentId(agent_id), active)
        case (_, "organization" | "settings", *_) if value is not None:
            event = decode(headers, value).data
            return event if isinstance(event, OrganizationChanged | SettingsChanged) else None
        case _:
            return None
