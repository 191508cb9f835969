"""P3, P4, R9.5: every sample body with something odd anywhere in it, among neighbours that pass."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.odd import ODD, assert_sound, change_sample, places
from support.facebook import PAGE, body, comment, entry, message, payload, payload_names
from tuyen_channels.facebook import messenger, parser
from tuyen_channels.lenient_json import Repairs
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page, ParsedBody
from tuyen_channels.splitting import elements, members
from tuyen_events import ids
from tuyen_events.inbound import Attachment, CommentAdded, MessageReceived, MessagesSeen, Reacted
from tuyen_events.limits import REPAIRED_BYTES, REPAIRED_ELEMENTS, SPLIT_ELEMENTS, UPDATES

PAGES = {PAGE: Page(ids.OrganizationId("hoa-sen"), ids.PageId("thoi-trang"))}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
BEFORE, AFTER = message("m_before"), comment("332029982914750_9")


def parse(raw: bytes) -> ParsedBody:
    return parser.parse(raw, ACCEPTED, PAGES, LivePosts())


def add_neighbours(entries: list[bytes]) -> bytes:
    before = json.dumps(entry(messaging=[BEFORE])).encode()
    after = json.dumps(entry(changes=[AFTER])).encode()
    return b'{"object":"page","entry":[%b]}' % b",".join([before, *entries, after])


NEIGHBOURS = {found.id for found in parse(add_neighbours([])).events}


def samples() -> dict[str, list[tuple[Any, ...]]]:
    """The sample bodies with their places, each where it is first met: what is read alike in many
    samples is made odd in one."""
    met: set[tuple[Any, ...]] = set()
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name in payload_names():
        entries = json.loads(payload(name))["entry"]
        change = entries[0].get("changes", [{}])[0]
        item = (change.get("field"), change.get("value", {}).get("item"))
        new = [path for path in places(entries) if (path, item) not in met]
        met.update((path, item) for path in new)
        found[name] = new
    return {name: new for name, new in found.items() if new}


@pytest.mark.parametrize("name", samples())
def test_p4_whatever_is_odd_in_a_part_its_neighbours_go_through(name: str) -> None:
    sample = payload(name)
    for path in samples()[name]:
        for change in ("removed", "renamed", "doubled", *ODD):
            parsed = parse(add_neighbours(change_sample(sample, path, change)))
            assert {found.id for found in parsed.events} >= NEIGHBOURS, (path, change)
            assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) >= 2
            for found in parsed.events:
                assert_sound(found)


@pytest.mark.parametrize("name", payload_names())
def test_p5c_the_order_of_a_bodys_members_makes_no_difference(name: str) -> None:
    def reversed_members(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reversed_members(value[key]) for key in reversed(value)}
        return [reversed_members(each) for each in value] if isinstance(value, list) else value

    sample = payload(name)
    turned = json.dumps(reversed_members(json.loads(sample))).encode()
    assert parse(turned).events == parse(sample).events


@pytest.mark.parametrize(
    ("where", "odd"),
    [
        ("text", b"a\xffb"),
        ("text", b"a\\ud83d"),
        ("text", b"a\\u0000"),
        ("name", b"a\xffb"),
        ("name", b"a\\u0000"),
    ],
)
def test_p4_a_character_that_is_none_costs_itself_alone(where: str, odd: bytes) -> None:
    mark = "@"
    part = (
        entry(messaging=[message("m_1", text=mark)])
        if where == "text"
        else entry(changes=[comment("1_1", **{"from": {"id": "67", "name": mark}})])
    )
    parsed = parse(body(part).replace(b"@", odd))
    assert not parsed.failures
    (found,) = parsed.events
    event = found.event
    said = event.text if isinstance(event, MessageReceived) else None
    if isinstance(event, CommentAdded):
        assert event.customer is not None
        said = event.customer.name
    assert said is not None
    assert "\ufffd" in said
    assert_sound(found)


@pytest.mark.parametrize("odd", [b"\xff", b"\\ud83d", b"\\u0000", b"a" * 201])
def test_p4_an_id_that_is_none_is_put_aside_with_the_reason(odd: bytes) -> None:
    odd_one = message("m_1", sender="@")
    raw = body(entry(messaging=[odd_one, message("m_2")])).replace(b'"@"', b'"%b"' % odd)
    parsed = parse(raw)
    (failure,) = parsed.failures
    assert "$.sender.id" in failure.error
    assert [found.event.external_id for found in parsed.events] == ["m_2"]  # type: ignore[attr-defined]  # a message


def test_r9_5_a_part_that_breaks_its_reader_is_put_aside_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = messenger.normalize

    def broken(part: Any, source: Any) -> Any:
        if b"m_bad" in bytes(part):
            raise ZeroDivisionError("nobody expected it")
        return read(part, source)

    monkeypatch.setattr(messenger, "normalize", broken)
    parsed = parse(body(entry(messaging=[message("m_1"), message("m_bad"), message("m_2")])))
    assert len(parsed.events) == 2
    assert [failure.error for failure in parsed.failures] == [
        "ZeroDivisionError: nobody expected it"
    ]


MANY = "[" + "{}," * REPAIRED_ELEMENTS + "{}]"


@pytest.mark.parametrize("odd", ["\\ud83d", "\\u0000"])
@pytest.mark.parametrize("beside", [MANY, json.dumps("x" * REPAIRED_BYTES)])
def test_r9_5_a_part_that_takes_long_to_repair_goes_to_the_dead_letters_as_it_is(
    odd: str, beside: str
) -> None:
    part = json.dumps({**message("m_odd", text="@"), "beside": "@@"})
    long = part.replace('"@@"', beside).replace("@", odd).encode()
    parsed = parse(add_neighbours([b'{"id":"%s","messaging":[%b]}' % (PAGE.encode(), long)]))
    assert {found.id for found in parsed.events} == NEIGHBOURS
    (failure,) = parsed.failures
    assert "TooMuchToRepairError" in failure.error
    assert failure.page == PAGE


def test_r9_5_all_parts_of_a_body_are_repaired_up_to_the_limit() -> None:
    odd = [message(f"m_{number}", text="\0") for number in range(REPAIRED_ELEMENTS)]
    sound = [message(f"m_s{number}") for number in range(100)]
    parsed = parse(body(entry(messaging=odd[:1_500] + sound)))
    assert 200 <= len(parsed.events) - len(sound) < 1_500
    assert len(parsed.events) + len(parsed.failures) == 1_600
    (found,) = parse(body(entry(messaging=odd[-1:]))).events
    assert isinstance(found.event, MessageReceived)
    assert found.event.text == "\ufffd"


def test_r9_5_a_body_that_takes_long_to_take_apart_is_not_read_but_kept() -> None:
    odd = body(entry(messaging=[message("m_1", text="@")])).replace(b"@", b"\\ud83d")
    assert len(parse(odd).events) == 1
    (failure,) = parse(odd[:-1] + b',"x":[%b{}]}' % (b"{}," * SPLIT_ELEMENTS)).failures
    assert str(SPLIT_ELEMENTS) in failure.error


def test_r9_5_a_body_with_more_updates_than_any_is_read_as_far_as_the_limit() -> None:
    parts = [message(f"m_{number}") for number in range(UPDATES + 3)]
    parsed = parse(body(entry(messaging=parts), entry(messaging=[message("m_late")])))
    assert len(parsed.events) == UPDATES
    assert [f"; {n} more" in each.error for n, each in zip((3, 1), parsed.failures, strict=True)]
    parsed = parse(body(*[entry()] * (UPDATES + 3)))
    assert len(parsed.skipped) == UPDATES
    assert "; 3 more" in parsed.failures[0].error


@pytest.mark.parametrize("shape", ["https://shop.example/x", "nothing", None, 7, ["a"]])
def test_p4_the_fields_of_a_fallback_may_have_any_content(shape: Any) -> None:
    update = message("m_1", text="Xem cái này")
    update["message"]["attachments"] = [{"type": "fallback", "title": "T", "payload": shape}]
    (found,) = parse(body(entry(messaging=[update]))).events
    assert isinstance(found.event, MessageReceived)
    (attachment,) = found.event.attachments
    assert attachment.kind == "link"
    assert attachment.url == (shape if shape == "https://shop.example/x" else None)


URL, OTHER = "https://cdn.example/s.png", "https://cdn.example/p.png"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ([("image", URL, 1), ("sticker", URL, 1)], [("sticker", URL)]),
        ([("image", URL, 1), ("sticker", None, 1)], [("sticker", URL)]),
        ([("sticker", None, 1), ("image", URL, 1)], [("sticker", URL)]),
        ([("image", URL, None), ("sticker", URL, None)], [("sticker", URL)]),
        ([("image", OTHER, None), ("sticker", URL, 1)], [("image", OTHER), ("sticker", URL)]),
        ([("image", URL, 1)], [("sticker", URL)]),
        ([("image", URL, None), ("image", URL, None)], [("image", URL), ("image", URL)]),
    ],
)
def test_a_sticker_is_shown_once(
    sent: list[tuple[str, str | None, int | None]], shown: list[tuple[str, str]]
) -> None:
    update = message("m_1")
    update["message"]["attachments"] = [
        {"type": kind, "payload": {"url": url, "sticker_id": sticker}}
        for kind, url, sticker in sent
    ]
    (found,) = parse(body(entry(messaging=[update]))).events
    assert isinstance(found.event, MessageReceived)
    assert list(found.event.attachments) == [Attachment(kind=kind, url=url) for kind, url in shown]


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        (1790000000000, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        (1790000000, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        (0, ACCEPTED),
        (1, ACCEPTED),
        (1790000000 + 100_000, ACCEPTED),
        (253402300799, ACCEPTED),
        (253402300799999, ACCEPTED),
        (2**63 - 1, ACCEPTED),
    ],
)
def test_i2_a_clock_is_read_in_seconds_or_milliseconds_and_believed_where_it_can_be_right(
    clock: int, moment: datetime
) -> None:
    update = {**message("m_1"), "timestamp": clock}
    seen = {"sender": {"id": "67"}, "timestamp": clock, "read": {"watermark": clock}}
    late = comment("1_1", created_time=clock)
    first, second, third = parse(body(entry(messaging=[update, seen], changes=[late]))).events
    assert first.event.occurred_at == second.event.occurred_at == third.event.occurred_at == moment
    assert isinstance(second.event, MessagesSeen)
    assert second.event.watermark == moment


def test_p4_a_like_of_the_page_itself_is_skipped() -> None:
    value = {"item": "like", "verb": "add", "from": {"id": "67"}, "created_time": 1790000000}
    of_post = {**value, "post_id": f"{PAGE}_1"}
    changes = [{"field": "feed", "value": one} for one in (value, of_post)]
    parsed = parse(body(entry(changes=changes)))
    assert not parsed.failures
    assert [skipped.what for skipped in parsed.skipped] == ["a like of the page itself"]
    assert [type(found.event) for found in parsed.events] == [Reacted]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(st.sampled_from('\0\\u0"a\n'), max_size=20))
def test_p4_a_nul_is_replaced_wherever_it_is_and_nothing_else(text: str) -> None:
    for name, value in json.loads(Repairs().repair(json.dumps({text: text}).encode())).items():
        assert name == value == text.replace("\0", "\ufffd")


@given(st.lists(JSON))
def test_an_array_is_taken_apart_as_a_reader_would(whole: list[Any]) -> None:
    assert [json.loads(each) for each in elements(json.dumps(whole).encode())] == whole


@given(st.dictionaries(st.text("abcdef", min_size=1), JSON))
def test_an_object_is_taken_apart_as_a_reader_would(whole: dict[str, Any]) -> None:
    found = members(json.dumps(whole, indent=1).encode())
    assert {name: json.loads(each) for name, each in found.items()} == whole


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[", b'["', b"[1]]", b"[1] 2", b'["\\"', b"[" * 200_000]
)
def test_what_is_no_array_is_not_taken_apart(raw: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        elements(raw)
