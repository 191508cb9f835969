"""What the CRM needs beside the log (`tuyen_platform.kafka.ports`)."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Protocol

from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.vocabulary import Merging
from tuyen_platform.projection import FoldedEvent


class ContactViews(Protocol):
    """Where contacts, and everything that belongs to them, are stored for reading."""

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        """Returns once the views contain all of `batch`. Folding events again, as a whole or in
        part, changes nothing."""
        ...

    async def drop(self) -> None:
        """Drops all views; the next `fold` begins with empty ones."""
        ...


class ActiveAgents(Protocol):
    """The agents of organizations."""

    async def wait_until_known(self) -> None:
        """Returns once the agents of all organizations are known."""
        ...

    def active(self, organization: OrganizationId) -> tuple[AgentId, ...]:
        """Those who are not disabled and may use the CRM, in the order of their ids."""
        ...


class Countries(Protocol):
    """The countries of organizations, for phone numbers without a country code."""

    async def wait_until_known(self) -> None:
        """Returns once the countries of all organizations are known."""
        ...

    def country(self, organization: OrganizationId) -> str:
        """The two letters of ISO 3166."""
        ...


class MergeSettings(Protocol):
    """What organizations have set for contacts that different people look after (C2)."""

    async def wait_until_known(self) -> None:
        """Returns once the settings of all organizations are known."""
        ...

    def merging(self, organization: OrganizationId) -> Merging: ...


class RequireStopped(Protocol):
    """Makes sure that no CRM runs while its views are rebuilt."""

    def __call__(self) -> Awaitable[None]:
        """Raises StillRunningError while a CRM runs."""
        ...


class StateBefore(Protocol):
    """The state before a command, in one partition."""

    def value(self, key: str) -> bytes | None: ...

    def look_up(self, key: str) -> Iterable[ContactId]:
        """The contacts with an index key, in no order; to be read before anything changes."""
        ...

    def count(self, key: str, changed: Mapping[ContactId, bool]) -> int:
        """How many contacts have an index key after these changes."""
        ...
