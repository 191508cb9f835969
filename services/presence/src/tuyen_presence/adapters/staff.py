"""Who works where, as the directory has it."""

from tuyen_events.codec import Headers
from tuyen_events.directory import split_directory_key
from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition
from tuyen_presence.identity import SERVICE

_AGENT = "agent"


class DirectoryStaff:
    """`Staff` from the directory. Only the keys of its records are read: an agent is known by a
    record that a later version wrote, too."""

    def __init__(self, log: Log) -> None:
        self._keys: set[str] = set()
        self._table = GlobalTable(log, DIRECTORY, _read_agent, self._fold, service=SERVICE)

    async def run(self) -> None:
        await self._table.run()

    def has_left(self, key: str) -> bool:
        """False until the directory was read to its end."""
        return self._table.is_caught_up and key not in self._keys

    def _fold(self, agent: tuple[str, bool] | None, _position: RecordPosition) -> None:
        if agent is None:
            return
        key, is_removed = agent
        if is_removed:
            self._keys.discard(key)
        else:
            self._keys.add(key)


def _read_agent(
    key: bytes | None, _headers: Headers, value: bytes | None
) -> tuple[str, bool] | None:
    """The key of the agent whom a record is about, and whether it removes the agent."""
    match split_directory_key(key):
        case (organization, entity, agent) if entity == _AGENT:
            return f"{organization}/{agent}", value is None
        case _:
            return None
