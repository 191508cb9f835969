"""Facebook: Messenger and the page feed with its livestreams, through Meta's webhooks."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Pages, PageTokenLookup, ParsedBody, WebhookChannel
from tuyen_channels.signature import Signature
from tuyen_events.vocabulary import Channel

_HEADER = b"x-hub-signature-256"


class FacebookChannel:
    """Facebook's webhooks, with one app's secret and the verify token that was entered in its
    console."""

    name: ClassVar[Channel] = Channel.FACEBOOK
    credentials: ClassVar[tuple[str, ...]] = ("facebook_app_secret", "facebook_verify_token")
    answer_within_s: ClassVar[float] = 5.0
    by_account: ClassVar[bool] = False

    def __init__(self, app_secret: str, verify_token: str) -> None:
        if not verify_token:
            raise ValueError("an empty verify token would let everybody subscribe")
        self._signature = Signature(app_secret)
        self._verify_token = verify_token.encode()

    @classmethod
    def open(cls, credentials: Mapping[str, str], tokens: PageTokenLookup) -> Self:
        return cls(credentials["facebook_app_secret"], credentials["facebook_verify_token"])

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The challenge as it is, if the console sends our verify token."""
        if query.get("hub.mode") != "subscribe":
            return None
        if not hmac.compare_digest(query.get("hub.verify_token", "").encode(), self._verify_token):
            return None
        return query.get("hub.challenge")

    def authentic(self, body: bytes, headers: Mapping[bytes, bytes], account: str = "") -> bool:
        return self._signature.verify(body, headers.get(_HEADER))

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
        return parser.parse(body, accepted_at, pages, posts)


CHANNEL: type[WebhookChannel] = FacebookChannel
