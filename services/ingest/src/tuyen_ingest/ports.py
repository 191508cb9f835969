"""What ingest needs beside the log (`tuyen_platform.kafka.ports`), a clock, and the channels
(`tuyen_channels.ports`)."""

from collections.abc import Sequence
from typing import Protocol

from tuyen_platform.kafka.ports import ProducerRecord


class FollowedTopic(Protocol):
    """How much of a topic this process has applied."""

    @property
    def caught_up(self) -> bool:
        """Whether everything that was in the topic at the start is applied."""
        ...

    async def refresh(self, within_s: float, *, apart_s: float = 0.0) -> bool:
        """Waits until everything is applied that was in the topic at the call; returns whether that
        was within `within_s` seconds. The log is asked at most once in `apart_s` seconds. Raises
        LogUnavailableError."""
        ...


class TokenUses(Protocol):
    """Which page tokens were used to sign a call."""

    def first_use(self, account: str) -> Sequence[ProducerRecord]:
        """The records to write when a call that is signed with the account's present token arrives;
        none once they were applied."""
        ...
