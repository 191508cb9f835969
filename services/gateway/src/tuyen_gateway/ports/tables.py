"""The gateway's global tables, as far as requests and jobs need to know them."""

from collections.abc import Callable
from typing import Protocol

from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import RecordMetadata

WAIT_S = 5.0
"""How long a request waits until a table has applied what it needs."""


class FollowedTable(Protocol):
    """A global table of a topic. It must run for anybody to be able to wait for it."""

    @property
    def topic(self) -> Topic: ...

    @property
    def is_caught_up(self) -> bool:
        """Whether everything that was in the log at the start is applied."""
        ...

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises LogUnavailableError."""
        ...

    def problem(self) -> str | None:
        """Why the table cannot be used yet; None once it has caught up."""
        ...

    def position(self, partition: int = 0) -> int:
        """The offset of the next record to apply."""
        ...

    async def wait_until(self, holds: Callable[[], bool], within_s: float | None) -> bool:
        """Waits until `holds` is true; returns whether that was within so many seconds (None: no
        limit)."""
        ...

    async def refresh(self, within_s: float, *, min_interval_s: float = 0.0) -> bool:
        """Waits until the table contains everything that was in the log at the call; returns
        whether that was within `within_s` seconds. With `min_interval_s` the log is asked at most
        once in that many seconds. Raises LogUnavailableError."""
        ...

    async def require_following(self, within_s: float = WAIT_S) -> None:
        """Returns once the table will see everything that is appended from now on; else raises
        UnavailableError."""
        ...

    async def require_current(self, within_s: float = WAIT_S) -> None:
        """Returns once the table contains everything that was in the log at the call; else raises
        UnavailableError."""
        ...

    async def wait_until_folded(self, at: RecordMetadata, within_s: float = WAIT_S) -> None:
        """Returns once the record at `at` is applied; else raises UnavailableError."""
        ...


class TableBacked(Protocol):
    """A port whose answers are in a global table."""

    @property
    def table(self) -> FollowedTable: ...
