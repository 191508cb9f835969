"""What presence needs beside the log (`tuyen_platform.kafka.ports`) and a clock."""

from typing import Protocol


class Staff(Protocol):
    """Who works where."""

    async def run(self) -> None:
        """Follows the changes until cancelled. Raises LogUnavailableError."""
        ...

    def has_left(self, key: str) -> bool:
        """Whether the agent `organization/agent` was removed; false while that is not certain."""
        ...
