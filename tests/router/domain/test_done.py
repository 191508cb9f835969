"""I12: what is done frees its place, waits for nobody, and is opened again by the next event."""

import pytest

from router.domain.desk import Desk, make_desk_with
from router.domain.inputs import COMMENT, CUSTOMER, KINDS, LIVE, THREAD, A, mark_done
from router.domain.outcomes import find_result, marks, records, requests, withdrawn
from support.organizations import SHOP
from tuyen_events.commands import Outcome
from tuyen_events.ids import ConversationId
from tuyen_events.routing import Purpose, Verdict
from tuyen_events.vocabulary import Reason


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_i12_done_frees_the_agents_place_and_the_next_event_takes_it_again(
    conversation: ConversationId,
) -> None:
    desk = make_desk_with(A, conversation)
    assert desk.state.loads == {SHOP: {A: 1}}
    desk.commands(mark_done(conversation, seen=0))
    assert desk.state.loads == {SHOP: {}}
    came = desk.replies(1) if conversation is COMMENT else desk.writes(1, conversation)
    assert marks(came) == [(conversation, None)]
    assert desk.state.loads == {SHOP: {A: 1}}


def test_i12_reopening_manually_takes_the_place_again() -> None:
    desk = make_desk_with(A)
    desk.commands(mark_done(seen=0))
    assert marks(desk.commands(mark_done(done=False), 1)) == [(THREAD, None)]
    assert desk.state.loads == {SHOP: {A: 1}}
    assert marks(desk.commands(mark_done(done=False), 2)) == []


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_i12_done_does_nothing_when_an_event_came_that_its_caller_had_not_seen(
    conversation: ConversationId,
) -> None:
    desk = make_desk_with(A, conversation)
    _ = desk.replies(1) if conversation is COMMENT else desk.writes(1, conversation)
    late = desk.commands(mark_done(conversation, seen=0))
    assert (marks(late), find_result(late).outcome) == ([], Outcome.APPLIED)
    assert marks(desk.commands(mark_done(conversation, seen=1), 1)) == [(conversation, 1)]


def test_i12_an_event_in_another_conversation_of_the_customer_does_not_open_this_one() -> None:
    desk = make_desk_with(A)
    desk.writes(1, COMMENT)
    desk.commands(mark_done(seen=0))
    desk.writes(2, COMMENT)
    assert desk.state.done == {THREAD: 0}


def test_i12_an_event_that_its_caller_saw_before_the_router_does_not_open_it() -> None:
    desk = make_desk_with(A)
    desk.commands(mark_done(seen=5))
    desk.writes(5)
    assert desk.state.done == {THREAD: 5}
    desk.writes(6)
    assert desk.state.done == {}


def test_i12_a_webhook_delivered_twice_opens_nothing() -> None:
    for conversation in (THREAD, COMMENT):
        desk = make_desk_with(A, conversation)
        desk.commands(mark_done(conversation, seen=0))
        desk.writes(1, conversation, "0")
        assert desk.state.done == {conversation: 0}
    desk.replies(2, "0")
    assert desk.state.done == {COMMENT: 0}


def test_i12_a_reply_of_somebody_elses_customer_leaves_no_trace() -> None:
    """The root's conversation is in another partition."""
    desk = Desk()
    assert requests(desk.replies(0)) == [("inbound/3/0", Purpose.FIRST)]
    assert desk.state.customers == {}
    assert Desk().replies(0, auto_assign=False) == []


def test_i12_done_by_the_hours_takes_no_ones_name() -> None:
    desk = make_desk_with(None)
    taken_out = desk.commands(mark_done(seen=0, by=None))
    assert records(taken_out) == [(THREAD, None, Reason.UNASSIGNED)]
    desk.crash(saved=1)
    again = desk.commands(mark_done(seen=0, by=None))
    assert (records(again), marks(again)) == ([], [(THREAD, 0)])
    assert withdrawn(again) == withdrawn(taken_out) == ["inbound/3/0"]


def test_i12_a_waiting_conversation_is_opened_by_a_new_event_before_it_leaves_the_queue() -> None:
    desk = make_desk_with(None)
    desk.writes(1)
    late = desk.commands(mark_done(seen=0))
    assert (records(late), withdrawn(late), marks(late)) == ([], [], [])


def test_i12_a_done_conversation_that_is_assigned_takes_no_place_until_it_is_open() -> None:
    desk = Desk()
    desk.writes(0)
    desk.commands(mark_done(seen=0))
    desk.answers(Verdict.CHOSEN, A)
    assert desk.state.loads == {SHOP: {}}
    desk.writes(1)
    assert desk.state.loads == {SHOP: {A: 1}}


def test_i12_a_mark_that_a_crash_lost_is_made_again() -> None:
    desk = make_desk_with(A)
    desk.commands(mark_done(seen=0))
    desk.crash(saved=1)
    assert desk.state.done == {}
    assert marks(desk.commands(mark_done(seen=0))) == [(THREAD, 0)]
    assert marks(desk.commands(mark_done(seen=0))) == []


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_i12_what_an_event_opened_stays_open_when_the_command_comes_again(
    conversation: ConversationId,
) -> None:
    desk = make_desk_with(A, conversation)
    desk.commands(mark_done(conversation, seen=0))
    _ = desk.replies(1) if conversation is COMMENT else desk.writes(1, conversation)
    desk.crash()
    assert marks(desk.commands(mark_done(conversation, seen=0))) == []
    assert desk.state.done == {}


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_i12_an_opening_that_a_crash_lost_comes_with_the_event_again(
    conversation: ConversationId,
) -> None:
    """The ring of events reached the log, the end of the mark did not."""
    desk = make_desk_with(A, conversation)
    desk.commands(mark_done(conversation, seen=0))
    _ = desk.replies(1) if conversation is COMMENT else desk.writes(1, conversation)
    desk.crash(saved=1)
    assert desk.state.done == {conversation: 0}
    again = desk.replies(1) if conversation is COMMENT else desk.writes(1, conversation)
    assert marks(again) == [(conversation, None)]


def test_i12_a_redelivered_event_from_before_the_mark_opens_nothing() -> None:
    desk = make_desk_with(A)
    desk.commands(mark_done(seen=0))
    desk.writes(0)
    assert desk.state.done == {THREAD: 0}


def test_i12_a_waiting_conversation_that_is_done_leaves_the_queue() -> None:
    for conversation in (THREAD, COMMENT):
        decisions = make_desk_with(None, conversation).commands(mark_done(conversation))
        assert records(decisions) == [(conversation, None, Reason.UNASSIGNED)]
        assert withdrawn(decisions) == ["inbound/3/0"]
        assert find_result(decisions).version == 2


def test_i12_the_request_stays_while_another_conversation_waits_for_it() -> None:
    desk = make_desk_with(None)
    desk.writes(1, LIVE)
    assert withdrawn(desk.commands(mark_done(), 0)) == []
    assert withdrawn(desk.commands(mark_done(LIVE), 1)) == ["inbound/3/0"]
    assert desk.state.customer(CUSTOMER).open_request is None


@pytest.mark.parametrize("done", [True, False])
def test_i12_done_touches_neither_stickiness_nor_what_does_not_wait(done: bool) -> None:
    desk = make_desk_with(A)
    assert records(desk.commands(mark_done(done=done))) == []
    assert desk.state.customer(CUSTOMER).agent_id == A


def test_i12_reopening_a_waiting_conversation_leaves_it_waiting() -> None:
    assert records(make_desk_with(None).commands(mark_done(done=False))) == []


def test_r9_2_a_repeated_done_gives_its_withdrawal_again_and_leaves_the_request() -> None:
    desk = make_desk_with(None)
    first = desk.commands(mark_done())
    again = desk.commands(mark_done())
    assert (records(again), find_result(again)) == ([], find_result(first))
    assert withdrawn(again) == withdrawn(first)


def test_i12_a_repeated_done_takes_the_conversation_out_of_the_request_again() -> None:
    """The customer's own record was lost, and so was the mark."""
    desk = make_desk_with(None)
    desk.writes(1, LIVE)
    desk.commands(mark_done())
    desk.crash(saved=2)
    desk.commands(mark_done())
    left = desk.state.customer(CUSTOMER).open_request
    assert left is not None
    assert left.conversations == ((LIVE, KINDS[LIVE]),)


def test_i12_a_repeated_done_leaves_what_a_later_message_asked_for() -> None:
    desk = make_desk_with(None)
    desk.commands(mark_done())
    assert requests(desk.writes(1)) == [("inbound/3/1", Purpose.FIRST)]
    asked = desk.state.customer(CUSTOMER).open_request
    desk.commands(mark_done())
    assert desk.state.customer(CUSTOMER).open_request == asked


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_i12_what_is_done_before_it_is_queued_joins_no_queue(conversation: ConversationId) -> None:
    desk = Desk()
    desk.writes(0, conversation)
    desk.commands(mark_done(conversation, seen=0))
    late = desk.answers(Verdict.QUEUED)
    assert withdrawn(late) == ["inbound/3/0"]
    assert not desk.state.waits(conversation)
    assert desk.state.customer(CUSTOMER).open_request is None
    desk.crash()
    assert withdrawn(desk.answers(Verdict.QUEUED)) == ["inbound/3/0"]
    assert not desk.state.waits(conversation)


def test_i12_of_threads_that_share_a_request_the_done_one_does_not_wait() -> None:
    desk = Desk()
    desk.writes(0)
    desk.writes(1, LIVE)
    desk.commands(mark_done(seen=1))
    assert records(desk.answers(Verdict.QUEUED)) == [
        (LIVE, None, Reason.QUEUED),
        (THREAD, None, Reason.UNASSIGNED),
    ]
    desk.crash()
    assert records(desk.answers(Verdict.CHOSEN, A, drained=True, offset=1)) == [
        (LIVE, A, Reason.QUEUE_DRAINED)
    ]
