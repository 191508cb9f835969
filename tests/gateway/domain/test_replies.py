"""A reply and its echo are one message of the thread, whichever is read first (decision 29)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import bson
import msgspec
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from support.inbox_inbound import ORGANIZATION, PAGE
from support.outbound import (
    LAN,
    REFUSED,
    THREAD,
    about_message,
    acted,
    cancelled,
    failed,
    name_message,
    requested,
    settled,
)
from tuyen_events.event import Event
from tuyen_events.ids import MessageId, comment_thread_id
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    InboundEvent,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReacted,
    Reacted,
)
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundEvent,
    OutboundOutcome,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.replies import fold_reply, join_part, messages_of
from tuyen_gateway.domain.threads import (
    EventSource,
    Message,
    fold_message,
    is_removed,
    message_of,
    shown_text,
)

ROOT = comment_thread_id(ORGANIZATION, PAGE, "c1")


def in_thread(external_id: str, at: float) -> dict[str, Any]:
    return {**about_message(external_id, at), "customer": LAN, "conversation_id": THREAD}


def echo(mid: str, key: str | None = None, at: float = 11) -> MessageEchoed:
    return MessageEchoed(**in_thread(mid, at), external_id=mid, text="dạ của kênh", client_id=key)


def comment(kind: Any, external_id: str, at: float, **said: Any) -> InboundEvent:
    event: InboundEvent = kind(
        **about_message(external_id, at),
        external_id=external_id,
        post_external_id="post",
        parent_external_id=None if external_id == "c1" else "c1",
        conversation_id=ROOT,
        **said,
    )
    return event


def source_of(event: Event) -> EventSource:
    """The place of each event in the log, which no order of reading changes."""
    return EventSource(repr(event), 0, hash(repr(event)) % 1_000_003)


def fold(events: Sequence[Event]) -> dict[MessageId, Message]:
    """As the projection folds: after each event, what belongs together is joined."""
    messages: dict[MessageId, Message] = {}
    for event in events:
        if isinstance(event, OutboundEvent):
            for one in messages_of(event):
                messages[one] = fold_reply(messages.get(one), one, event, source_of(event))
        elif isinstance(event, InboundEvent) and (found := message_of(event)) is not None:
            messages[found] = fold_message(messages.get(found), event, source_of(event))
        for part in list(messages.values()):
            if part.claims is None and part.part_of is None:
                continue
            joined, reply = join_part(
                part, messages.get(part.part_of or part.claims or name_message(""))
            )
            messages[part.id] = joined
            if reply is not None and joined.part_of is not None:
                messages[reply.id] = reply
    return messages


def shown(events: Sequence[Event]) -> list[Message]:
    """The messages that a thread shows."""
    messages = fold(events).values()
    return [one for one in messages if one.at is not None and one.part_of is None]


REPLY = requested("k1", at=10)
RETRY = requested("k1", at=20, again=REPLY)

ON_MESSENGER: list[Event] = [
    REPLY,
    settled(REPLY, "mid-1"),
    echo("mid-1", "k1"),
    MessageReacted(**in_thread("mid-1", 30), emoji="❤"),
    MessageEdited(**in_thread("mid-1", 31), text="dạ sửa", edit_number=1),
]

ON_ZALO: list[Event] = [
    requested("k2", at=10, channel=Channel.ZALO),
    settled(requested("k2", at=10, channel=Channel.ZALO), "z-1", "z-2"),
    echo("z-1", at=11),
    echo("z-2", at=12),
    MessageDeleted(**in_thread("z-1", 40)),
]

BELOW = requested("k3", at=10, action=OutboundAction.COMMENT, root="c1")
HIDE = acted(OutboundAction.HIDE, name_message("c1"), ROOT, at=20, number=1)
UNHIDE = acted(OutboundAction.UNHIDE, name_message("c1"), ROOT, at=30, number=2)
LIKE = acted(OutboundAction.LIKE, name_message("c1"), ROOT, at=31, number=3)
EDIT = acted(OutboundAction.EDIT, BELOW.message_id, ROOT, at=40, number=4)
PRIVATELY = requested(
    "k4", at=50, action=OutboundAction.PRIVATE_REPLY, root="c1", kind=ConversationKind.MESSAGE
)

ON_COMMENTS: list[Event] = [
    comment(CommentAdded, "c1", 1, customer=LAN, text="giá?"),
    BELOW,
    settled(BELOW, "c2"),
    comment(CommentAdded, "c2", 11, text="dạ 350k"),
    HIDE,
    settled(HIDE),
    comment(CommentHidden, "c1", 21),
    UNHIDE,
    settled(UNHIDE),
    settled(LIKE, outcome=OutboundOutcome.FAILED, error=REFUSED),
    EDIT,
    settled(EDIT, text="dạ 340k"),
    comment(CommentEdited, "c2", 41, text="dạ 340k"),
    PRIVATELY,
    settled(PRIVATELY, "mid-9"),
]

WITH_A_PICTURE = requested(
    "k5",
    at=10,
    action=OutboundAction.COMMENT,
    root="c1",
    attachments=(
        OutboundAttachment(
            id=AttachmentId("att_1"), kind="image", content_type="image/png", size=9, name="a.png"
        ),
    ),
)
DELETED: list[Event] = [
    WITH_A_PICTURE,
    settled(WITH_A_PICTURE, "c3"),
    comment(CommentAdded, "c3", 11, text="dạ đây"),
    settled(acted(OutboundAction.DELETE, WITH_A_PICTURE.message_id, ROOT, at=50, number=8)),
    comment(CommentRemoved, "c3", 51),
]


@given(st.data())
@pytest.mark.parametrize("events", [ON_MESSENGER, ON_ZALO, ON_COMMENTS, DELETED])
def test_inv6_no_order_and_no_double_makes_a_difference(
    events: list[Event], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(events))
    doubles = data.draw(st.lists(st.sampled_from(events), max_size=6))
    place = data.draw(st.integers(0, len(events)))
    assert fold([*order[:place], *doubles, *order]) == fold(events)


@given(st.data())
@pytest.mark.parametrize("events", [ON_MESSENGER, ON_ZALO, ON_COMMENTS])
def test_p5b_a_reply_is_never_shown_twice_once_its_result_is_known(
    events: list[Event], data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, len(events)))
    some = data.draw(st.permutations(events))[:count]
    requests = {one.message_id for one in some if isinstance(one, OutboundEvent)}
    echoes = {one.message_id for one in some if isinstance(one, MessageEchoed)}
    parts = {part for one in some if isinstance(one, OutboundEvent) for part in messages_of(one)}
    for one in shown(some):
        assert one.id in requests or one.id not in echoes & parts


def test_p5b_on_messenger_an_echo_is_the_reply_before_its_result_is_known() -> None:
    for order in ([REPLY, echo("mid-1", "k1")], [echo("mid-1", "k1"), REPLY]):
        (reply,) = shown(order)
        assert (reply.id, reply.client_id, reply.text) == (REPLY.message_id, "k1", "dạ k1")
        assert reply.state is ReplyState.SENT


def test_p5b_what_another_program_sends_with_its_messages_is_no_reply_of_ours() -> None:
    found = shown([echo("mid-1", "bot", at=1), echo("mid-2", "bot", at=2)])
    assert [one.id for one in found] == [name_message("mid-1"), name_message("mid-2")]


def test_p5b_on_zalo_an_echo_is_the_reply_by_the_results_id() -> None:
    early = [requested("k2"), echo("z-1", at=11)]
    assert len(shown(early)) == 2
    (reply,) = shown([*early, settled(requested("k2"), "z-1")])
    assert reply.id == requested("k2").message_id
    assert [part.external_id for part in reply.parts] == ["z-1"]


def test_p5b_what_happens_to_an_echo_happens_to_its_reply() -> None:
    (reply,) = shown(ON_MESSENGER)
    assert (reply.reaction, shown_text(reply)) == ("❤", "dạ sửa")
    (reply,) = shown(ON_ZALO)
    assert not is_removed(reply)
    (reply,) = shown([*ON_ZALO, MessageDeleted(**in_thread("z-2", 41))])
    assert is_removed(reply)
    assert reply.absent
    assert shown_text(reply) is None


def test_i8_results_are_shown_at_the_comment() -> None:
    messages = fold(ON_COMMENTS)
    root, below = messages[name_message("c1")], messages[BELOW.message_id]
    assert (root.hidden, root.liked) == (False, False)
    assert root.problem is not None
    assert (root.problem.action, root.problem.error) == (OutboundAction.LIKE, REFUSED)
    assert root.private_reply == PRIVATELY.message_id
    assert below.comment
    assert below.parent_id == name_message("c1")
    assert shown_text(below) == "dạ 340k"
    assert messages[name_message("c2")].part_of == below.id


def test_i8_a_problem_goes_when_the_next_action_is_done() -> None:
    again = acted(OutboundAction.LIKE, name_message("c1"), ROOT, at=60, number=5)
    root = fold([*ON_COMMENTS, settled(again)])[name_message("c1")]
    assert (root.problem, root.liked) == (None, True)


@pytest.mark.parametrize(
    "removal",
    [
        lambda: settled(acted(OutboundAction.DELETE, BELOW.message_id, ROOT, number=6)),
        lambda: settled(acted(OutboundAction.DELETE, name_message("c2"), ROOT, number=7)),
        lambda: comment(CommentRemoved, "c2", 50),
    ],
)
def test_i8_a_deleted_comment_of_ours_is_removed(removal: Callable[[], Event]) -> None:
    assert fold([*ON_COMMENTS, removal()])[BELOW.message_id].absent


def test_i8_what_was_deleted_shows_nothing_that_comes_late() -> None:
    deleted = settled(acted(OutboundAction.DELETE, name_message("c1"), ROOT, number=6))
    (root,) = shown([deleted, comment(CommentAdded, "c1", 1, customer=LAN, text="giá?")])
    assert (root.removed, shown_text(root)) == (True, None)


def test_i6_a_cancelled_reply_is_absent_until_it_turns_out_to_be_sent() -> None:
    (reply,) = shown([REPLY, cancelled(REPLY)])
    assert (reply.state, reply.absent) == (ReplyState.CANCELLED, True)
    (reply,) = shown([REPLY, cancelled(REPLY), settled(REPLY, "mid-1")])
    assert (reply.state, reply.absent) == (ReplyState.SENT, False)


def test_i6_a_retry_is_the_same_message_as_it_was() -> None:
    later = requested("k1", at=20, again=REPLY, by="other", text="khác")
    (reply,) = shown([REPLY, failed(REPLY), later])
    assert (reply.state, reply.text, reply.at) == (ReplyState.PENDING, "dạ k1", REPLY.at)
    assert [one.retries for one in reply.attempts if one.retries] == [REPLY.request_id]


def test_i6_a_reply_of_which_one_part_was_refused_has_failed() -> None:
    half = settled(REPLY, "mid-1", outcome=OutboundOutcome.FAILED, error=REFUSED)
    for order in ([REPLY, half, echo("mid-1", "k1")], [echo("mid-1", "k1"), REPLY, half]):
        (reply,) = shown(order)
        assert reply.state is ReplyState.FAILED
        (reply,) = shown([*order, RETRY])
        assert reply.state is ReplyState.PENDING
        (reply,) = shown([*order, RETRY, settled(RETRY, "mid-2", "mid-3")])
        assert reply.state is ReplyState.SENT


def test_i6_of_two_requests_with_one_key_the_first_counts() -> None:
    other = requested("k1", at=10.5, text="khác", body_digest="other")
    (reply,) = shown([REPLY, other])
    assert reply.request == REPLY


def test_liking_by_the_page_is_what_the_channel_says_last() -> None:
    said = Reacted(
        organization=ORGANIZATION,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=LIKE.at + timedelta(seconds=9),
        accepted_at=LIKE.at + timedelta(seconds=9),
        post_external_id="post",
        comment_external_id="c1",
        reaction=None,
    )
    root = fold([*ON_COMMENTS, settled(LIKE, after_s=2), said])[name_message("c1")]
    assert not root.liked


def test_r9_2_a_reply_is_read_as_it_was_written_whatever_its_microseconds() -> None:
    request = requested(at=10.000_123)
    message = fold_reply(None, request.message_id, request, EventSource("evt_1", 0, 0))
    result = settled(request, "m_1", after_s=1.000_456)
    message = fold_reply(message, request.message_id, result, EventSource("evt_2", 0, 1))
    written = msgspec.to_builtins(message, builtin_types=(datetime,))
    read: dict[str, Any] = bson.decode(bson.encode(written), CodecOptions(tz_aware=True))
    assert msgspec.convert(read, Message) == message
