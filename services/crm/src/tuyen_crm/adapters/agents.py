"""The agents of organizations, as the directory has them."""

from tuyen_crm.identity import SERVICE
from tuyen_events.codec import Headers, decode
from tuyen_events.directory import AgentChanged, split_directory_key
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition

_Change = tuple[OrganizationId, AgentId, bool]
"""An agent, and whether they are there and not disabled."""


class DirectoryAgents:
    """`ActiveAgents` from the directory. `run` has to run."""

    def __init__(self, log: Log) -> None:
        self._active: dict[OrganizationId, tuple[AgentId, ...]] = {}
        self._table = GlobalTable(log, DIRECTORY, _read_agent, self._fold, service=SERVICE)

    async def run(self) -> None:
        await self._table.run()

    async def wait_until_known(self) -> None:
        await self._table.until(lambda: self._table.caught_up, None)

    def active(self, organization: OrganizationId) -> tuple[AgentId, ...]:
        return self._active.get(organization, ())

    def _fold(self, change: _Change | None, _position: RecordPosition) -> None:
        if change is not None:
            organization, agent, active = change
            others = {*self._active.get(organization, ())} - {agent}
            self._active[organization] = tuple(sorted(others | ({agent} if active else set())))


def _read_agent(key: bytes | None, headers: Headers, value: bytes | None) -> _Change | None:
    match split_directory_key(key):
        case (organization, "agent", agent_id):
            agent = None if value is None else decode(headers, value).data
            active = isinstance(agent, AgentChanged) and not agent.disabled
            return organization, AgentId(agent_id), active
        case _:
            return None
