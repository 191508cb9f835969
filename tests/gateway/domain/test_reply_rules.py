"""What an agent may send, and do to comments (I6, I8)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from support.inbox_inbound import ORGANIZATION, PAGE
from support.outbound import LAN, at_second, cancelled, failed, requested, settled
from tuyen_events.ids import ConversationId, MessageId, build_unnamed_author
from tuyen_events.outbound import OutboundOutcome
from tuyen_events.outbound_limits import (
    COMMENT_CHARACTERS,
    REPLY_ATTACHMENTS,
    REPLY_CHARACTERS,
    RETRIES,
    SITE_REPLY_CHARACTERS,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.replies import fold_reply
from tuyen_gateway.domain.reply_rules import (
    check_action,
    check_cancelling,
    check_content,
    check_edit,
    check_private_reply,
    check_retry,
    check_window,
)
from tuyen_gateway.domain.threads import Direction, EventSource, Message
from tuyen_gateway.domain.window import Allowed, Window
from tuyen_gateway.errors import ConflictError, InvalidError, WindowClosedError

REPLY = requested("k1", at=10)
HERE = EventSource("evt_1", 0, 0)


def comment(**said: Any) -> Message:
    given: dict[str, Any] = {
        "id": MessageId("m_1"),
        "organization": ORGANIZATION,
        "page_id": PAGE,
        "at": at_second(0),
        "direction": Direction.IN,
        "comment": True,
        "customer_id": LAN.id,
        "customer_external_id": LAN.external_id,
        "external_id": "c1",
    }
    return Message(**{**given, **said})


def reply(*events: Any) -> Message:
    message = fold_reply(None, REPLY.message_id, REPLY, HERE)
    for event in events:
        message = fold_reply(message, REPLY.message_id, event, HERE)
    return message


@pytest.mark.parametrize(
    ("channel", "kind", "private", "most"),
    [
        (Channel.FACEBOOK, ConversationKind.MESSAGE, False, REPLY_CHARACTERS),
        (Channel.ZALO, ConversationKind.MESSAGE, False, REPLY_CHARACTERS),
        (Channel.LIVECHAT, ConversationKind.MESSAGE, False, SITE_REPLY_CHARACTERS),
        (Channel.FACEBOOK, ConversationKind.COMMENT, False, COMMENT_CHARACTERS),
        (Channel.FACEBOOK, ConversationKind.LIVESTREAM, True, REPLY_CHARACTERS),
    ],
)
def test_i6_a_text_is_as_long_as_its_channel_takes(
    channel: Channel, kind: ConversationKind, private: bool, most: int
) -> None:
    row = InboxRow(id=ConversationId("msg_1"), channel=channel, kind=kind)
    check_content(row, "x" * most, 0, private=private)
    with pytest.raises(InvalidError, match=f"{most} characters"):
        check_content(row, "x" * (most + 1), 0, private=private)


def test_i6_a_reply_has_a_text_or_attachments_but_not_too_many() -> None:
    row = InboxRow(id=ConversationId("msg_1"), channel=Channel.ZALO, kind=ConversationKind.MESSAGE)
    check_content(row, None, REPLY_ATTACHMENTS, private=False)
    for text, attachments in ((None, 0), ("", 0), (None, REPLY_ATTACHMENTS + 1)):
        with pytest.raises(InvalidError):
            check_content(row, text, attachments, private=False)
    below = msgspec.structs.replace(row, kind=ConversationKind.COMMENT)
    with pytest.raises(InvalidError):
        check_content(below, None, 2, private=False)


def test_p5_after_the_window_nothing_is_sent_except_as_a_person() -> None:
    until = at_second(0)
    assert not check_window(Window(open=True, until=until, allowed=()))
    assert check_window(Window(open=False, until=until, allowed=(Allowed.HUMAN_AGENT,)))
    with pytest.raises(WindowClosedError) as closed:
        check_window(Window(open=False, until=until, allowed=()))
    assert closed.value.ended_at == until


def test_i8_a_customers_comment_is_answered_privately_within_7_days() -> None:
    soon, late = at_second(60), at_second(0) + timedelta(days=7)
    check_private_reply(comment(), soon)
    with pytest.raises(WindowClosedError):
        check_private_reply(comment(), late)
    with pytest.raises(ConflictError):
        check_private_reply(comment(removed=True), soon)
    for odd in (
        comment(direction=Direction.OUT),
        comment(customer_id=None),
        comment(customer_external_id=build_unnamed_author("c1")),
    ):
        with pytest.raises(InvalidError):
            check_private_reply(odd, soon)


def test_i6_only_what_failed_or_may_have_failed_is_sent_again() -> None:
    check_retry(reply(failed(REPLY)))
    check_retry(reply(settled(REPLY, outcome=OutboundOutcome.UNKNOWN)))
    for other in (reply(), reply(settled(REPLY, "mid-1")), reply(cancelled(REPLY))):
        with pytest.raises(ConflictError):
            check_retry(other)


def test_r9_5_a_reply_is_not_sent_again_for_ever() -> None:
    message, last = reply(failed(REPLY)), REPLY
    for number in range(RETRIES):
        check_retry(message)
        last = requested("k1", at=20 + number, again=last)
        for event in (last, failed(last)):
            message = fold_reply(message, REPLY.message_id, event, HERE)
    with pytest.raises(ConflictError, match="too often"):
        check_retry(message)


def test_i6_only_what_waits_is_cancelled() -> None:
    assert check_cancelling(reply())
    assert not check_cancelling(reply(cancelled(REPLY)))
    for other in (reply(failed(REPLY)), reply(settled(REPLY, "mid-1"))):
        with pytest.raises(ConflictError):
            check_cancelling(other)


def test_i8_actions_need_a_comment_that_is_there() -> None:
    assert check_action(comment(), "c1") == "c1"
    for gone, external_id in ((comment(removed=True), "c1"), (comment(), None)):
        with pytest.raises(ConflictError):
            check_action(gone, external_id)


def test_i8_only_the_pages_own_comments_are_edited() -> None:
    check_edit(comment(direction=Direction.OUT), "dạ")
    with pytest.raises(InvalidError):
        check_edit(comment(), "dạ")
    with pytest.raises(InvalidError):
        check_edit(comment(direction=Direction.OUT), "x" * (COMMENT_CHARACTERS + 1))
    with pytest.raises(InvalidError):
        check_edit(comment(direction=Direction.OUT), " \n")
