"""The demo's webhooks are what Facebook's channel reads, signature included."""

from datetime import UTC, datetime

import pytest

from tuyen_channels.facebook.channel import FacebookChannel
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page as KnownPage
from tuyen_channels.ports import ParsedBody
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import (
    CommentAdded,
    InboundEvent,
    LivestreamChanged,
    MessageReceived,
    PostPublished,
)
from tuyen_local.demo.webhooks import SIGNATURE_HEADER, DemoCustomer, DemoPage, signature

SECRET = "app-secret"
PAGE = DemoPage("104000000000001", 1_790_000_000_000)
VAN = DemoCustomer("6700000000000001", "Vân")
POST = "104000000000001_77"
KNOWN = {PAGE.external_id: KnownPage(OrganizationId("demo"), PageId("shop"))}


def parse(body: bytes, posts: LivePosts | None = None) -> ParsedBody:
    channel = FacebookChannel(SECRET, "verify")
    return channel.parse(body, datetime.now(UTC), KNOWN, posts or LivePosts())


def only_event(body: bytes, posts: LivePosts | None = None) -> InboundEvent:
    (normalized,) = parse(body, posts).events
    return normalized.event


def test_a_message_is_a_customers() -> None:
    event = only_event(PAGE.message(VAN, "m_1", "Còn hàng không?"))
    assert isinstance(event, MessageReceived)
    assert (event.external_id, event.text) == ("m_1", "Còn hàng không?")
    assert event.customer.external_id == VAN.external_id


@pytest.mark.parametrize("parent", [None, "77_1"])
def test_a_comment_is_a_root_unless_it_names_a_parent(parent: str | None) -> None:
    event = only_event(PAGE.feed([PAGE.comment(VAN, "77_2", POST, "Giá?", parent)]))
    assert isinstance(event, CommentAdded)
    assert event.parent_external_id == parent
    assert not event.livestream
    assert event.customer is not None
    assert event.customer.name == "Vân"


def test_p5a_comments_below_a_video_that_goes_live_are_live() -> None:
    posts = LivePosts()
    for body in (
        PAGE.feed([PAGE.video(POST, "88", "LIVE 20h")]),
        PAGE.feed([PAGE.live_video("88", "live")]),
    ):
        result = parse(body, posts)
        (normalized,) = result.events
        assert isinstance(normalized.event, PostPublished | LivestreamChanged)
        for fact in result.classified:
            posts.apply(fact.key, fact.event)
    event = only_event(PAGE.feed([PAGE.comment(VAN, "77_3", POST, "Chốt M01")]), posts)
    assert isinstance(event, CommentAdded)
    assert event.livestream


def test_p2_the_signature_is_over_escaped_bytes() -> None:
    body = PAGE.message(VAN, "m_2", "Đổi size")
    assert body.isascii()
    headers = {SIGNATURE_HEADER.lower().encode(): signature(SECRET, body).encode()}
    assert FacebookChannel(SECRET, "verify").authentic(body, headers)
    assert not FacebookChannel("another", "verify").authentic(body, headers)
