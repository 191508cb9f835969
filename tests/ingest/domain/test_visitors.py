"""L4: what a visitor writes, in the form of a site's own webhook."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from tuyen_channels.livechat import parser
from tuyen_channels.ports import Page
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import MessageReceived
from tuyen_events.media import attachment_url
from tuyen_ingest.domain.visitors import (
    SiteVisitor,
    VisitorPicture,
    WrittenMessage,
    derive_message_id,
    derive_own_id,
    derive_picture_id,
    encode_message,
    name_guest,
)

APP = "app_1"
PAGE = Page(OrganizationId("shop"), PageId("site"))
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
GUEST = SiteVisitor(app_id=APP, id=name_guest("00ff"), name="Lan")
WRITTEN = WrittenMessage(
    client_id="c1",
    text="Còn size 42 không?",
    page_url="https://shop.example/giay",
    department="sales",
    region="north",
    browser="Firefox 140",
)


def read(visitor: SiteVisitor, written: WrittenMessage) -> MessageReceived:
    parsed = parser.parse(encode_message(visitor, written), AT, {APP: PAGE}, APP)
    (normalized,) = parsed.events
    assert isinstance(normalized.event, MessageReceived)
    assert normalized.subject == visitor.find_thread(PAGE)
    return normalized.event


def test_l4_the_channels_parser_reads_what_a_visitor_wrote() -> None:
    event = read(GUEST, WRITTEN)
    assert event.message_id == derive_message_id(GUEST, "c1", PAGE)
    assert event.text == WRITTEN.text
    assert (event.customer.external_id, event.customer.name) == (GUEST.id, "Lan")
    assert (event.customer.phone, event.customer.email) == (None, None)
    assert event.customer.browser == "Firefox 140"
    assert event.visit is not None
    visit = event.visit
    assert (visit.page_url, visit.department, visit.region) == (
        "https://shop.example/giay",
        "sales",
        "north",
    )
    assert event.occurred_at == AT


def test_l4_a_picture_is_an_attachment_at_the_gateways_address() -> None:
    picture = derive_picture_id(derive_message_id(GUEST, "c1", PAGE))
    written = msgspec.structs.replace(
        WRITTEN, text=None, picture=VisitorPicture(id=picture, name="giay.png")
    )
    (attachment,) = read(GUEST, written).attachments
    assert (attachment.kind, attachment.url) == ("image", attachment_url(picture))
    assert attachment.title == "giay.png"


def test_r9_2_the_same_message_is_the_same_bytes_and_no_other_has_its_id() -> None:
    assert encode_message(GUEST, WRITTEN) == encode_message(GUEST, WRITTEN)
    other = SiteVisitor(app_id=APP, id=name_guest("00fe"))
    ids = [derive_own_id(GUEST, "c1"), derive_own_id(GUEST, "c2"), derive_own_id(other, "c1")]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(("visitor", "known"), [(name_guest("1"), False), ("42", True)])
def test_l4_a_visitor_is_known_by_the_sites_own_id(visitor: str, known: bool) -> None:
    assert SiteVisitor(app_id=APP, id=visitor).is_known is known


def test_p3_the_body_says_nothing_that_a_site_could_not_have_said() -> None:
    body = json.loads(encode_message(GUEST, WRITTEN))
    assert set(body) == {
        "event_id",
        "type",
        "visitor",
        "page_url",
        "department",
        "region",
        "message",
    }
