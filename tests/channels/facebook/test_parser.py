"""Bodies of every kind: nothing raises, nothing is lost, and ids come from the source alone."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.facebook import PAGE, body, comment, entry, message, payload, payload_names
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page, ParsedBody, SkippedPart, SkipReason
from tuyen_events import ids
from tuyen_events.inbound import CommentAdded, CommentEvent, MessageEchoed, MessageReceived

OTHER_PAGE = "104000000000002"
PAGES = {
    PAGE: Page(ids.OrganizationId("hoa-sen"), ids.PageId("thoi-trang")),
    OTHER_PAGE: Page(ids.OrganizationId("sao-mai"), ids.PageId("giay")),
}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
ROOT = "332029982914750_1"


def parse(raw: bytes, at: datetime = ACCEPTED) -> ParsedBody:
    return parser.parse(raw, at, PAGES, LivePosts())


def event_ids(parsed: ParsedBody) -> list[str]:
    return [found.id for found in parsed.events]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NAMES = sorted(
    {name for sample in payload_names() for name in re.findall(rb'"(\w+)":', payload(sample))}
)
WORDS = [PAGE, "feed", "live_videos", "comment", "video", "add", "remove", "live", "added_video"]
alike = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([name.decode() for name in NAMES]), inner, max_size=8)
    ),
    max_leaves=30,
)


@given(st.binary() | anything.map(lambda value: json.dumps(value).encode()))
def test_p3_no_body_raises(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.skipped or parsed.failures


@given(
    section=st.sampled_from(["messaging", "changes"]),
    bad=st.lists(alike | anything, max_size=5),
    at=st.integers(0, 5),
)
def test_p4_bad_parts_do_not_hold_back_the_others_of_a_batch(
    section: str, bad: list[Any], at: int
) -> None:
    good = message("m_good") if section == "messaging" else comment(ROOT)
    parts = [*bad[:at], good, *bad[at:]]
    raw = body({"id": PAGE, "time": 1790000000, section: parts}, *bad)
    parsed = parse(raw)
    assert event_ids(parse(body({"id": PAGE, section: [good]})))[0] in event_ids(parsed)
    assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) >= len(parts)


@given(bad=alike)
def test_p4_what_failed_is_a_body_that_fails_alike_and_alone(bad: Any) -> None:
    parsed = parse(body(entry(changes=[bad, comment(ROOT)])))
    for failure in parsed.failures:
        assert failure.page == PAGE
        again = parse(failure.payload.encode())
        assert [found.error for found in again.failures] == [failure.error]
        assert not again.events


def test_p4_a_dead_part_is_read_with_its_page_and_time_once_the_parser_is_fixed() -> None:
    without_time = comment(ROOT, created_time="hôm qua")
    (failure,) = parse(body(entry(changes=[without_time], at=1790000008))).failures
    assert "created_time" in failure.error
    repaired = failure.payload.replace('"h\\u00f4m qua"', "null")
    (found,) = parse(repaired.encode()).events
    assert isinstance(found.event, CommentAdded)
    assert found.event.occurred_at == datetime(2026, 9, 21, 14, 13, 28, tzinfo=UTC)


def test_p3_a_thousand_updates_of_several_pages_and_kinds_in_one_body() -> None:
    entries = []
    for number in range(250):
        page = (PAGE, OTHER_PAGE)[number % 2]
        entries.append(
            entry(page=page, messaging=[message(f"m_{number}_{n}", page=page) for n in range(2)])
        )
        entries.append(entry(page=page, changes=[comment(f"1_{number}_{n}") for n in range(2)]))
    parsed = parse(body(*entries))
    assert len(set(event_ids(parsed))) == 1000
    assert not parsed.skipped
    assert not parsed.failures
    for found in parsed.events:
        expected = PAGES[PAGE] if found.key.startswith("hoa-sen/") else PAGES[OTHER_PAGE]
        assert found.event.organization == expected.organization
        assert found.event.page_id == expected.id
    order = [
        found.event.external_id
        for found in parsed.events
        if isinstance(found.event, MessageReceived)
    ]
    assert order == [f"m_{number}_{n}" for number in range(250) for n in range(2)]


@pytest.mark.parametrize("name", payload_names())
def test_p5c_a_redelivery_has_another_entry_time_and_the_same_ids(name: str) -> None:
    again = json.loads(payload(name))
    for part in again["entry"]:
        part["time"] += 77_000
    first, second = parse(payload(name)), parse(body(*again["entry"]), ACCEPTED + timedelta(1))
    assert event_ids(first) == event_ids(second)
    assert [found.key for found in first.events] == [found.key for found in second.events]


def test_p5c_hide_unhide_hide_are_three_events() -> None:
    changes = [
        comment(ROOT, verb=verb, created_time=created)
        for verb, created in (("hide", 1), ("unhide", 2), ("hide", 3))
    ]
    parsed = parse(body(entry(changes=changes)))
    assert len(set(event_ids(parsed))) == 3


def test_p5c_without_a_time_edits_with_other_words_are_other_events() -> None:
    changes = [
        comment(ROOT, verb="edited", created_time=None, message=text)
        for text in ("một", "hai", "một")
    ]
    one, two, again = event_ids(parse(body(entry(changes=changes))))
    assert one == again != two


def test_p5c_equal_ids_of_the_channel_on_two_pages_are_different_events() -> None:
    parsed = parse(
        body(
            entry(messaging=[message("m_1")]),
            entry(page=OTHER_PAGE, messaging=[message("m_1", page=OTHER_PAGE)]),
        )
    )
    assert len(set(event_ids(parsed))) == 2


def test_p5c_ids_come_as_strings_or_numbers() -> None:
    text = body(entry(messaging=[message("m_1")]))
    numbers = text.replace(b'"6700000000000001"', b"6700000000000001").replace(
        f'"{PAGE}"'.encode(), PAGE.encode()
    )
    assert numbers != text
    assert parse(numbers).events == parse(text).events


def test_p5c_a_postback_without_an_id_is_identified_by_sender_time_and_content() -> None:
    def pressed(**changed: Any) -> str:
        update = {
            "sender": {"id": changed.get("sender", "1")},
            "recipient": {"id": PAGE},
            "timestamp": changed.get("timestamp", 1790000000000),
            "postback": {"title": "Xem", "payload": changed.get("payload", "SEE")},
        }
        (found,) = parse(body(entry(messaging=[update]))).events
        return found.id

    assert pressed() == pressed()
    others = [pressed(sender="2"), pressed(timestamp=1790000000001), pressed(payload="BUY")]
    assert len({pressed(), *others}) == 4


def test_p5b_words_of_the_page_are_echoes_even_without_the_mark() -> None:
    spoken = message("m_1", sender=PAGE) | {"recipient": {"id": "6700000000000001"}}
    (found,) = parse(body(entry(messaging=[spoken]))).events
    assert isinstance(found.event, MessageEchoed)
    assert found.event.customer.external_id == "6700000000000001"


@pytest.mark.parametrize("app", [263902037430900, "263902037430900", 1, None])
def test_p5b_echoes_of_apps_that_the_page_lists_are_automatic(app: int | str | None) -> None:
    spoken = message("m_1", sender=PAGE) | {"recipient": {"id": "6700000000000001"}}
    spoken["message"] |= {"is_echo": True, "app_id": app}
    listing = {PAGE: PAGES[PAGE]._replace(automatic_apps=frozenset({"263902037430900"}))}
    raw = body(entry(messaging=[spoken]))
    for pages, automatic in ((listing, str(app) == "263902037430900"), (PAGES, False)):
        (found,) = parser.parse(raw, ACCEPTED, pages, LivePosts()).events
        assert isinstance(found.event, MessageEchoed)
        assert found.event.automatic is automatic


def test_p5b_a_reaction_of_the_page_is_no_customers() -> None:
    update = {
        "sender": {"id": PAGE},
        "recipient": {"id": "6700000000000001"},
        "timestamp": 1790000000000,
        "reaction": {"mid": "m_1", "action": "react", "emoji": "❤"},
    }
    assert parse(body(entry(messaging=[update]))).skipped == [
        SkippedPart(SkipReason.BY_PAGE, "reaction")
    ]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"standby": [{"sender": {"id": "1"}, "optin": {}}]}, [SkipReason.UNKNOWN_EVENT]),
        ({"messaging": [{"sender": {"id": "1"}, "optin": {}}]}, [SkipReason.UNKNOWN_EVENT]),
        ({"changes": [{"field": "leadgen", "value": 3}]}, [SkipReason.UNKNOWN_FIELD]),
        ({"changes": [comment(ROOT, item="poll")]}, [SkipReason.UNKNOWN_ITEM]),
        ({"changes": [comment(ROOT, verb="mute")]}, [SkipReason.UNKNOWN_VERB]),
        ({"changes": [comment(ROOT, item="share")]}, [SkipReason.BY_VISITOR]),
        ({}, [SkipReason.EMPTY]),
    ],
)
def test_p4_what_is_not_known_is_skipped_with_the_reason(
    part: dict[str, Any], reason: list[SkipReason]
) -> None:
    parsed = parse(body({"id": PAGE, "time": 1, **part}))
    assert [skipped.why for skipped in parsed.skipped] == reason
    assert not parsed.events
    assert not parsed.failures


def test_p5d_a_message_in_standby_is_the_same_event_as_outside_of_it() -> None:
    standby = parse(body({"id": PAGE, "time": 1790000000400, "standby": [message("m_1")]}))
    assert standby.events == parse(body(entry(messaging=[message("m_1")]))).events
    both = {**entry(messaging=[message("m_1")]), "standby": [message("m_1"), message("m_2")]}
    assert len(set(event_ids(parse(body(both))))) == 2


def test_p4_a_message_in_standby_that_cannot_be_read_fails_alone() -> None:
    raw = body({"id": PAGE, "standby": [message("m_1"), {"message": {"mid": 7.5}}]})
    parsed = parse(raw)
    assert len(parsed.events) == 1
    (failure,) = parsed.failures
    assert json.loads(failure.payload)["entry"][0].keys() == {"id", "time", "standby"}
    assert [again.error for again in parse(failure.payload.encode()).failures] == [failure.error]


def test_p4_every_update_of_a_page_that_is_not_known_is_counted() -> None:
    parsed = parse(body(entry(page="99", messaging=[message("m_1"), message("m_2")])))
    assert [skipped.why for skipped in parsed.skipped] == [SkipReason.UNKNOWN_PAGE] * 2
    assert parsed.unknown_pages == {"99"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b'{"entry":{}}'])
def test_p3_a_body_that_is_none_of_metas_fails_as_a_whole(raw: bytes) -> None:
    parsed = parse(raw)
    assert len(parsed.failures) == 1
    assert parsed.failures[0].page == ""


def test_p4_what_cannot_be_read_is_its_pages_if_the_page_can_be_read() -> None:
    raw = body(entry(messaging=[message("m_1")]))
    (failure,) = parse(raw[: len(raw) // 2]).failures
    assert failure.page == PAGE
    parsed = parse(body({"id": PAGE, "messaging": "none"}, entry(messaging=[message("m_1")])))
    (failure,) = parsed.failures
    assert (failure.page, len(parsed.events)) == (PAGE, 1)
    assert [again.error for again in parse(failure.payload.encode()).failures] == [failure.error]
    unknown = parse(body({"id": "99", "messaging": "none"}))
    assert unknown.unknown_pages == unknown.pages == {"99"}
    (failure,) = parse(body({"id": {}, "messaging": "none"})).failures
    assert failure.page == ""


def test_half_an_emoji_costs_that_character_alone() -> None:
    cut = message("m_1", text="Xin chào \ud83d")
    first, second = parse(body(entry(messaging=[cut, message("m_2")]))).events
    assert isinstance(first.event, MessageReceived)
    assert first.event.text == "Xin chào \ufffd"
    assert event_ids(parse(body(entry(messaging=[message("m_2")])))) == [second.id]


def test_p4_depth_beyond_all_reason_is_a_failure() -> None:
    deep = b'{"object":"page","entry":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}"
    assert len(parse(deep).failures) == 1


def test_r4_3_what_happens_to_a_reply_belongs_to_the_roots_conversation() -> None:
    changes = [
        comment("332029982914750_2", parent_id=ROOT, verb=verb, created_time=second)
        for second, verb in enumerate(("add", "edited", "hide", "unhide", "remove"))
    ]
    root = comment(ROOT)
    parsed = parse(body(entry(changes=[root, *changes])))
    threads = {
        found.event.conversation_id
        for found in parsed.events
        if isinstance(found.event, CommentEvent)
    }
    assert len(parsed.events) == 6
    assert threads == {ids.comment_thread_id(*PAGES[PAGE].key, ROOT)}


def test_what_becomes_of_a_comment_by_nobody_makes_no_new_customer() -> None:
    removed = comment(ROOT, verb="remove")
    del removed["value"]["from"]
    (found,) = parse(body(entry(changes=[removed]))).events
    assert isinstance(found.event, CommentEvent)
    assert found.event.customer is None
    assert found.key == f"hoa-sen/thoi-trang/comment:{ROOT}"
