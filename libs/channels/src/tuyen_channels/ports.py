"""What a service needs from a channel: `WebhookChannel` and `Connector`, and what they return.

A channel knows how its webhooks are signed and what their bodies mean. It does no I/O and has no
state; what it has to know of pages and livestreams is passed to it. A connector makes the calls to
the channel, through a transport that is passed to it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol, Self

import msgspec

from tuyen_channels.calls import (
    AfterLost,
    BegunCall,
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    ExchangedTokens,
    HiddenToken,
    Limit,
    ReplyWindow,
    RequestPart,
)
from tuyen_channels.live_posts import KeyedFact, LivePosts
from tuyen_channels.transport import Transport
from tuyen_events.ids import EventId, OrganizationId, PageId
from tuyen_events.inbound import InboundEvent
from tuyen_events.limits import DETAIL_CHARACTERS, FAILED_PART_CHARACTERS
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.vocabulary import Channel


class Page(NamedTuple):
    """The organization that has the page, and the page's id there."""

    organization: OrganizationId
    id: PageId
    automatic_apps: frozenset[str] = frozenset()
    """The apps at the channel whose messages in the page's name are automatic answers (P5b)."""

    @property
    def key(self) -> tuple[OrganizationId, PageId]:
        """What identifies the page."""
        return self.organization, self.id


PageTokenLookup = Callable[[str], str | None]
"""By account, what a page signs its webhooks with; None for an account that has no token."""

Pages = Mapping[str, Page]
"""The connected pages of one channel by the channel's own id. A page that is missing is unknown."""


class ParsedEvent(msgspec.Struct, frozen=True):
    """One event, ready for the log.

    `id` is derived from the channel's deduplication key (P5c), `key` puts the event into its
    customer's partition (R9.3), `subject` is the conversation, or the post or video if there is
    none. `page` is the channel's id of the event's page: a body may contain events of several.
    """

    id: EventId
    key: str
    subject: str
    page: str
    event: InboundEvent


class SkipReason(StrEnum):
    """Why a part of a body was only stored raw (P4)."""

    UNKNOWN_PAGE = "unknown_page"
    DASHBOARD_TEST = "dashboard_test"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_VERB = "unknown_verb"
    UNKNOWN_EVENT = "unknown_event"
    BY_PAGE = "by_page"
    """An act of the page itself, of a kind that matters only from customers."""
    BY_VISITOR = "by_visitor"
    """A share, an album or an event of somebody else, which is not a kind of conversation here."""
    GROUP = "group"
    """Something in a chat of many people, which is not a kind of conversation here."""
    REPORTED_ELSEWHERE = "reported_elsewhere"
    """The channel also reports it as something else, which is read."""
    EMPTY = "empty"


class SkippedPart(NamedTuple):
    """A part that is not used; `what` names it in the channel's terms."""

    why: SkipReason
    what: str


class UnreadablePartError(ValueError):
    """A part that can be decoded but lacks a required value."""


class FailedPart(NamedTuple):
    """A part that could not be read. It becomes a dead letter, which can be read again after a fix.

    `payload` is the smallest body of the channel that contains only this part, so that the same
    parser can read it again; `page` is the channel's id of the page, empty if not even that could
    be read.
    """

    page: str
    payload: str
    error: str

    @classmethod
    def of(cls, page: str, payload: bytes, error: Exception) -> Self:
        """The failure because of an exception, with both texts cut to what a dead letter may
        contain."""
        text = payload.decode("utf-8", "replace")[:FAILED_PART_CHARACTERS]
        return cls(page, text, f"{type(error).__name__}: {error}"[:DETAIL_CHARACTERS])


class ParsedBody(msgspec.Struct):
    """Everything in one body, in the body's order.

    Every part of the body is in exactly one of `events`, `skipped` and `failures`.
    """

    page: str = ""
    """The first page that the body names, empty if it names none. Its partition of `raw` stores the
    body."""
    events: list[ParsedEvent] = []
    classified: list[KeyedFact] = []
    """The facts about posts that follow from the body. Other bodies use them once they are in the
    log."""
    skipped: list[SkippedPart] = []
    failures: list[FailedPart] = []
    unknown_pages: set[str] = set()
    """The pages among `pages` that are not connected. If there are any, the caller reads the
    directory to its end and may parse the body again."""
    pages: set[str] = set()
    """Every page that the body names, known or not. To whom they belong is stored with the body, so
    that it is never read for another organization later."""


class WebhookChannel(Protocol):
    """The receiving half of a channel: bytes of a webhook in, events out.

    The module `channel` of a channel's package has a class with these members, and names it as
    `CHANNEL`. An instance is created once, in the process of ingest, and used for all webhooks.
    """

    name: ClassVar[Channel]
    """The channel's name in events, and in the address of its webhooks:
    `/webhooks/{name}`. The package has the same name."""

    credentials: ClassVar[tuple[str, ...]]
    """The secrets that the operator has to set, for example `facebook_app_secret` for the
    environment's variable `TUYEN_FACEBOOK_APP_SECRET`. Ingest does not start while one is
    missing."""

    answer_within_s: ClassVar[float]
    """How many seconds the channel waits for the answer to a webhook."""

    by_account: ClassVar[bool]
    """Whether each page has a webhook of its own, `/webhooks/{name}/{account}`, and a token of its
    own that signs it. The gateway then creates the page's id at the channel, which is the account,
    and the token. Otherwise there is one webhook for all pages, the bodies name their pages, and
    the account is empty."""

    @classmethod
    def open(cls, credentials: Mapping[str, str], tokens: PageTokenLookup) -> Self:
        """Creates the channel. `credentials` contains at least the values of its own `credentials`;
        `tokens` is for channels whose pages have tokens. Raises ValueError for a secret that would
        let everybody in."""
        ...

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The response to a `GET`, by which the channel verifies the address; None refuses it
        (403)."""
        ...

    def authentic(self, body: bytes, headers: Mapping[bytes, bytes], account: str = "") -> bool:
        """Whether the channel itself sent exactly these bytes (P2).

        Compare in constant time, and over the bytes as they are: a body that was parsed and encoded
        again has another signature. Header names are in lower case; header values may be any bytes.
        """
        ...

    def is_probe(self, body: bytes) -> bool:
        """Whether the body is what the channel sends unsigned to test the address, and nobody can
        make use of: it is answered 200 and leaves nothing behind. False for a channel without such
        a test."""
        ...

    def parse(
        self,
        body: bytes,
        accepted_at: datetime,
        pages: Pages,
        posts: LivePosts,
        account: str = "",
    ) -> ParsedBody:
        """Reads an authentic body.

        Never raises, whatever the body contains: a part that cannot be read is a failure, and the
        other parts are read (P4). The same body gives the same ids whenever it is read, so they
        depend neither on `accepted_at` nor on chance (P5c). An event belongs to the page that
        `pages` has for the id in the body, and to nobody else; there is no event for a page that
        `pages` does not have.
        """
        ...


UploadCall = Callable[[CallOrder, bytes], Awaitable[CallSucceeded | ChannelRefusal]]
LookCall = Callable[[BegunCall], Awaitable[CallSucceeded | ChannelRefusal | None]]
RefreshCall = Callable[[HiddenToken], Awaitable[ExchangedTokens | ChannelRefusal]]


class Connector(Protocol):
    """The sending half of a channel: requests of agents in, calls out (P5).

    The module `connector` of a channel's package names the class as `CONNECTOR`. An instance is
    created once, in the process that sends. Its answers are values; only unexpected errors are
    raised. `upload`, `look` and `refresh` are methods at the channels that have such calls, and
    None at the others.
    """

    name: ClassVar[Channel]

    settings: ClassVar[Mapping[str, str]]
    """The settings that it needs, for example `facebook_api` for the environment's variable
    `TUYEN_FACEBOOK_API`, with their defaults."""

    reply_window: ClassVar[ReplyWindow]
    """Until when the channel lets a page write to a customer."""

    by_token: ClassVar[bool]
    """Whether calls are signed with what the page's own webhooks are signed with, instead of made
    with credentials of the page."""

    returns_client_id: ClassVar[bool]
    """Whether the echo of a message contains the `client_id` of its request."""

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport, guarded: Transport) -> Self:
        """Creates the connector. `settings` contains at least its own `settings`; `guarded` is the
        transport to addresses that a page's people chose."""
        ...

    def split(self, request: OutboundRequested) -> Sequence[RequestPart]:
        """The parts of the request, at least one, in their order. The same request always has the
        same parts. Raises UnsupportedRequestError."""
        ...

    def limits(self, action: OutboundAction, part: RequestPart) -> Sequence[Limit]:
        """The limits that a call of this kind counts for."""
        ...

    def after_lost(self, action: OutboundAction) -> AfterLost:
        """How to find out what became of a call of this kind whose answer is not known."""
        ...

    async def call(self, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        """Makes the call of the order's part."""
        ...

    @property
    def upload(self) -> UploadCall | None:
        """Uploads the file of a part, and returns the handle for `CallOrder.handle` as the id. To
        repeat it is harmless. None if `split` makes no part with an upload."""
        ...

    @property
    def look(self) -> LookCall | None:
        """Asks the channel what became of a call that was begun. A result of None: it was not
        carried out. A refusal says that the channel cannot be asked at the moment. None if
        `after_lost` is never `AfterLost.LOOK`."""
        ...

    @property
    def refresh(self) -> RefreshCall | None:
        """Exchanges a refresh token. At some channels it works once: after an answer that was lost,
        the same token may be refused as a dead one. None if tokens are not exchanged."""
        ...
