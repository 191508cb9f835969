"""Every sample body and the event that it must become, written manually from the rules."""

import json
from datetime import timedelta
from typing import Any

import pytest

from channels.odd import ODD, assert_sound, change_sample, places
from channels.zalo.zalo_events import ACCEPTED, EVENTS, PAGES
from support.zalo import OA, USER, encode, event, payload, payload_names
from tuyen_channels.ports import ParsedBody
from tuyen_channels.zalo import parser

PROBE = payload("zalo__verify_probe")


def parse(raw: bytes) -> ParsedBody:
    return parser.parse(raw, ACCEPTED, PAGES)


def test_every_sample_body_has_its_expectation() -> None:
    assert payload_names() == sorted(EVENTS)
    assert json.loads(PROBE) == {}


@pytest.mark.parametrize("name", payload_names())
def test_p3_a_sample_body_becomes_exactly_this_event(name: str) -> None:
    parsed = parse(payload(name))
    (found,) = parsed.events
    assert found.event == EVENTS[name]
    assert found.key == f"hoa-sen/hoa-sen-zalo/{USER}"
    assert found.subject == EVENTS[name].conversation_id
    assert (parsed.page, parsed.pages) == (OA, {OA})
    assert (parsed.skipped, parsed.failures, parsed.unknown_pages) == ([], [], set())


def test_p5c_each_sample_body_is_an_event_of_its_own() -> None:
    found = [parse(payload(name)).events[0].id for name in payload_names()]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", payload_names())
def test_p5c_a_redelivery_has_the_same_id_and_the_order_of_members_makes_no_difference(
    name: str,
) -> None:
    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turn(value[key]) for key in reversed(value)}
        return [turn(each) for each in value] if isinstance(value, list) else value

    sample = payload(name)
    (first,) = parse(sample).events
    (later,) = parser.parse(sample, ACCEPTED + timedelta(hours=1), PAGES).events
    turned = json.dumps(turn(json.loads(sample))).encode()
    assert later.id == first.id
    assert parse(turned).events == [first]


@pytest.mark.parametrize("name", payload_names())
def test_p4_whatever_is_odd_in_a_body_its_event_is_sound_or_put_aside(name: str) -> None:
    whole = {"entry": [json.loads(payload(name))]}
    for path in places(whole["entry"]):
        if len(path) == 1:
            continue
        for change in ("removed", "renamed", "doubled", *ODD):
            (raw,) = change_sample(json.dumps(whole).encode(), path, change)
            parsed = parse(raw)
            assert len(parsed.events) + len(parsed.skipped) + len(parsed.failures) == 1
            for found in parsed.events:
                assert_sound(found)


def test_p4_a_description_of_any_depth_makes_no_message_unreadable() -> None:
    """A business card is JSON within a text, which whoever sends a link may write as well."""
    link = {"type": "link", "payload": {"description": '{"a":' * 5_000}}
    parsed = parse(encode(event("user_send_link", message={"msg_id": "m", "attachments": [link]})))
    assert (len(parsed.events), parsed.failures) == (1, [])
