"""What Zalo's webhooks say, beyond the sample bodies."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.zalo.zalo_events import ACCEPTED, ORGANIZATION, PAGE_ID, PAGES
from support.zalo import OA, USER, Update, echo, encode, event
from tuyen_channels.ports import ParsedBody, ParsedEvent, SkippedPart, SkipReason
from tuyen_channels.zalo import parser
from tuyen_events import ids
from tuyen_events.inbound import (
    Attachment,
    CustomerEvent,
    MessageEchoed,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
)

RECEIPTS = ["user_seen_message", "user_received_message"]
NAMES = [
    "user_send_text",
    "anonymous_send_image",
    "oa_send_text",
    "user_seen_message",
    "user_received_message",
    "user_reacted_message",
    "follow",
    "unfollow",
    "user_click_chatnow",
    "user_submit_info",
    "user_send_group_text",
    "of_a_later_version",
]


def parse(update: Update | bytes) -> ParsedBody:
    return parser.parse(update if isinstance(update, bytes) else encode(update), ACCEPTED, PAGES)


def find(update: Update | bytes) -> ParsedEvent:
    parsed = parse(update)
    assert parsed.failures == []
    (found,) = parsed.events
    return found


def read(update: Update | bytes) -> MessageReceived:
    found = find(update).event
    assert isinstance(found, MessageReceived)
    return found


def follow(name: str = "follow", **changed: Any) -> Update:
    whole = {"oa_id": OA, "follower": {"id": USER}, "sender": None, "recipient": None}
    return event(name, **{**whole, "message": None, **changed})


def info(**said: Any) -> Update:
    return event("user_submit_info", message=None, info=said)


@pytest.mark.parametrize("name", ["oa_send_text", "oa_send_list", "oa_send_anonymous_text"])
def test_p5b_what_the_account_sends_is_an_echo_to_its_customer(name: str) -> None:
    found = find(echo(name)).event
    assert isinstance(found, MessageEchoed)
    assert found.customer.external_id == USER
    assert found.admin_id is None


def test_p5b_a_person_who_wrote_in_zalos_own_chat_is_named() -> None:
    found = find(echo(sender={"id": OA, "admin_id": "7700000000000000001"})).event
    assert isinstance(found, MessageEchoed)
    assert found.admin_id == "7700000000000000001"


def test_p5b_a_reaction_of_the_account_is_no_customers() -> None:
    assert parse(echo("oa_reacted_message")).skipped == [
        SkippedPart(SkipReason.BY_PAGE, "oa_reacted_message")
    ]


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_is_read_whichever_side_it_names_as_the_sender(name: str) -> None:
    said = {"message": {"msg_id": "m_1"}}
    documented, other = find(echo(name, **said)), find(event(name, **said))
    assert documented == other
    assert isinstance(documented.event, MessagesSeen | MessagesDelivered)
    assert documented.event.customer.external_id == USER


def test_p5c_a_receipt_is_one_by_its_messages_in_any_order() -> None:
    def seen(*messages: str) -> str:
        return find(echo("user_seen_message", message={"msg_ids": messages})).id

    assert seen("a", "b") == seen("b", "a")
    assert len({seen("a"), seen("b"), seen("a", "b"), seen()}) == 4


def test_a_receipt_of_a_notification_by_phone_number_is_skipped() -> None:
    said = {"msg_id": "m_1", "tracking_id": "t", "delivery_time": "1790000000000"}
    for name in RECEIPTS:
        (skipped,) = parse(echo(name, message=said)).skipped
        assert skipped == SkippedPart(SkipReason.UNKNOWN_EVENT, f"{name} of ZNS")


def test_p5c_a_message_is_one_by_its_account_its_name_and_its_id() -> None:
    first = find(event())
    assert first.id == ids.event_id("zalo", OA, "user_send_text", "96d3cdf3af150460001")
    assert find(event(timestamp="1790000099000")).id == first.id
    others = [
        event("user_send_image", message={"msg_id": "96d3cdf3af150460001", "text": "x"}),
        event(message={"msg_id": "other", "text": "Xin chào OA"}),
    ]
    assert len({first.id, *(find(other).id for other in others)}) == 3


def test_p5c_reactions_to_one_message_are_events_of_their_own() -> None:
    def react(icon: str, at: str = "1790000000000") -> ParsedEvent:
        message = {"msg_id": "m_1", "react_icon": icon}
        return find(event("user_reacted_message", message=message, timestamp=at))

    found = [react("/-heart"), react("/-strong"), react("/-heart", "1790000001000")]
    assert len({each.id for each in found}) == 3
    shown = [each.event.emoji for each in found if isinstance(each.event, MessageReacted)]
    assert shown == ["❤", "👍", "❤"]


@pytest.mark.parametrize(
    ("icon", "shown"), [("/-remove", None), ("", None), (None, None), (":-new", ":-new")]
)
def test_a_reaction_is_removed_or_kept_as_zalo_writes_it(
    icon: str | None, shown: str | None
) -> None:
    found = find(event("user_reacted_message", message={"msg_id": "m", "react_icon": icon})).event
    assert isinstance(found, MessageReacted)
    assert found.emoji == shown


def test_p5c_following_again_is_another_event() -> None:
    first, unfollowed = find(follow()), find(follow("unfollow"))
    again = find(follow(timestamp="1790000009000"))
    assert len({first.id, unfollowed.id, again.id}) == 3


def test_a_visitor_without_an_account_has_a_thread_by_the_id_that_zalo_gives() -> None:
    message = {"conversation_id": "c_1", "msg_id": "m_1", "text": "Shop ơi"}
    asked = find(event("anonymous_send_text", sender={"id": "anon-1"}, message=message)).event
    answered = find(
        echo(
            "oa_send_anonymous_text",
            recipient={"id": "anon-1"},
            message={**message, "msg_id": "m_2"},
        )
    ).event
    assert isinstance(asked, MessageReceived)
    assert isinstance(answered, MessageEchoed)
    assert asked.customer == answered.customer
    assert asked.customer.external_id == "anon-1"
    assert asked.chat_external_id == "c_1"
    assert asked.conversation_id == answered.conversation_id


@pytest.mark.parametrize(
    "name", ["user_send_group_text", "oa_send_group_image", "create_group", "user_out_group"]
)
def test_p4_what_happens_in_a_group_is_skipped_and_counted(name: str) -> None:
    parsed = parse(event(name, oa_id=OA, recipient={"id": "group-1"}))
    assert parsed.skipped == [SkippedPart(SkipReason.GROUP, name)]
    assert (parsed.page, parsed.unknown_pages) == (OA, set())


@pytest.mark.parametrize(
    ("update", "what"),
    [
        ({"event_name": "user_withdraw", "message": 7, "sender": "x"}, "user_withdraw"),
        ({"event_name": "oa_send_consent", "oa_id": OA, "phone": "84"}, "oa_send_consent"),
        ({"event_name": "shop_has_order", "oa_id": OA}, "shop_has_order"),
        ({"event_name": ""}, ""),
        ({}, ""),
    ],
)
def test_p4_a_name_that_is_not_known_is_skipped_whatever_shape_it_has(
    update: Update, what: str
) -> None:
    parsed = parse(update)
    assert parsed.skipped == [SkippedPart(SkipReason.UNKNOWN_EVENT, what)]
    assert parsed.failures == []


@pytest.mark.parametrize("name", ["user_send_text", "oa_send_image"])
@pytest.mark.parametrize("message", [{"msg_id": "m"}, {"msg_id": "m", "text": ""}])
def test_a_message_that_says_nothing_is_skipped(name: str, message: Update) -> None:
    update = (
        event(name, message=message) if name.startswith("user") else echo(name, message=message)
    )
    assert parse(update).skipped == [SkippedPart(SkipReason.EMPTY, name)]


@pytest.mark.parametrize("name", RECEIPTS)
def test_p4_an_account_that_nobody_connected_is_unknown_whichever_party_it_is(name: str) -> None:
    update = encode(event(name, recipient={"id": "oa-2"}, message={"msg_id": "m"}))
    parsed = parser.parse(update, ACCEPTED, PAGES)
    assert parsed.skipped == [SkippedPart(SkipReason.UNKNOWN_PAGE, USER)]
    assert parsed.unknown_pages == parsed.pages == {USER, "oa-2"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"[1]",
        b"\xff\x00",
        b"[" * 100_000,
        encode(event(recipient=None)),
        encode(event(recipient={"id": ""})),
        encode(event(sender=None)),
        encode(event(sender={"id": "9" * 201})),
        encode(event(sender={"id": "a\0"})),
        encode(event(message=None)),
        encode(event(message={"text": "x"})),
        encode(event(timestamp="hôm qua")),
        encode(event(message={"msg_id": "m", "attachments": [{"payload": {}}]})),
        encode(follow(follower=None)),
        encode(info(name=7)),
        encode({**event(), "event_name": 7}),
    ],
)
def test_p4_what_cannot_be_read_is_a_failure_with_its_body(raw: bytes) -> None:
    parsed = parse(raw)
    (failure,) = parsed.failures
    assert failure.payload == raw.decode("utf-8", "replace")
    assert failure.error
    assert (parsed.events, parsed.skipped) == ([], [])


def test_p5c_an_id_that_is_a_number_keeps_all_its_digits() -> None:
    text = encode(event())
    number = text.replace(f'"{USER}"'.encode(), USER.encode())
    assert number != text
    assert parse(number).events == parse(text).events
    large = str(2**53 + 1)
    found = read(text.replace(f'"{USER}"'.encode(), large.encode()))
    assert found.customer.external_id == large
    repaired = text.replace(f'"{USER}"'.encode(), large.encode()).replace(b"OA", b"\\ud83d")
    assert read(repaired).customer.external_id == large


def test_an_answer_to_a_message_names_it() -> None:
    message = {"msg_id": "m_2", "text": "Cái này", "quote_msg_id": "m_1"}
    assert read(event(message=message)).reply_to == ids.message_id(ORGANIZATION, PAGE_ID, "m_1")


def attach(*attachments: Update) -> Update:
    return event("user_send_link", message={"msg_id": "m", "attachments": list(attachments)})


@pytest.mark.parametrize(
    ("attachment", "shown"),
    [
        (
            {
                "type": "link",
                "payload": {
                    "description": '{"phone":"84912345678","qrCodeUrl":"https://qr.zdn.vn/1"}',
                    "thumbnail": "https://f1.zdn.vn/t.jpg",
                    "url": "",
                },
            },
            Attachment(kind="link", url="https://f1.zdn.vn/t.jpg", title="84912345678"),
        ),
        (
            {"type": "link", "payload": {"description": '{"name":"Lan","phone":84912345678}'}},
            Attachment(kind="link", title='{"name":"Lan","phone":84912345678}'),
        ),
        (
            {"type": "link", "payload": {"description": '{"name":"Lan","phone":"0912"}'}},
            Attachment(kind="link", title="Lan 0912"),
        ),
        (
            {"type": "link", "payload": {"description": '{"phone":"a\\u0000b"}'}},
            Attachment(kind="link", title='{"phone":"a\\u0000b"}'),
        ),
        (
            {"type": "link", "payload": {"description": "{ không phải JSON"}},
            Attachment(kind="link", title="{ không phải JSON"),
        ),
        (
            {"type": "template", "payload": {"text": "Đơn hàng", "link_url": "https://z.vn/1"}},
            Attachment(kind="template", url="https://z.vn/1", title="Đơn hàng"),
        ),
        ({"type": "hologram", "payload": {"url": "u"}}, Attachment(kind="link", url="u")),
        ({"type": "image", "payload": ["?"]}, Attachment(kind="image")),
        ({"type": "image"}, Attachment(kind="image")),
        (
            {"type": "location", "payload": {"coordinates": {"latitude": "nan"}}},
            Attachment(kind="location"),
        ),
    ],
)
def test_an_attachment_is_named_as_on_every_channel(attachment: Update, shown: Attachment) -> None:
    assert read(attach(attachment)).attachments == (shown,)


@pytest.mark.parametrize(
    ("said", "text", "gender", "location"),
    [
        (
            {"name": "Lan", "phone": 84912345678, "gender": "Nữ", "full_address": "1 Lê Lợi, Huế"},
            "Lan\n84912345678\nNữ\n1 Lê Lợi, Huế",
            "female",
            "1 Lê Lợi, Huế",
        ),
        (
            {
                "name": "Lan",
                "phone": "84912345678",
                "address": "1 Lê Lợi",
                "ward": "Phú Hội",
                "district": "Huế",
                "city": "Thừa Thiên",
            },
            "Lan\n84912345678\n1 Lê Lợi, Phú Hội, Huế, Thừa Thiên",
            None,
            "1 Lê Lợi, Phú Hội, Huế, Thừa Thiên",
        ),
        ({"phone": "84912345678", "gender": "Khác"}, "84912345678\nKhác", None, None),
    ],
)
def test_c1_a_form_says_who_the_customer_is_in_either_shape(
    said: Update, text: str, gender: str | None, location: str | None
) -> None:
    found = read(info(**said))
    assert found.text == text
    who = found.customer
    assert (who.name, who.phone) == (said.get("name"), "84912345678")
    assert (who.gender, who.location) == (gender, location)


def test_a_form_that_says_nothing_is_skipped() -> None:
    assert parse(info()).skipped == [SkippedPart(SkipReason.EMPTY, "user_submit_info")]


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        (1790000000000, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ("1790000000", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        (None, ACCEPTED),
        ("0", ACCEPTED),
        ("2790000000000", ACCEPTED),
        (2**63 - 1, ACCEPTED),
    ],
)
def test_i2_a_clock_is_believed_where_it_can_be_right(clock: Any, moment: datetime) -> None:
    assert read(event(timestamp=clock)).occurred_at == moment


@pytest.mark.parametrize("odd", [b"a\xffb", b"a\\ud83d", b"a\\u0000b"])
def test_p4_a_character_that_is_none_costs_itself_alone(odd: bytes) -> None:
    raw = encode(event(message={"msg_id": "m", "text": "@"})).replace(b"@", odd)
    assert "\ufffd" in (read(raw).text or "")


def test_r9_5_what_only_describes_is_cut() -> None:
    long = {"type": "file", "payload": {"url": "u" * 9_000, "name": "ă" * 600}}
    found = read(event("user_send_file", message={"msg_id": "m", "attachments": [long] * 101}))
    assert len(found.attachments) == 100
    assert found.attachments[0] == Attachment(kind="file", title="ă" * 500)
    shared = read(info(name="ă" * 300, phone="9" * 300, full_address="ă" * 600))
    assert (shared.customer.name, shared.customer.phone) == ("ă" * 200, None)
    assert shared.customer.location == "ă" * 500


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(sorted(follow() | info())), JSON))
def test_p3_whatever_is_in_a_body_reading_it_ends_in_exactly_one_way(
    name: str, changed: dict[str, Any]
) -> None:
    whole = event(name, oa_id=OA, follower={"id": USER}, info={"name": "Lan"}, user_id=USER)
    parsed = parse(json.dumps({**whole, **changed}).encode())
    assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) == 1
    for found in parsed.events:
        assert isinstance(found.event, CustomerEvent)
        assert found.key.startswith("hoa-sen/hoa-sen-zalo/")
