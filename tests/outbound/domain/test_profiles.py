"""Whose names are asked for."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from outbound.asking import MOMENT, PAGE, SHOP
from outbound.knowing import wanted
from tuyen_events.event import Event
from tuyen_events.ids import MessageId, customer_id, message_thread_id
from tuyen_events.inbound import (
    CommentAdded,
    Customer,
    CustomerDescribed,
    CustomerFollowed,
    CustomerUnfollowed,
    MessageEchoed,
    MessageReceived,
    MessagesSeen,
)
from tuyen_events.outbound_limits import PROFILE_KEPT_S, PROFILE_REFUSED_S
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.profiles import build_description, find_known_until, find_wanted

LAN = customer_id(SHOP, PAGE, "670")
THREAD: dict[str, Any] = {
    "organization": SHOP,
    "page_id": PAGE,
    "channel": Channel.FACEBOOK,
    "occurred_at": MOMENT,
    "accepted_at": MOMENT,
    "customer": Customer(id=LAN, external_id="670"),
    "conversation_id": message_thread_id(LAN),
}
MESSAGE: dict[str, Any] = {"message_id": MessageId("m"), "external_id": "mid"}
WROTE = MessageReceived(**THREAD, **MESSAGE)
NAMED = Customer(id=LAN, external_id="670", name="Lan")
SHOWN = msgspec.structs.replace(NAMED, picture="https://p.example/670")


@pytest.mark.parametrize(
    ("event", "is_wanted"),
    [
        (WROTE, True),
        (CustomerFollowed(**THREAD), True),
        (msgspec.structs.replace(WROTE, customer=NAMED), True),
        (msgspec.structs.replace(WROTE, customer=SHOWN), False),
        (msgspec.structs.replace(WROTE, chat_external_id="chat-1"), False),
        (CustomerUnfollowed(**THREAD), False),
        (MessageEchoed(**THREAD, **MESSAGE), False),
        (MessagesSeen(**THREAD, watermark=MOMENT), False),
        (CustomerDescribed(**THREAD), False),
        (CommentAdded(**{**THREAD, **MESSAGE, "post_external_id": "p"}), False),
    ],
)
def test_c1_who_is_asked_for(event: Event, is_wanted: bool) -> None:
    found = find_wanted(event, "evt_1", MOMENT)
    assert found == (wanted(caused_by="evt_1") if is_wanted else None)


def test_r9_6_what_happened_long_ago_asks_for_nobody() -> None:
    later = MOMENT + timedelta(seconds=PROFILE_KEPT_S)
    assert find_wanted(WROTE, "evt_1", later) is not None
    assert find_wanted(WROTE, "evt_1", later + timedelta(seconds=1)) is None


def test_c1_an_answer_becomes_an_event_of_the_customer() -> None:
    event = build_description(wanted(), "Lan", "https://p.example/1", MOMENT)
    assert event is not None
    assert event.customer == Customer(
        id=LAN, external_id="670", name="Lan", picture="https://p.example/1"
    )
    assert (event.conversation_id, event.organization, event.page_id) == (
        message_thread_id(LAN),
        SHOP,
        PAGE,
    )
    assert build_description(wanted(), None, None, MOMENT) is None


def test_c1_who_is_known_is_asked_for_again_after_a_month() -> None:
    assert find_known_until("Lan", MOMENT) == MOMENT + timedelta(seconds=PROFILE_KEPT_S)
    assert find_known_until(None, MOMENT) == MOMENT + timedelta(seconds=PROFILE_REFUSED_S)
