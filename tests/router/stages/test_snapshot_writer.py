"""R9.6: a partition's memory, and what it reads at its start, end with what is young and waits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    PAGE,
    THREAD,
    A,
    B,
    answer,
    assign,
    mark_done,
    request,
)
from router.stages.partition_log import PartitionLog
from router.stages.streams import events
from support.organizations import AT, SHOP, rule, shop
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.ids import AgentId, ConversationId, MessageId, comment_thread_id
from tuyen_events.inbound import CommentAdded, CommentEvent, CommentRemoved, Customer
from tuyen_events.routing import ChoiceRequested, LoadsReported, Verdict
from tuyen_events.vocabulary import Channel, Reason, Strategy
from tuyen_router.domain import archive, archiving, snapshot
from tuyen_router.domain.archive import ENTRY_BYTES, REMEMBERED_DAYS, ArchivedConversation
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL
from tuyen_router.stages import snapshot_writer
from tuyen_router.stages.phases import Phase

MIN_UNARCHIVED = MARKS = 30
LATER = timedelta(days=5)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "MIN_UNARCHIVED", MIN_UNARCHIVED)
    monkeypatch.setattr(archiving, "MARKS", MARKS)
    monkeypatch.setattr(snapshot_writer, "SAVED_FROM", 10)


def _comment(
    name: ConversationId | None,
    at: datetime,
    kind: type[CommentEvent] = CommentAdded,
    **fields: Any,
) -> CommentEvent:
    return kind(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=at,
        accepted_at=at,
        customer=Customer(id=CUSTOMER, external_id="x"),
        conversation_id=name,
        message_id=MessageId("m"),
        external_id="x",
        post_external_id="post",
        **{"livestream": False, **fields},
    )


def _at_rest() -> tuple[PartitionLog, ConversationId]:
    """A comment of a's that rests, among others."""
    log = PartitionLog()
    first, *_ = log.assign_comments(MIN_UNARCHIVED + 1, AT)
    log.assign_comments(MIN_UNARCHIVED, AT + LATER)
    assert log.state.archive.find(first) is not None
    assert first not in log.state.conversations
    return log, first


def test_inv8_r9_6_a_year_of_comments_leaves_what_is_young_and_what_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten comments a day that nobody ever marks as done: none is a row for ever."""
    monkeypatch.setattr(archive, "_bucket_of", lambda digest: digest[0] % 4)
    log = PartitionLog()
    for day in range(365):
        log.assign_comments(10, AT + timedelta(days=day))
    state = log.state
    assert len(state.conversations) <= MIN_UNARCHIVED + 10
    kept = sum(map(len, state.archive.buckets.values())) // ENTRY_BYTES
    assert (REMEMBERED_DAYS - 5) * 10 <= kept <= (REMEMBERED_DAYS + 2) * 10
    assert sum(state.loads[SHOP].values()) == len(state.conversations) + kept
    before = (state.conversations, state.archive.buckets, state.loads)
    assert log.read_at_a_start() <= MIN_UNARCHIVED + 50
    again = log.state
    assert (again.conversations, again.archive.buckets, again.loads) == before


def test_r9_6_marks_of_what_rules_never_assigned_are_dropped() -> None:
    """With assignment off, agents call what they answered done, and nothing else is kept of it."""
    log = PartitionLog(shop(assignment=False))
    names = [ConversationId(f"cmt_{number}") for number in range(10 * MARKS)]
    for name in names:
        log.handle("commands", replace(mark_done(COMMENT, seen=0), conversation_id=name))
    kept = dict.fromkeys(names[-MARKS:], 0)
    assert log.state.done == kept
    assert log.read_at_a_start() == MARKS + 1
    assert log.state.done == kept
    log.handle("commands", replace(mark_done(COMMENT, seen=0), conversation_id=COMMENT))
    assert log.state.done.keys() == {*names[1 - MARKS :], COMMENT}


def test_i12_what_was_done_before_it_had_anybody_keeps_its_mark_once_it_has() -> None:
    log = PartitionLog()
    for each in (THREAD, COMMENT):
        log.handle("commands", mark_done(each, seen=0))
        log.handle("commands", assign(A, each))
    log.assign_comments(2 * MIN_UNARCHIVED, AT)
    log.assign_comments(2 * MIN_UNARCHIVED, AT + LATER)
    loads = log.state.loads
    log.read_at_a_start()
    for number in range(2 * MARKS):
        name = ConversationId(f"nobody_{number}")
        log.handle("commands", replace(mark_done(COMMENT, seen=0), conversation_id=name))
    assert log.state.done[THREAD] == 0
    rested = log.state.archive.find(COMMENT)
    assert rested is not None
    assert rested.is_done
    assert log.state.loads == loads == {SHOP: {A: 4 * MIN_UNARCHIVED}}


def test_r9_6_a_bucket_is_written_once_for_all_that_come_to_rest_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their number per batch is bounded; a large bucket is not written for each of them."""
    monkeypatch.setattr(archive, "_bucket_of", lambda digest: digest[0] % 4)
    log = PartitionLog()
    log.assign_comments(200 + MIN_UNARCHIVED, AT)
    for number in range(4_000):
        rested = ArchivedConversation(
            (SHOP, A), 1, Reason.ROTATION, log.state.today, number, is_done=False
        )
        log.state.archive.put(ConversationId(f"old_{number}"), rested)
    snapshot.recount_loads(log.state)
    log.assign_comments(MIN_UNARCHIVED, AT + LATER)
    for _ in range(20):
        log.assign_comments(1, AT + LATER)
    assert len(log.state.conversations) == MIN_UNARCHIVED + 20
    assert log.writes("resting/") <= 8
    before_start = (log.state.conversations, log.state.loads)
    for owner, known in enumerate(log.state.archive.assignees):
        log.keep(f"owner/{owner}", json.encode(known))
    log.read_at_a_start()
    assert (log.state.conversations, log.state.loads) == before_start


def test_r9_2_a_duplicate_of_a_comment_at_rest_asks_for_nobody() -> None:
    log, name = _at_rest()
    told = log.handle("inbound", _comment(name, AT))
    asked = events(told, Phase.FOLLOW_UPS, "t.router-requests")
    assert [each for each in asked if isinstance(each, ChoiceRequested)] == []


def test_r6_a_comment_at_rest_is_given_to_another_with_the_next_version() -> None:
    log, name = _at_rest()
    command = replace(assign(B, COMMENT), conversation_id=name)
    (made,) = events(log.handle("commands", command), Phase.PUBLIC, "t.assignments")
    assert isinstance(made, AssignmentEvent)
    assert (made.version, made.previous_agent_id, made.agent_id) == (2, A, B)
    log.read_at_a_start()
    assert log.state.conversations[name].agent_id == B
    assert log.state.archive.find(name) is None
    assert log.state.loads[SHOP][B] == 1


def test_r6_a_comment_that_was_let_go_goes_on_from_the_version_that_its_manager_saw() -> None:
    """Whoever reads assignments drops a version that they have seen."""
    log, name = _at_rest()
    assert log.state.archive.take(name) is not None
    command = replace(assign(B, COMMENT), conversation_id=name, known_version=4, known_agent_id=A)
    (made,) = events(log.handle("commands", command), Phase.PUBLIC, "t.assignments")
    assert isinstance(made, AssignmentEvent)
    assert (made.version, made.previous_agent_id, made.agent_id) == (5, A, B)
    loads = log.state.loads
    log.read_at_a_start()
    assert log.state.conversations[name].version == 5
    assert log.state.loads[SHOP][B] == loads[SHOP][B] == 1


def test_i12_a_comment_at_rest_is_done_and_opened_again_by_its_author() -> None:
    log, name = _at_rest()
    log.handle("inbound", _comment(ConversationId("another"), AT + LATER))
    loads = log.state.loads[SHOP][A]
    log.handle("commands", replace(mark_done(COMMENT, seen=0), conversation_id=name))
    assert log.state.loads[SHOP][A] == loads - 1
    log.read_at_a_start()
    assert log.state.loads[SHOP][A] == loads - 1
    log.assign_comments(MIN_UNARCHIVED, AT + 2 * LATER)
    assert log.state.archive.find(name) is not None, "it rests again, and is done"
    loads = log.state.loads[SHOP][A]
    log.handle("inbound", _comment(name, AT + 2 * LATER, parent_external_id="root"))
    assert log.state.loads[SHOP][A] == loads + 1
    log.read_at_a_start()
    assert log.state.loads[SHOP][A] == loads + 1


def test_r9_4_what_rests_keeps_a_reason_of_a_later_version_across_a_start() -> None:
    log = PartitionLog()
    first, *_ = log.assign_comments(1, AT, mode=Strategy("weighted"))
    second, *_ = log.assign_comments(1, AT, mode=Strategy("by_skill"))
    log.assign_comments(2 * MIN_UNARCHIVED, AT + LATER)
    assert [each for each in log.customers if each.startswith(b"reason/")] == [
        b"reason/12",
        b"reason/13",
    ]
    log.read_at_a_start()
    archive = log.state.archive
    kept = [found.reason for each in (first, second) if (found := archive.find(each))]
    assert kept == [Reason("weighted"), Reason("by_skill")]


def test_r9_6_what_has_a_reason_for_which_no_number_is_left_stays_a_row() -> None:
    log = PartitionLog()
    reasons = log.state.archive.reasons
    reasons += [Reason(f"reason_{number}") for number in range(len(reasons), 256)]
    first, *_ = log.assign_comments(1, AT, mode=Strategy("weighted"))
    log.assign_comments(2 * MIN_UNARCHIVED, AT + LATER)
    assert log.state.conversations[first].reason == Reason("weighted")
    assert log.state.archive.find(first) is None


def test_r5_1_what_waits_never_rests() -> None:
    log = PartitionLog()
    asked = answer(request(0, COMMENT), Verdict.QUEUED)
    name = ConversationId("waits")
    log.handle("router-answers", replace(asked, conversation_id=name, at=AT))
    for days in range(5, 100, 5):
        log.assign_comments(MIN_UNARCHIVED, AT + timedelta(days=days))
    assert log.state.conversations[name].waiting


def test_r9_6_a_customer_on_a_great_many_livestreams_is_no_record_that_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archiving, "MOST_LIVES", 5)
    log = PartitionLog()
    log.handle("inbound", _comment(ConversationId("live_first"), AT, livestream=True))
    asked = answer(request(0, LIVE), Verdict.CHOSEN, A)
    log.handle("router-answers", replace(asked, conversation_id=ConversationId("live_first")))
    for number in range(20):
        log.handle("inbound", _comment(ConversationId(f"live_{number}"), AT, livestream=True))
    assert len(log.state.customer(CUSTOMER).livestream_threads) <= 6
    loads = log.state.loads
    assert loads == {SHOP: {A: 21}}
    log.read_at_a_start()
    assert log.state.loads == loads
    assert log.state.customer(CUSTOMER).agent_id == A


def test_r9_5_what_a_batch_wakes_up_takes_as_many_record_batches_as_it_needs() -> None:
    """Somebody calls all of last month's comments done: no batch holds all of their buckets."""
    log = PartitionLog()
    at_rest = log.state.archive
    names = [ConversationId(f"cmt_{number}") for number in range(30_000)]
    for number, name in enumerate(names):
        at_rest.put(
            name, ArchivedConversation((SHOP, A), 1, Reason.ROTATION, 20_000, number, is_done=False)
        )
    log.state.today = 20_001
    snapshot.recount_loads(log.state)
    for owner, known in enumerate(at_rest.assignees):
        log.keep(f"owner/{owner}", json.encode(known))
    for number, bucket in at_rest.buckets.items():
        log.keep(f"resting/{number}", bucket)
    called_done = names[:2_000]
    log.handle(
        "commands",
        *(replace(mark_done(COMMENT, seen=0), conversation_id=each) for each in called_done),
    )
    before = log.state
    assert before.loads == {SHOP: {A: len(names) - len(called_done)}}
    log.read_at_a_start()
    assert log.state.loads == before.loads
    assert log.state.conversations.keys() == before.conversations.keys() == set(called_done)
    assert log.state.done == before.done
    assert log.state.archive.buckets == before.archive.buckets


def test_r1_7_a_forgotten_thread_that_is_restored_is_reported_and_counted_after_a_start() -> None:
    """The manager's command is refused, and the conversation takes its agent's place again: stage 2
    needs a report of it, and a report after a start must be no older than that."""
    log = PartitionLog(shop(rules=[rule(mode=Strategy.LEAST_LOADED)]))
    command = replace(assign(B, COMMENT), expected_version=3, known_version=4, known_agent_id=A)
    outbox = log.handle("commands", command)
    (told,) = (
        each
        for each in events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
        if isinstance(each, LoadsReported)
    )
    assert told.loads == {A: 1}
    log.read_at_a_start()
    assert log.state.changes == told.sequence


def test_p5a_a_root_at_rest_that_is_removed_below_a_livestream_is_no_thread_of_its_customer() -> (
    None
):
    """It was given out before its post was known to be live, and rests again as it did before."""
    log = PartitionLog()
    log.assign_comments(MIN_UNARCHIVED + 1, AT)
    thread = comment_thread_id(SHOP, PAGE, "x")
    asked = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    log.handle("router-answers", replace(asked, conversation_id=thread, at=AT))
    log.assign_comments(2 * MIN_UNARCHIVED, AT + LATER)
    assert log.state.archive.find(thread) is not None
    log.handle("inbound", _comment(None, AT + LATER, kind=CommentRemoved, livestream=True))
    assert log.state.done[thread] == REMOVED_AT_CHANNEL
    log.handle("commands", replace(assign(B, COMMENT), conversation_id=thread, at=AT + LATER))
    log.assign_comments(2 * MIN_UNARCHIVED, AT + 2 * LATER)
    assert log.state.archive.find(thread) is not None
    log.handle("inbound", _comment(ConversationId("live_x"), AT + 2 * LATER, livestream=True))
    log.read_at_a_start()
    assert log.state.customer(CUSTOMER).livestream_threads == ()


def test_r9_6_a_start_reads_little_where_few_conversations_go_from_one_to_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fewer than are worth a batch, whose customers are saved with each event: the snapshot has
    all of their records, and says so."""
    monkeypatch.setattr(snapshot_writer, "READ_AGAIN", 50)
    log = PartitionLog()
    for number in range(200):
        log.handle("commands", assign(AgentId("ab"[number % 2])))
    assert len(log.assignments) == 200
    before = log.state.conversations
    assert log.read_at_a_start() < 60
    assert log.state.conversations == before
