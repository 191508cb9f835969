"""An echo that may be the echo of a reply is held back until that reply is settled."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from support.outbound import (
    LAN,
    THREAD,
    about_message,
    cancelled,
    failed,
    name_message,
    requested,
    settled,
)
from tuyen_events.event import Event
from tuyen_events.ids import ConversationId
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    InboundEvent,
    MessageDeleted,
    MessageEchoed,
)
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundEvent,
    OutboundOutcome,
)
from tuyen_gateway.domain.holding import hold_or_show, is_echo, may_be_part
from tuyen_gateway.domain.live import has_left_thread, is_in_thread, note_shown
from tuyen_gateway.domain.replies import fold_reply
from tuyen_gateway.domain.threads import EventSource, Message, fold_message

SOURCE = EventSource("evt", 0, 1)
REPLY = requested("k1", at=10, text="Dạ còn ạ")
RETRY = requested("k1", at=60, again=REPLY, text="Dạ còn ạ")
PICTURE = OutboundAttachment(
    id=AttachmentId("att_1"), kind="image", content_type="image/png", size=9
)
WITH_A_PICTURE = requested("k2", at=10, text=None, attachments=(PICTURE,))
PICTURE_SHOWN = (Attachment(kind="image", url="https://cdn.example/1"),)
LONG = " ".join(["một hai ba"] * 300)


def echo(text: str | None = "Dạ còn ạ", at: float = 12, **said: Any) -> Message:
    said = {"customer": LAN, "conversation_id": THREAD, **said}
    event = MessageEchoed(**about_message("mid-1", at), external_id="mid-1", text=text, **said)
    return fold_message(None, event, SOURCE)


def comment(text: str, parent: str | None = "c1") -> Message:
    event = CommentAdded(
        **about_message("c2", 12),
        external_id="c2",
        post_external_id="post",
        parent_external_id=parent,
        conversation_id=requested(action=OutboundAction.COMMENT, root="c1").conversation_id,
        text=text,
    )
    return fold_message(None, event, SOURCE)


def fold(events: Sequence[Event]) -> Message:
    """A reply."""
    message: Message | None = None
    for event in events:
        assert isinstance(event, OutboundEvent)
        message = fold_reply(message, event.message_id, event, SOURCE)
    assert message is not None
    return message


def test_p5b_an_echo_is_held_until_it_was_compared() -> None:
    found = echo()
    assert is_echo(found)
    assert (found.held, found.absent, is_in_thread(found)) == (True, True, False)
    shown = hold_or_show(found, [])
    assert (shown.held, shown.absent, is_in_thread(shown)) == (False, False, True)


@pytest.mark.parametrize(
    ("events", "held"),
    [
        pytest.param([REPLY], True, id="pending"),
        pytest.param([REPLY, cancelled(REPLY)], True, id="cancelled, perhaps too late"),
        pytest.param([REPLY, failed(REPLY)], False, id="failed"),
        pytest.param([REPLY, settled(REPLY, "mid-2")], False, id="sent as another message"),
        pytest.param(
            [REPLY, settled(REPLY, outcome=OutboundOutcome.UNKNOWN)], False, id="nobody can tell"
        ),
        pytest.param(
            [REPLY, cancelled(REPLY), settled(REPLY, outcome=OutboundOutcome.CANCELLED)],
            False,
            id="cancelled in time",
        ),
        pytest.param([settled(REPLY, outcome=OutboundOutcome.UNKNOWN)], False, id="only a result"),
        pytest.param([REPLY, failed(REPLY), RETRY], False, id="sent again later"),
        pytest.param([RETRY, REPLY], True, id="sent again, before the first result is known"),
    ],
)
def test_p5b_an_echo_is_held_while_a_reply_that_says_the_same_is_not_settled(
    events: list[Event], held: bool
) -> None:
    assert hold_or_show(echo(), [fold(events)]).held is held


def test_p5b_an_echo_of_a_repetition_is_held() -> None:
    assert hold_or_show(echo(at=62), [fold([REPLY, failed(REPLY), RETRY])]).held


@pytest.mark.parametrize("at", [8, 9, 10, 86_400])
def test_p5b_an_echo_is_held_however_late_it_comes_and_whatever_our_clocks_differ(
    at: float,
) -> None:
    assert hold_or_show(echo(at=at), [fold([REPLY])]).held


def test_p5b_what_was_written_before_the_reply_stays() -> None:
    assert not hold_or_show(echo(at=7.9), [fold([REPLY])]).held


def test_p5b_of_two_equal_replies_either_holds_an_echo() -> None:
    other = requested("k9", at=11, text="Dạ còn ạ")
    first, second = fold([REPLY, settled(REPLY, "mid-7")]), fold([other])
    assert hold_or_show(echo(), [first, second]).held
    assert not hold_or_show(echo(), [first, fold([other, failed(other)])]).held


@pytest.mark.parametrize(
    ("found", "asked", "may_be"),
    [
        pytest.param(echo(" Dạ  còn\nạ "), REPLY, True, id="other white space"),
        pytest.param(echo("Dạ còn"), REPLY, False, id="another text"),
        pytest.param(echo(client_id="bot"), REPLY, False, id="names something else"),
        pytest.param(echo(admin_id="7700"), REPLY, False, id="a person wrote it"),
        pytest.param(
            echo(conversation_id=ConversationId("msg_other")), REPLY, False, id="another customer"
        ),
        pytest.param(echo(None, attachments=PICTURE_SHOWN), WITH_A_PICTURE, True, id="a picture"),
        pytest.param(echo(None, attachments=PICTURE_SHOWN), REPLY, False, id="an unasked picture"),
        pytest.param(echo(None), WITH_A_PICTURE, False, id="nothing"),
        pytest.param(
            echo("một hai ba"), requested("k3", text=LONG), True, id="a piece of a long text"
        ),
        pytest.param(echo("bốn"), requested("k3", text=LONG), False, id="no piece of it"),
        pytest.param(
            comment("Dạ còn ạ"),
            requested("k4", action=OutboundAction.COMMENT, root="c1", text="Dạ còn ạ"),
            True,
            id="a comment",
        ),
        pytest.param(comment("Dạ còn ạ"), REPLY, False, id="a comment, and no message"),
    ],
)
def test_p5b_what_may_be_a_part_of_a_reply(
    found: Message, asked: OutboundEvent, may_be: bool
) -> None:
    assert may_be_part(found, fold([asked])) is may_be


def test_p5b_a_part_is_not_held() -> None:
    """Whichever comes first, it is the same message."""
    part = fold_reply(echo(), name_message("mid-1"), settled(REPLY, "mid-1"), SOURCE)
    assert (part.held, part.absent) == (False, True)
    named = fold_reply(None, name_message("mid-1"), settled(REPLY, "mid-1"), SOURCE)
    event = MessageEchoed(
        **about_message("mid-1", 12),
        customer=LAN,
        conversation_id=THREAD,
        external_id="mid-1",
        text="Dạ còn ạ",
    )
    assert fold_message(named, event, SOURCE) == part


def test_p5b_an_echo_that_was_removed_at_the_channel_is_shown_as_removed() -> None:
    gone: InboundEvent = MessageDeleted(
        **about_message("mid-1", 13), customer=LAN, conversation_id=THREAD
    )
    removed = hold_or_show(fold_message(echo(), gone, SOURCE), [fold([REPLY])])
    assert (removed.held, removed.absent, removed.removed) == (False, True, True)


def test_i13_what_was_shown_and_is_a_part_has_left_its_thread() -> None:
    shown = note_shown(hold_or_show(echo(), []))
    assert (shown.shown, has_left_thread(shown)) == (True, False)
    assert has_left_thread(msgspec.structs.replace(shown, part_of=REPLY.message_id))
    assert has_left_thread(hold_or_show(shown, [fold([REPLY])]))
    held = note_shown(echo())
    assert (held.shown, has_left_thread(held)) == (False, False)


def test_i13_what_never_leaves_a_thread_is_not_noted() -> None:
    assert not note_shown(fold([REPLY])).shown
