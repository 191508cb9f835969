"""Zalo: messages to a shop's Official Account, through Zalo's webhooks."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Pages, PageTokenLookup, ParsedBody, WebhookChannel
from tuyen_channels.zalo import parser
from tuyen_channels.zalo.signature import ZaloSignature
from tuyen_events.vocabulary import Channel

_HEADER, _TIME_HEADER = b"x-zevent-signature", b"x-zevent-timestamp"

_is_empty_object = re.compile(rb"\s*\{\s*\}\s*").fullmatch


class ZaloChannel:
    """The webhooks of one Zalo app, for all Official Accounts that have granted it their events. A
    page is an Official Account."""

    name: ClassVar[Channel] = Channel.ZALO
    credentials: ClassVar[tuple[str, ...]] = ("zalo_app_id", "zalo_oa_secret")
    answer_within_s: ClassVar[float] = 2.0
    by_account: ClassVar[bool] = False

    def __init__(self, app_id: str, oa_secret: str) -> None:
        self._signature = ZaloSignature(app_id, oa_secret)

    @classmethod
    def open(cls, credentials: Mapping[str, str], tokens: PageTokenLookup) -> Self:
        return cls(credentials["zalo_app_id"], credentials["zalo_oa_secret"])

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """None: Zalo verifies an address by a `POST` (`is_probe`)."""
        return None

    def authentic(self, body: bytes, headers: Mapping[bytes, bytes], account: str = "") -> bool:
        return self._signature.verify(body, headers.get(_HEADER), headers.get(_TIME_HEADER))

    def is_probe(self, body: bytes) -> bool:
        """An empty object, which Zalo's console sends when the address is saved."""
        return _is_empty_object(body) is not None

    def parse(
        self,
        body: bytes,
        accepted_at: datetime,
        pages: Pages,
        posts: LivePosts,
        account: str = "",
    ) -> ParsedBody:
        return parser.parse(body, accepted_at, pages)


CHANNEL: type[WebhookChannel] = ZaloChannel
