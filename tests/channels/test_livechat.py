"""What a site's webhooks say, and what they are signed with."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.odd import ODD, assert_sound, change_sample, places
from support.livechat import APP, TOKEN, body, event, sign
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.livechat.channel import LivechatChannel
from tuyen_channels.ports import Page, ParsedBody, SkippedPart, SkipReason
from tuyen_events.ids import (
    CHOSEN_ID_PATTERN,
    OrganizationId,
    PageId,
    customer_id,
    event_id,
    message_id,
    message_thread_id,
)
from tuyen_events.inbound import Attachment, Customer, MessageReceived, MessagesSeen, Visit
from tuyen_events.limits import REPAIRED_ELEMENTS
from tuyen_events.vocabulary import Channel

SHOP, SITE = OrganizationId("shop"), PageId("site")
PAGES = {APP: Page(SHOP, SITE)}
ACCEPTED = datetime(2026, 11, 21, 8, 0, 1, tzinfo=UTC)
CHANNEL = LivechatChannel({APP: TOKEN}.get)


def parse(raw: bytes, account: str = APP) -> ParsedBody:
    return CHANNEL.parse(raw, ACCEPTED, PAGES, LivePosts(), account)


def parse_message(raw: bytes) -> MessageReceived:
    (found,) = parse(raw).events
    assert isinstance(found.event, MessageReceived)
    return found.event


def header(raw: bytes, token: str = TOKEN) -> dict[bytes, bytes]:
    return {b"x-signature-256": sign(raw, token)["X-Signature-256"].encode()}


def test_l3_a_message_carries_its_visitor_and_where_they_were() -> None:
    parsed = parse(body())
    visitor = customer_id(SHOP, SITE, "v-17")
    (found,) = parsed.events
    assert found.id == event_id("livechat", APP, "b1f0")
    assert found.key == "shop/site/v-17"
    assert found.subject == message_thread_id(visitor)
    assert found.event == MessageReceived(
        organization=SHOP,
        page_id=SITE,
        channel=Channel.LIVECHAT,
        occurred_at=datetime(2026, 11, 21, 8, tzinfo=UTC),
        accepted_at=ACCEPTED,
        customer=Customer(
            id=visitor,
            external_id="v-17",
            name="Lan",
            phone="0903123456",
            email="lan@example.com",
            gender="female",
            location="Hà Nội",
            browser="Firefox 140",
        ),
        conversation_id=message_thread_id(visitor),
        message_id=message_id(SHOP, SITE, "b1f0"),
        external_id="b1f0",
        text="Còn size 42 không?",
        visit=Visit(
            page_url="https://shop.example/vn/giay?utm=x", department="sales", region="mien-bac"
        ),
    )
    assert (parsed.page, parsed.skipped, parsed.failures) == (APP, [], [])


def test_c1_what_a_visitor_left_empty_says_nothing() -> None:
    visitor = {"id": 17, "name": " ", "phone": "", "email": None}
    event = parse_message(body(visitor=visitor, page_url="", department=" ", region=""))
    assert event.customer == Customer(id=customer_id(SHOP, SITE, "17"), external_id="17")
    assert event.visit is None


def test_attachments_are_named_as_on_every_channel() -> None:
    message = {
        "text": "",
        "attachments": [
            {"type": "image", "url": "https://shop.example/a.png", "title": "Giày"},
            {"type": "location", "latitude": 21.03, "longitude": 105.85},
            {"type": "hologram", "url": "https://shop.example/h"},
        ],
    }
    event = parse_message(body(message=message))
    assert event.text is None
    assert event.attachments == (
        Attachment(kind="image", url="https://shop.example/a.png", title="Giày"),
        Attachment(kind="location", latitude=21.03, longitude=105.85),
        Attachment(kind="link", url="https://shop.example/h"),
    )


@pytest.mark.parametrize(
    ("timestamp", "occurred"),
    [
        (None, ACCEPTED),
        ("2026-11-21T15:00:00+07:00", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T08:00:00.123Z", datetime(2026, 11, 21, 8, 0, 0, 123000, UTC)),
    ],
)
def test_the_time_of_a_message_is_the_sites_or_that_of_acceptance(
    timestamp: str | None, occurred: datetime
) -> None:
    assert parse_message(body(timestamp=timestamp)).occurred_at == occurred


def test_r9_2_an_event_is_one_by_its_app_and_its_id_whatever_else_changed() -> None:
    first, again = (parse(raw).events[0].id for raw in (body(), body(page_url="https://b.example")))
    other = parse(body("b1f1")).events[0].id
    assert first == again != other


def test_l4_a_visitor_saw_what_was_sent_by_then() -> None:
    said = {"event_id": "s1", "type": "seen", "visitor": {"id": "v-17"}}
    raw = json.dumps({**said, "until": "2026-11-21T14:59:58+07:00"}).encode()
    (found,) = parse(raw).events
    visitor = customer_id(SHOP, SITE, "v-17")
    assert (found.id, found.key) == (event_id("livechat", APP, "s1"), "shop/site/v-17")
    assert found.event == MessagesSeen(
        organization=SHOP,
        page_id=SITE,
        channel=Channel.LIVECHAT,
        occurred_at=ACCEPTED,
        accepted_at=ACCEPTED,
        customer=Customer(id=visitor, external_id="v-17"),
        conversation_id=message_thread_id(visitor),
        watermark=datetime(2026, 11, 21, 7, 59, 58, tzinfo=UTC),
    )
    assert len(parse(json.dumps(said).encode()).failures) == 1
    (late,) = parse(json.dumps({**said, "until": "2999-01-01T00:00:00Z"}).encode()).events
    assert isinstance(late.event, MessagesSeen)
    assert late.event.watermark == ACCEPTED


@pytest.mark.parametrize("kind", ["typing", "visit", ""])
def test_p4_a_type_that_is_not_known_is_skipped_whatever_shape_it_has(kind: str) -> None:
    parsed = parse(json.dumps({"type": kind, "visitor": 7}).encode())
    assert parsed.skipped == [SkippedPart(SkipReason.UNKNOWN_EVENT, kind)]
    assert (parsed.events, parsed.failures) == ([], [])


def test_a_message_that_says_nothing_is_skipped() -> None:
    assert parse(body(message={"text": " "})).skipped == [SkippedPart(SkipReason.EMPTY, "message")]


def test_p4_a_page_that_is_not_served_is_not_known() -> None:
    parsed = parse(body(), "app_other")
    assert parsed.skipped == [SkippedPart(SkipReason.UNKNOWN_PAGE, "app_other")]
    assert parsed.unknown_pages == {"app_other"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"[1]",
        b"{}",
        b"\xff\x00",
        b"[" * 100_000,
        body(visitor=None),
        body(visitor={"id": ""}),
        body(visitor={"id": "v" * 201}),
        body(visitor={"id": "v\0"}),
        body(visitor={"id": "@"}).replace(b"@", b"v\\ud83d"),
        body("e\0"),
        body(message=None),
        body(message={"text": "a", "attachments": [{"url": "u"}]}),
        body(timestamp="hôm qua"),
        body(timestamp="2026-11-21T08:00:00"),
        body(timestamp="99999-01-01T00:00:00Z"),
        json.dumps({**event(), "event_id": None}).encode(),
    ],
)
def test_p4_what_cannot_be_read_is_a_failure_of_its_page_with_its_body(raw: bytes) -> None:
    parsed = parse(raw)
    (failure,) = parsed.failures
    assert failure.page == parsed.page == APP
    assert failure.payload == raw.decode("utf-8", "replace")
    assert failure.error
    assert (parsed.events, parsed.skipped) == ([], [])


def test_a_text_that_was_cut_in_an_emoji_is_read() -> None:
    raw = json.dumps(event(message={"text": "Đẹp \ud83d"})).encode()
    assert parse_message(raw).text == "Đẹp \ufffd"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(event())), JSON))
def test_p3_whatever_is_in_a_body_reading_it_ends_in_exactly_one_way(
    changed: dict[str, Any],
) -> None:
    parsed = parse(json.dumps({**event(), **changed}).encode())
    assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) == 1


def test_r9_5_what_only_describes_is_cut_and_the_customers_words_go_through() -> None:
    long = "ă" * 600_000
    visitor = {"id": "v", **dict.fromkeys(("name", "gender", "location", "browser"), long)}
    found = parse_message(
        body(
            visitor={**visitor, "phone": long, "email": long},
            page_url=f"https://shop.example/vn?{long}#{long}",
            department=long,
            region=long,
            message={
                "text": "Shop ơi",
                "attachments": [{"type": "image", "url": "u" * 9_000, "title": "ă" * 600}] * 101,
            },
        )
    )
    assert found.text == "Shop ơi"
    who, visit = found.customer, found.visit
    assert (who.name, who.gender, who.location, who.browser) == (
        "ă" * 200,
        "ă" * 500,
        "ă" * 500,
        "ă" * 500,
    )
    assert (who.phone, who.email) == (None, None)
    assert visit is not None
    assert visit.page_url == "https://shop.example/vn"
    assert len(found.attachments) == 100
    assert found.attachments[0] == Attachment(kind="image", title="ă" * 500)
    for asked in (visit.department, visit.region):
        assert asked is not None
        assert len(asked) == 64
        assert not re.fullmatch(CHOSEN_ID_PATTERN, asked)


@pytest.mark.parametrize("odd", [b"\\u0000", b"\\ud83d"])
def test_r9_5_a_message_that_takes_long_to_repair_is_a_dead_letter_as_it_is(odd: bytes) -> None:
    raw = body(message={"text": "Chào ODD"}, z="MANY").replace(b"ODD", odd)
    assert parse_message(raw).text == "Chào \ufffd"
    long = raw.replace(b'"MANY"', b"[" + b"{}," * REPAIRED_ELEMENTS + b"{}]")
    (failure,) = parse(long).failures
    assert "TooMuchToRepairError" in failure.error


def test_r1_6_an_address_that_is_too_long_without_its_query_is_cut() -> None:
    visit = parse_message(body(page_url="https://shop.example/" + "a" * 3_000)).visit
    assert visit is not None
    assert visit.page_url == "https://shop.example/" + "a" * 2_027


@pytest.mark.parametrize(
    "timestamp",
    [
        "9999-01-01T00:00:00Z",
        "2026-11-22T08:00:02Z",
        "1970-01-21T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_i2_a_clock_that_cannot_be_right_is_that_of_acceptance(timestamp: str) -> None:
    assert parse_message(body(timestamp=timestamp)).occurred_at == ACCEPTED


@pytest.mark.parametrize("odd", [b"a\xffb", b"a\\ud800b", b"a\\u0000b", b"a\xc3b"])
def test_p4_a_character_that_is_none_costs_itself_alone(odd: bytes) -> None:
    raw = body(message={"text": "@"}, department="@").replace(b"@", odd)
    found = parse_message(raw)
    assert found.text is not None
    assert "\ufffd" in found.text
    assert not set(found.text) & {"\0", "\ud800"}


def test_p3_whatever_is_odd_in_a_field_the_event_is_sound_or_put_aside() -> None:
    whole = event(message={"text": "a", "attachments": [{"type": "image", "url": "u"}]})
    for path in places(whole):
        for change in ("removed", "renamed", "doubled", *ODD):
            (raw,) = change_sample(json.dumps({"entry": [whole]}).encode(), (0, *path), change)
            parsed = parse(raw)
            assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) == 1
            for found in parsed.events:
                assert_sound(found)


def test_p2_a_call_is_signed_with_the_token_of_its_own_page() -> None:
    raw = body()
    assert CHANNEL.authentic(raw, header(raw), APP)
    assert not CHANNEL.authentic(raw, header(raw), "app_other")
    assert not CHANNEL.authentic(raw, header(raw), "")
    assert not CHANNEL.authentic(raw, header(raw, "another"), APP)
    assert not CHANNEL.authentic(raw + b" ", header(raw), APP)
    assert not CHANNEL.authentic(raw, {}, APP)
    assert not CHANNEL.authentic(
        raw, {b"x-hub-signature-256": header(raw)[b"x-signature-256"]}, APP
    )


def test_p2_there_is_no_handshake() -> None:
    assert CHANNEL.handshake({"hub.mode": "subscribe", "hub.challenge": "1"}) is None
