"""What organizations have set up, as far as the routes for visitors need it."""

from tuyen_directory.organization import Organization, Removed, evolve, next_version
from tuyen_events.directory import DirectoryEvent
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Channel


class KnownOrganizations:
    """Everything that is in the directory, by organization; follows every change."""

    def __init__(self) -> None:
        self._known: dict[OrganizationId, Organization] = {}

    def find(self, organization: OrganizationId) -> Organization | None:
        """The organization; None if nothing of it is in the directory."""
        return self._known.get(organization)

    def has_widget(self, organization: OrganizationId, page: PageId) -> bool:
        """Whether the page is a site's, whose visitors may have the widget."""
        known = self._known.get(organization)
        stored = None if known is None else known.pages.get(page)
        return stored is not None and stored.value.channel == Channel.LIVECHAT

    def apply(
        self, organization: OrganizationId, change: DirectoryEvent | Removed, written_ms: int
    ) -> None:
        """Applies one record of the organization's directory, which was written at `written_ms`."""
        before = self._known.get(organization) or Organization(id=organization)
        version = next_version(before.version, written_ms)
        self._known[organization] = evolve(before, change, version)
