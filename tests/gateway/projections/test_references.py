"""Whatever is folded first, a message that answers a part of a reply refers to the reply."""

from itertools import permutations
from typing import Any

import pytest

from support.outbound import LAN, THREAD, about_message, name_message, requested, settled
from tuyen_events.event import Event
from tuyen_events.inbound import CommentAdded, MessageEchoed, MessageReceived
from tuyen_events.outbound import OutboundAction
from tuyen_gateway.projections.collections import JOURNAL, MESSAGES
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent

pytestmark = pytest.mark.usefixtures("indexes")


def common(external_id: str, at: float) -> dict[str, Any]:
    return {**about_message(external_id, at), "external_id": external_id}


REQUEST = requested("k1")
EVENTS: dict[str, tuple[str, Event]] = {
    "request": ("outbound", REQUEST),
    "result": ("outbound-results", settled(REQUEST, "mid-1")),
    "echo": (
        "inbound",
        MessageEchoed(
            **common("mid-1", 11),
            customer=LAN,
            conversation_id=THREAD,
            text="dạ",
        ),
    ),
    "quote": (
        "inbound",
        MessageReceived(
            **common("mid-2", 12),
            customer=LAN,
            conversation_id=THREAD,
            text="cảm ơn",
            reply_to=name_message("mid-1"),
        ),
    ),
}


def folded(name: str) -> FoldedEvent:
    topic, event = EVENTS[name]
    return FoldedEvent(event, name, RecordPosition(topic, 0, list(EVENTS).index(name), 0))


@pytest.mark.parametrize("order", list(permutations(EVENTS)))
async def test_p5b_what_quotes_a_part_refers_to_the_reply_in_whatever_order(
    views: Database, order: tuple[str, ...]
) -> None:
    projection = InboxProjection(views)
    for name in order:
        await projection.fold([folded(name)])
    quote = await views[MESSAGES].find_one({"_id": name_message("mid-2")})
    assert quote is not None
    assert quote["quoted_whole"] == REQUEST.message_id
    assert quote["reply_to"] == name_message("mid-1")


async def test_i13_a_message_whose_reference_changes_has_a_higher_revision_and_is_noted(
    views: Database,
) -> None:
    projection = InboxProjection(views)
    await projection.fold([folded("quote"), folded("request")])
    before = await views[MESSAGES].find_one({"_id": name_message("mid-2")})
    noted = await views[JOURNAL].count_documents({})
    await projection.fold([folded("result")])
    after = await views[MESSAGES].find_one({"_id": name_message("mid-2")})
    assert before is not None
    assert after is not None
    assert after["revision"] == before["revision"] + 1
    assert await views[JOURNAL].count_documents({}) > noted
    await projection.fold([folded("result")])
    again = await views[MESSAGES].find_one({"_id": name_message("mid-2")})
    assert again == after


async def test_i9_a_comment_below_a_part_is_below_the_reply(views: Database) -> None:
    reply = requested("k2", action=OutboundAction.COMMENT, root="c1")
    below = CommentAdded(
        **common("c3", 13),
        post_external_id="p1",
        parent_external_id="c2",
        customer=LAN,
        conversation_id=reply.conversation_id,
        text="ok",
    )
    projection = InboxProjection(views)
    for number, event in enumerate((reply, below, settled(reply, "c2"))):
        topic = "inbound" if event is below else "outbound"
        position = RecordPosition(topic, 0, number, 0)
        await projection.fold([FoldedEvent(event, str(number), position)])
    found = await views[MESSAGES].find_one({"_id": name_message("c3")})
    assert found is not None
    assert found["parent_whole"] == reply.message_id
