"""The connected pages, from the directory."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from tuyen_channels.ports import Page, Pages
from tuyen_directory.organization import Removed
from tuyen_events.directory import DirectoryEvent, OrganizationChanged, PageChanged
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Channel

_PageKey = tuple[OrganizationId, PageId]

_SERVED = frozenset({"active", "waiting"})
"""The events of a livechat page that nobody subscribed yet (P1) are processed from its site's first
call on."""


class ConnectedPages:
    """The organization and page that a channel's own page id refers to.

    Contains only pages whose events are processed, of organizations that are not suspended. If two
    organizations have the same page, it belongs to the first for as long as that one has it.
    """

    def __init__(self) -> None:
        self._suspended: set[OrganizationId] = set()
        self._pages: dict[_PageKey, PageChanged] = {}
        self._claims: dict[tuple[Channel, str], dict[_PageKey, None]] = {}
        self._served: dict[Channel, dict[str, Page]] = {}
        """A gateway of a later version may connect pages of a channel that is not known here."""

    def of(self, channel: Channel) -> Pages:
        """The channel's pages, a mapping that follows every change."""
        return self._served.setdefault(channel, {})

    def owner(self, channel: Channel, external_id: str) -> str:
        """The organization and page, as `organization/page`, whether its events are processed or
        not; empty if no organization has it."""
        page = self._serving(channel, external_id)
        if page is None:
            claims = self._claims.get((channel, external_id), {})
            page = next((self._pages[key] for key in claims), None)
        return "" if page is None else _name_page(page.organization, page.id)

    def has(self, organization: OrganizationId, page: PageId) -> bool:
        """Whether the organization has the page, served or not."""
        return (organization, page) in self._pages

    def is_unchanged_since(self, channel: Channel, external_id: str, moment: datetime) -> bool:
        """Whether the page is still served as it was configured then, as far as the directory
        says."""
        page = self._serving(channel, external_id)
        return page is not None and page.at <= moment

    def apply(self, organization: OrganizationId, change: DirectoryEvent | Removed) -> None:
        """Folds one record of the organization's directory."""
        match change:
            case OrganizationChanged():
                self._suspend(organization, change.suspended)
            case PageChanged():
                self._replace((organization, change.id), change)
            case Removed(entity="page"):
                self._replace((organization, PageId(change.entity_id)), None)
            case _:
                pass

    def _replace(self, key: _PageKey, page: PageChanged | None) -> None:
        before = self._pages.pop(key, None)
        if page is not None:
            self._pages[key] = page
            self._claims.setdefault((page.channel, page.external_id), {})[key] = None
            self._serve(page.channel, page.external_id)
        if before is not None and not _same_account(before, page):
            account = (before.channel, before.external_id)
            self._claims[account].pop(key)
            if not self._claims[account]:
                del self._claims[account]
            self._serve(*account)

    def _suspend(self, organization: OrganizationId, suspended: bool) -> None:
        if suspended == (organization in self._suspended):
            return
        self._suspended ^= {organization}
        for page in self._pages.values():
            if page.organization == organization:
                self._serve(page.channel, page.external_id)

    def _serve(self, channel: Channel, external_id: str) -> None:
        page = self._serving(channel, external_id)
        served = self._served.setdefault(channel, {})
        if page is None:
            served.pop(external_id, None)
        else:
            apps = frozenset(page.automatic_apps)
            served[external_id] = Page(page.organization, page.id, apps)

    def _serving(self, channel: Channel, external_id: str) -> PageChanged | None:
        claims: Mapping[_PageKey, None] = self._claims.get((channel, external_id), {})
        for key in claims:
            page = self._pages[key]
            if page.status in _SERVED and page.organization not in self._suspended:
                return page
        return None


class ReplayScope(NamedTuple):
    """For whom stored bodies are read again: all organizations, one of them, or one of its pages.
    What belongs to others is not read."""

    organization: OrganizationId | None = None
    page: PageId | None = None

    def include(self, page: Page) -> bool:
        if self.organization is not None and page.organization != self.organization:
            return False
        return self.page is None or page.id == self.page


EVERYBODY = ReplayScope()


class PagesAtAcceptance(Mapping[str, Page]):
    """The pages of a channel for a body that was accepted before. What was written to the page of
    one organization is never read for another organization, even if the page belongs to that one
    now.

    A page that belonged to no organization is read for its present owner. A page that `owners` does
    not name, because its owner was not known then, is read only if it was not connected again
    since. `withheld` contains the pages that were looked up and belong to another organization now.
    Pages that `readers` do not include are unknown.
    """

    def __init__(
        self,
        pages: ConnectedPages,
        channel: Channel,
        accepted_at: datetime,
        owners: Mapping[str, str],
        readers: ReplayScope = EVERYBODY,
    ) -> None:
        self._pages = pages
        self._channel = channel
        self._accepted_at = accepted_at
        self._owners = owners
        self._readers = readers
        self.withheld: set[str] = set()

    def __getitem__(self, external_id: str) -> Page:
        page = self._pages.of(self._channel)[external_id]
        if not self._readers.include(page):
            self._note_own(external_id)
            raise KeyError(external_id)
        owner = self._owners.get(external_id)
        if owner is None:
            same = self._pages.is_unchanged_since(self._channel, external_id, self._accepted_at)
        else:
            same = owner in ("", _name_page(page.organization, page.id))
        if not same:
            self.withheld.add(external_id)
            raise KeyError(external_id)
        return page

    def _note_own(self, external_id: str) -> None:
        """A page that belonged to the readers then, and belongs to others now, is withheld from
        them."""
        organization, _, page_id = self._owners.get(external_id, "").partition("/")
        own = self._readers.organization is not None and organization == self._readers.organization
        if own and self._readers.page in (None, page_id):
            self.withheld.add(external_id)

    def __iter__(self) -> Iterator[str]:
        return (each for each in self._pages.of(self._channel) if each in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _name_page(organization: OrganizationId, page: PageId) -> str:
    return f"{organization}/{page}"


def _same_account(one: PageChanged, other: PageChanged | None) -> bool:
    return other is not None and (one.channel, one.external_id) == (
        other.channel,
        other.external_id,
    )
