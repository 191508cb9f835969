"""Who works where, as the directory has it."""

from tuyen_events.topics import DIRECTORY
from tuyen_platform.kafka.copies import LogCopy
from tuyen_platform.kafka.ports import Log, Record

_AGENT = "agent"


class Staff:
    """The keys of all agents. `run` has to run: it follows the directory until cancelled, and
    raises LogUnavailableError when the log is gone."""

    def __init__(self, log: Log, service: str) -> None:
        self._keys: set[str] = set()
        self._copy = LogCopy(log, DIRECTORY, self._fold, service=service)
        self.run = self._copy.run

    def has_left(self, key: str) -> bool:
        """Whether an agent was removed; not before the directory was read to its end."""
        return self._copy.caught_up and key not in self._keys

    def _fold(self, record: Record) -> None:
        organization, _, rest = (record.key or b"").decode("utf-8", "replace").partition("/")
        entity, _, agent = rest.partition("/")
        if entity != _AGENT:
            return
        if record.value is None:
            self._keys.discard(f"{organization}/{agent}")
        else:
            self._keys.add(f"{organization}/{agent}")
