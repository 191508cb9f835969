"""What a service needs from a channel.

A channel knows how its webhooks are signed and what their bodies mean. It does no I/O and has no
state; what it has to know of pages and livestreams is passed to it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from tuyen_channels.live_posts import KeyedFact, LivePosts
from tuyen_events.ids import EventId, OrganizationId, PageId
from tuyen_events.inbound import InboundEvent
from tuyen_events.vocabulary import Channel


class Page(NamedTuple):
    """The organization that has the page, and the page's id there."""

    organization: OrganizationId
    id: PageId


PageTokenLookup = Callable[[str], str | None]
"""By account, what a page signs its webhooks with; None for an account that has no token."""

Pages = Mapping[str, Page]
"""The connected pages of one channel by the channel's own id. A page that is missing is unknown."""


class Normalized(msgspec.Struct, frozen=True):
    """One event, ready for the log.

    `id` is derived from the channel's deduplication key (P5c), `key` puts the event into its
    customer's partition (R9.3), `subject` is the conversation, or the post or video if there is
    none.
    """

    id: EventId
    key: str
    subject: str
    event: InboundEvent


class SkipReason(StrEnum):
    """Why a part of a body was only stored raw (P4)."""

    UNKNOWN_PAGE = "unknown_page"
    DASHBOARD_TEST = "dashboard_test"
    STANDBY = "standby"
    """Another app has the thread."""
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_VERB = "unknown_verb"
    UNKNOWN_EVENT = "unknown_event"
    BY_PAGE = "by_page"
    """An act of the page itself, of a kind that matters only from customers."""
    BY_VISITOR = "by_visitor"
    """A post on the page by somebody else, which is not a kind of conversation here."""
    EMPTY = "empty"


class Skipped(NamedTuple):
    """A part that is not used; `what` names it in the channel's terms."""

    why: SkipReason
    what: str


class Failure(NamedTuple):
    """A part that could not be read.

    `payload` is the smallest body of the channel that contains only this part, so that the same
    parser can read it again; `page` is the channel's id of the page, empty if not even that could
    be read.
    """

    page: str
    payload: str
    error: str


class Parsed(msgspec.Struct):
    """Everything in one body, in the body's order.

    `classified` are the facts about posts that follow from it; other bodies use them once they are
    in the log. `page` is the first page that the body names, empty if it names none.
    """

    page: str = ""
    events: list[Normalized] = []
    classified: list[KeyedFact] = []
    skipped: list[Skipped] = []
    failures: list[Failure] = []
    unknown_pages: set[str] = set()
    pages: set[str] = set()
    """Every page that the body names, known or not."""


class WebhookChannel(Protocol):
    """The receiving half of a channel.

    If each page has its own webhook (`by_account`), the address contains the account, which is the
    page's id at the channel; otherwise the account is empty, and bodies name their pages.
    """

    @property
    def name(self) -> Channel: ...

    @property
    def by_account(self) -> bool: ...

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The response when the channel verifies the address; None refuses (403)."""
        ...

    def authentic(self, body: bytes, headers: Mapping[bytes, bytes], account: str = "") -> bool:
        """Whether the channel itself sent exactly these bytes. Header names are in lower case."""
        ...

    def parse(
        self,
        body: bytes,
        accepted_at: datetime,
        pages: Pages,
        posts: LivePosts,
        account: str = "",
    ) -> Parsed:
        """Reads an authentic body. Never raises, whatever it contains: what cannot be read is a
        failure of its own part (P4). The same body gives the same ids whenever it is read."""
        ...
