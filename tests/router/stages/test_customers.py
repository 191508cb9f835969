"""Stage 1's shell: what it reads, and in what order it leaves what it decided."""

from typing import Any

import pytest

from router.domain.shop import (
    AT,
    COMMENT,
    CUSTOMER,
    LIVE,
    PAGE,
    SHOP,
    THREAD,
    A,
    answer,
    mark_done,
    request,
    shop,
)
from router.stages.streams import StreamRecord, chunk, events, record, written
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import ConversationId, MessageId, event_id
from tuyen_events.inbound import CommentAdded, CommentEdited, Customer, MessageReceived
from tuyen_events.routing import ChoiceRequested, Verdict
from tuyen_events.vocabulary import Channel
from tuyen_platform.clock import ManualClock
from tuyen_router.chunks.outbox import Outbox
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.state import Partition
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.records import DeadLetterOffice


class _Stage:
    """The stage over one partition, with topics of a prefix."""

    def __init__(self, organization: Organization | None = None) -> None:
        self.partition = Partition(3)
        known = organization or shop()
        self.stage = CustomerStage(
            topic_prefix="t.",
            partition=lambda _: self.partition,
            organization=lambda _: known,
            dead_letters=DeadLetterOffice("t.", ManualClock(AT)),
        )

    def handle(self, topic: str, *records: StreamRecord) -> Outbox:
        outbox = Outbox()
        self.stage.handle(chunk("t." + topic, 3, *records), outbox)
        return outbox


def _message(conversation: ConversationId = THREAD, **fields: Any) -> Any:
    common: dict[str, Any] = {
        "organization": SHOP,
        "page_id": PAGE,
        "channel": Channel.FACEBOOK,
        "occurred_at": AT,
        "accepted_at": AT,
        "customer": Customer(id=CUSTOMER, external_id="x"),
        "conversation_id": conversation,
        "message_id": MessageId("m"),
        "external_id": "x",
    }
    if conversation is THREAD:
        return MessageReceived(**common)
    live = conversation is LIVE
    kind = fields.pop("type", CommentAdded)
    return kind(**{**common, "post_external_id": "post", "livestream": live, **fields})


def _asked(outbox: Outbox) -> list[str]:
    said = events(outbox.follow_up.follow_up, "t.router-requests")
    return [each.request_id for each in said if isinstance(each, ChoiceRequested)]


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r3_1_r4_1_what_needs_an_agent_asks_after_its_state_is_written(
    conversation: ConversationId,
) -> None:
    outbox = _Stage().handle("inbound", record(4, _message(conversation), event_id("4")))
    assert written(outbox, "t.router-requests") == []
    assert len(written(outbox.follow_up, "t.router-customers")) == 1
    assert _asked(outbox) == ["inbound/3/4"]


@pytest.mark.parametrize(
    "event",
    [
        _message(COMMENT, parent_external_id="root"),
        _message(COMMENT, customer=None),
        _message(COMMENT, conversation_id=None),
        _message(COMMENT, type=CommentEdited),
    ],
)
def test_r4_3_replies_edits_and_the_pages_own_comments_assign_nothing(event: Any) -> None:
    outbox = _Stage().handle("inbound", record(0, event, event_id("0")))
    assert (dict(outbox.groups), outbox.take_follow_up()) == ({}, None)


def test_r3_6_all_records_of_one_event_are_in_one_batch() -> None:
    stage = _Stage()
    messages = [_message(), _message(LIVE)]
    stage.handle("inbound", *(record(n, m, event_id(str(n))) for n, m in enumerate(messages)))
    outbox = stage.handle("router-answers", record(0, answer(request(0), Verdict.CHOSEN, A)))
    (group,) = written(outbox, "t.assignments")
    assert [key for key, _ in group] == [THREAD.encode(), LIVE.encode()]


def test_r9_2_a_customer_is_written_once_a_chunk() -> None:
    stage = _Stage()
    outbox = stage.handle("inbound", *(record(n, _message(), event_id(str(n))) for n in range(3)))
    assert len(written(outbox.follow_up, "t.router-customers")) == 1
    assert _asked(outbox) == ["inbound/3/0"]


def test_r9_4_a_record_says_how_far_each_input_was_read() -> None:
    stage = _Stage()
    stage.handle("inbound", record(7, _message(), event_id("7")))
    stage.handle("commands", record(2, mark_done(COMMENT)))
    chosen = answer(request(7), Verdict.CHOSEN, A)
    (made,) = events(stage.handle("router-answers", record(5, chosen)), "t.assignments")
    assert isinstance(made, AssignmentEvent)
    sources = made.sources
    assert (sources.inbound, sources.answers, sources.commands) == (7, 5, 2)


def test_r6_a_command_is_settled_after_its_records() -> None:
    outbox = _Stage().handle("commands", record(0, mark_done()))
    assert written(outbox, "t.command-results") == []
    assert len(events(outbox.follow_up.follow_up, "t.command-results")) == 1


def test_p4_what_cannot_be_read_goes_to_the_dead_letters_and_the_rest_goes_on() -> None:
    broken = StreamRecord(0, b"k", b"{", [("ce_type", b"message.received.v1")])
    outbox = _Stage().handle("inbound", broken, record(1, _message(), event_id("1")))
    (letter,) = events(outbox, "t.dead-letters")
    assert isinstance(letter, DeadLettered)
    assert (letter.origin, letter.delivery_id) == ("inbound", "inbound/3/0")
    assert _asked(outbox) == ["inbound/3/1"]


@pytest.mark.parametrize(
    "skipped",
    [
        StreamRecord(0, b"k", None),
        StreamRecord(0, b"k", b"{", [("ce_type", b"message.received.v9")]),
        StreamRecord(0, b"k", b"{}"),
    ],
)
def test_p4_tombstones_and_unknown_types_are_passed_over(skipped: StreamRecord) -> None:
    outbox = _Stage().handle("inbound", skipped)
    assert (dict(outbox.groups), outbox.take_follow_up()) == ({}, None)
