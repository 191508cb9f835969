"""Livechat: how far a page is connected (P1).

Decides P1.
"""

from collections.abc import Callable

from tuyen_channels.registry import has_page_tokens
from tuyen_directory.organization import Organization
from tuyen_events.directory import PageChanged
from tuyen_events.ids import PageId
from tuyen_events.vocabulary import Channel

INACTIVE, WAITING, VERIFIED, ACTIVE = "inactive", "waiting", "verified", "active"


def derive_shown_status(page: PageChanged, signed: Callable[[str], bool]) -> str:
    """P1: a page with a token is waiting until the first call that is signed with it, then
    verified, and active once somebody subscribed it; an inactive one stays inactive whatever calls
    arrive."""
    if not has_page_tokens(page.channel) or page.status == INACTIVE:
        return page.status
    if not signed(page.external_id):
        return WAITING
    return ACTIVE if page.status == ACTIVE else VERIFIED


def find_kept_status(organization: Organization, page_id: PageId, channel: Channel) -> str:
    """The status of a page that is changed without stating one."""
    if not has_page_tokens(channel):
        return ACTIVE
    before = organization.pages.get(page_id)
    return WAITING if before is None else before.value.status
