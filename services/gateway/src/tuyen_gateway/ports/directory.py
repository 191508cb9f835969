"""The directory, as the gateway reads and changes it."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.directory import DirectoryEvent, IntegrationChanged, PageChanged
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.ports.tables import TableBacked

EntityT = TypeVar("EntityT", bound=DirectoryEvent)


class Directory(TableBacked, Protocol):
    """All organizations. What only one entity may have (a page at its channel, a username) belongs
    to the first that was stored with it."""

    def organization(self, organization_id: OrganizationId) -> Organization | None:
        """An organization that was created, suspended or not."""
        ...

    def organizations(self) -> Sequence[Organization]:
        """All organizations, in the order of their ids."""
        ...

    def page(
        self, organization_id: OrganizationId, page_id: PageId
    ) -> StoredEntity[PageChanged] | None:
        """The present state of a page."""
        ...

    def find_page_of_account(
        self, channel: Channel, external_id: str
    ) -> tuple[OrganizationId, PageId] | None:
        """The organization and page that an account belongs to: the first that connected it."""
        ...

    def integration(self, token_hash: str) -> tuple[Organization, IntegrationChanged] | None:
        """The integration whose token has this hash, and its organization, suspended or not."""
        ...

    def version(self, organization_id: OrganizationId) -> int:
        """The number of the organization's last record."""
        ...

    async def wait_for_version(self, organization_id: OrganizationId, version: int) -> None:
        """Returns once the organization's `version` is applied; else raises UnavailableError after
        5 s."""
        ...

    async def change(
        self, organization_id: OrganizationId, decide: Callable[[Organization], EntityT]
    ) -> StoredEntity[EntityT]:
        """Stores what `decide` returns for the state of the organization that includes everything
        that comes before it in the log, whichever gateway wrote it, and returns it. `decide` is
        called several times, and has no effects that another call would not undo.

        An event that changes nothing is not written again. Whatever `decide` raises is passed on.
        Raises InvalidError when the organization has as many of these as it may,
        TooManyAttemptsError when its people have written as much as they may within an hour,
        UnavailableError when this gateway is behind the log, or others keep being faster.
        """
        ...

    async def remove(
        self,
        organization_id: OrganizationId,
        entity: str,
        entity_id: str,
        by: AgentId,
        check: Callable[[Organization], None],
    ) -> int:
        """Removes an entity if `check` does not raise for the state that includes everything that
        comes before the removal in the log, and returns the removal's version.

        Raises NotFoundError when there is none, TooManyAttemptsError as `change` does.
        """
        ...

    def count(self, organization_id: OrganizationId) -> None:
        """Counts a record that one of the organization's people writes to the topics of passwords
        and tokens. Raises TooManyAttemptsError if they have written as much as they may within an
        hour (R9.5)."""
        ...
