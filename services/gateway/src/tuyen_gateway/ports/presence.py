"""Presence, as the gateway reads and signals it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged, SessionSignalled
from tuyen_events.vocabulary import Presence
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.ports.tables import TableBacked
from tuyen_platform.kafka.ports import RecordMetadata


class PresenceBoard(TableBacked, Protocol):
    """Every agent's presence, as last published by the presence service."""

    @property
    def heads(self) -> Heads: ...

    def of(self, organization: OrganizationId, agent_id: AgentId) -> PresenceChanged | None:
        """The last change of an agent's presence; None if there never was one: offline."""
        ...

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[PresenceChanged]:
        """The presence of each agent of whom there is a record that is not among `heads`: the
        offsets after the last records that are known, by partition."""
        ...

    def presence(self, organization: OrganizationId, agent_id: AgentId) -> Presence: ...

    async def signal(self, signal: SessionSignalled) -> RecordMetadata:
        """Appends a session's signal; the presence service decides what it changes.

        Raises TooManyAttemptsError for more signals than all devices of an agent send within an
        hour (R9.5).
        """
        ...

    async def wait_until_settled(
        self, signal: SessionSignalled, at: RecordMetadata, within_s: float
    ) -> bool:
        """Whether the result of the signal at `at` was shown here within that time."""
        ...
