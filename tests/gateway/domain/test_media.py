"""Which media are fetched."""

from datetime import UTC, datetime
from typing import Any

from channels.facebook.samples import PAGES
from support.facebook import payload
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_events.ids import (
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    reply_id,
)
from tuyen_events.inbound import Attachment, Customer, MessageEchoed, MessageReceived
from tuyen_events.media import media_id
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.media import list_media

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
MESSAGE = MessageId("m_1")
COMMON: dict[str, Any] = {
    "organization": OrganizationId("shop"),
    "page_id": PageId("page"),
    "channel": Channel.FACEBOOK,
    "occurred_at": NOW,
    "accepted_at": NOW,
    "customer": Customer(id=CustomerId("cus_1"), external_id="psid-1"),
    "conversation_id": ConversationId("msg_1"),
    "message_id": MESSAGE,
    "external_id": "mid-1",
}


def test_i6_media_are_fetched_and_links_are_not() -> None:
    event = MessageReceived(
        **COMMON,
        attachments=(
            Attachment(kind="image", url="https://cdn/1.jpg"),
            Attachment(kind="image", url="https://cdn/1.jpg"),
            Attachment(kind="sticker", url="https://cdn/s.png"),
            Attachment(kind="file", url="https://cdn/v/ho%C3%A1%20%C4%91%C6%A1n.pdf?oe=1"),
            Attachment(kind="file", url="https://[broken", title="a.pdf"),
            Attachment(kind="file", url="https://[broken"),
            Attachment(kind="link", url="https://example.com"),
            Attachment(kind="location", latitude=1.0, longitude=2.0),
            Attachment(kind="video"),
        ),
    )
    found = list_media(event, 7)
    assert [(one.url, one.name) for one in found] == [
        ("https://cdn/1.jpg", None),
        ("https://cdn/s.png", None),
        ("https://cdn/v/ho%C3%A1%20%C4%91%C6%A1n.pdf?oe=1", "hoá đơn.pdf"),
        ("https://[broken", None),
    ]
    assert found[0].id == media_id(MESSAGE, "https://cdn/1.jpg")
    assert {one.partition for one in found} == {7}


def test_i6_an_echo_of_another_program_is_fetched_like_a_customers_message() -> None:
    parsed = parser.parse(payload("messenger__echo_attachment"), NOW, PAGES, LivePosts())
    (echo,) = (found.event for found in parsed.events)
    assert isinstance(echo, MessageEchoed)
    (found,) = list_media(echo, 0)
    assert (found.url, found.claims) == (echo.attachments[0].url, None)


def test_i6_an_echo_with_a_note_says_which_reply_it_would_be() -> None:
    image = (Attachment(kind="image", url="https://cdn/1.jpg"),)
    (found,) = list_media(MessageEchoed(**COMMON, attachments=image, client_id="c1"), 0)
    assert found.claims == reply_id(ConversationId("msg_1"), "c1")
