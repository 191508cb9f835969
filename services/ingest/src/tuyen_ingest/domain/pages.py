"""The connected pages, folded from the directory."""

from collections.abc import Mapping

from tuyen_channels.ports import Page, Pages
from tuyen_events.directory import DirectoryEvent, OrganizationChanged, PageChanged
from tuyen_events.ids import OrganizationId
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
            self._claims[before.channel, before.external_id].pop(key)
            self._serve(before.channel, before.external_id)

    def _suspend(self, organization: OrganizationId, suspended: bool) -> None:
        if suspended == (organization in self._suspended):
            return
        self._suspended ^= {organization}
        for page in self._pages.values():
            if page.organization == organization:
                self._serve(page.channel, page.external_id)

    def _serve(self, channel: Channel, external_id: str) -> None:
        claims: Mapping[str, None] = self._claims[channel, external_id]
        for key in claims:
            page = self._pages[key]
            if page.status in _SERVED and page.organization not in self._suspended:
                self._served[channel][external_id] = Page(page.organization, page.id)
                return
        self._served[channel].pop(external_id, None)


def _same_account(one: PageChanged, other: PageChanged | None) -> bool:
    return other is not None and (one.channel, one.external_id) == (
        other.channel,
        other.external_id,
    )
