"""The connected pages, folded from the directory."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from tuyen_channels.ports import Page, Pages
from tuyen_events.directory import (
    DirectoryEvent,
    OrganizationChanged,
    PageChanged,
    directory_key,
)
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Channel

_SERVED = frozenset({"active", "waiting"})
"""A livechat page that nobody subscribed yet (P1) is served from its site's first call on."""


class ConnectedPages:
    """Which page of which organization a channel's own id stands for.

    Only pages whose events are taken, of organizations that are not suspended. When two
    organizations name one page, it is the first one's for as long as that one has it.
    """

    def __init__(self) -> None:
        self._suspended: set[OrganizationId] = set()
        self._pages: dict[str, PageChanged] = {}
        self._claims: dict[tuple[Channel, str], dict[str, None]] = {}
        self._served: dict[Channel, dict[str, Page]] = {channel: {} for channel in Channel}

    def of(self, channel: Channel) -> Pages:
        """The channel's pages, a view that follows every change."""
        return self._served[channel]

    def owner(self, channel: Channel, external_id: str) -> str:
        """Whose the page is, as `organization/page`, served or not; empty when it is nobody's."""
        page = self._serving(channel, external_id)
        if page is None:
            claims = self._claims.get((channel, external_id), {})
            page = next((self._pages[key] for key in claims), None)
        return "" if page is None else _named(page.organization, page.id)

    def has(self, organization: OrganizationId, page: PageId) -> bool:
        """Whether the organization has the page, served or not."""
        return directory_key(organization, "page", page) in self._pages

    def unchanged_since(self, channel: Channel, external_id: str, moment: datetime) -> bool:
        """Whether the page is served as it was set up by then, as far as the directory tells."""
        page = self._serving(channel, external_id)
        return page is not None and page.at <= moment

    def apply(self, key: str, change: DirectoryEvent | None) -> None:
        """Folds one record of the directory; None removes what stood under `key`."""
        if isinstance(change, OrganizationChanged):
            self._suspend(change.organization, change.suspended)
            return
        page = change if isinstance(change, PageChanged) else None
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
        if page is None:
            self._served[channel].pop(external_id, None)
        else:
            self._served[channel][external_id] = Page(page.organization, page.id)

    def _serving(self, channel: Channel, external_id: str) -> PageChanged | None:
        claims: Mapping[str, None] = self._claims.get((channel, external_id), {})
        for key in claims:
            page = self._pages[key]
            if page.status in _SERVED and page.organization not in self._suspended:
                return page
        return None


class PagesThen(Mapping[str, Page]):
    """The pages of a channel for a body that was accepted before: what was written to one
    organization's page is read for nobody else, whosever the page is now.

    A page that was nobody's is read for whose it is now. Where `owners` does not name a page, as
    where nobody knew then, it is read only if it was not set up anew since. `withheld` are the
    pages that were asked for and are another's now.
    """

    def __init__(
        self,
        pages: ConnectedPages,
        channel: Channel,
        accepted_at: datetime,
        owners: Mapping[str, str],
    ) -> None:
        self._pages = pages
        self._channel = channel
        self._accepted_at = accepted_at
        self._owners = owners
        self.withheld: set[str] = set()

    def __getitem__(self, external_id: str) -> Page:
        page = self._pages.of(self._channel)[external_id]
        owner = self._owners.get(external_id)
        if owner is None:
            same = self._pages.unchanged_since(self._channel, external_id, self._accepted_at)
        else:
            same = owner in ("", _named(page.organization, page.id))
        if not same:
            self.withheld.add(external_id)
            raise KeyError(external_id)
        return page

    def __iter__(self) -> Iterator[str]:
        return (each for each in self._pages.of(self._channel) if each in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _named(organization: OrganizationId, page: PageId) -> str:
    return f"{organization}/{page}"


def _same_account(one: PageChanged, other: PageChanged | None) -> bool:
    return other is not None and (one.channel, one.external_id) == (
        other.channel,
        other.external_id,
    )
