"""Livechat: messages of visitors from a shop's own site, signed with the token of its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from tuyen_channels.live_posts import LivePosts
from tuyen_channels.livechat import parser
from tuyen_channels.ports import Pages, PageTokenLookup, ParsedBody, WebhookChannel
from tuyen_channels.signature import Signature
from tuyen_events.vocabulary import Channel

_HEADER = b"x-signature-256"


class LivechatChannel:
    """The webhooks of all sites, each signed with the token of its own page; an account is an app
    id."""

    name: ClassVar[Channel] = Channel.LIVECHAT
    credentials: ClassVar[tuple[str, ...]] = ()
    answer_within_s: ClassVar[float] = 5.0
    by_account: ClassVar[bool] = True

    def __init__(self, tokens: PageTokenLookup) -> None:
        self._tokens = tokens

    @classmethod
    def open(cls, credentials: Mapping[str, str], tokens: PageTokenLookup) -> Self:
        return cls(tokens)

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """None: a site proves itself only by its signature."""
        return None

    def authentic(self, body: bytes, headers: Mapping[bytes, bytes], account: str = "") -> bool:
        token = self._tokens(account)
        if not token:
            return False
        return Signature(token).verify(body, headers.get(_HEADER))

    def is_probe(self, body: bytes) -> bool:
        return False

    def parse(
        self,
        body: bytes,
        accepted_at: datetime,
        pages: Pages,
        posts: LivePosts,
        account: str = "",
    ) -> ParsedBody:
        return parser.parse(body, accepted_at, pages, account)


CHANNEL: type[WebhookChannel] = LivechatChannel
