"""The pages of sites whose visitors have the widget."""

from collections.abc import Sequence
from typing import NamedTuple

from tuyen_channels.ports import Page
from tuyen_directory.offers import DepartmentChoice, find_choices, find_present
from tuyen_directory.organization import Organization
from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Channel
from tuyen_ingest.acceptance import is_current
from tuyen_ingest.domain.organizations import KnownOrganizations
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.errors import NoSuchPageError, RetryLaterError, SiteNotAllowedError
from tuyen_ingest.ports import FollowedTopic, OnlineAgents


class Site(NamedTuple):
    """A page, with what its organization has set up."""

    app_id: str
    page: Page
    settings: PageChanged
    organization: Organization

    def allows(self, origin: str | None) -> bool:
        """L4: whether pages of this origin may show the widget; without a list, all may."""
        return not self.settings.sites or origin in self.settings.sites

    def require_origin(self, origin: str | None) -> None:
        """Raises SiteNotAllowedError."""
        if not self.allows(origin):
            raise SiteNotAllowedError("This site is not among the page's `sites`.")


class Sites:
    """Finds sites, and says who is there to answer their visitors."""

    def __init__(
        self,
        pages: ConnectedPages,
        organizations: KnownOrganizations,
        directory: FollowedTopic,
        online: OnlineAgents,
    ) -> None:
        self._pages = pages.of(Channel.LIVECHAT)
        self._organizations = organizations
        self._directory = directory
        self._online = online

    async def find(self, app_id: str) -> Site:
        """The page of an app, also one that was connected just now. Raises NoSuchPageError, and
        RetryLaterError while that cannot be decided."""
        site = self._look_up(app_id)
        if site is None:
            if not await is_current(self._directory):
                raise RetryLaterError("The directory of pages cannot be read now.")
            site = self._look_up(app_id)
        if site is None:
            raise NoSuchPageError(f"There is no livechat {app_id[:64]!r}.")
        return site

    def _look_up(self, app_id: str) -> Site | None:
        page = self._pages.get(app_id)
        organization = None if page is None else self._organizations.find(page.organization)
        if page is None or organization is None or page.id not in organization.pages:
            return None
        return Site(app_id, page, organization.pages[page.id].value, organization)

    def list_choices(self, site: Site) -> Sequence[DepartmentChoice]:
        """L2: the departments that can be chosen now."""
        return find_choices(site.organization, site.page.id, lambda agent: self._is_on(site, agent))

    def has_somebody(self, site: Site) -> bool:
        """Whether anybody is online who works on the page."""
        return bool(
            find_present(site.organization, site.page.id, lambda agent: self._is_on(site, agent))
        )

    def _is_on(self, site: Site, agent: AgentId) -> bool:
        return self._online.is_online(site.page.organization, agent)
