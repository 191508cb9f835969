"""R4: every root comment for itself."""

from typing import Any

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import Desk
from router.domain.dispatch import fold_steps
from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    ELSEWHERE,
    PAGE,
    REMOVAL,
    THREAD,
    A,
    B,
    C,
    answer,
    arrival,
    assign,
    at,
    comment_removed,
    mark_done,
    request,
)
from router.domain.outcomes import fold, records, requests, withdrawn
from support.organizations import AT, SHOP, shop
from tuyen_events.ids import (
    AgentId,
    CustomerId,
    comment_thread_id,
)
from tuyen_events.inbound import CommentAdded
from tuyen_events.routing import (
    Purpose,
    ThreadRemoved,
    ThreadReported,
    ThreadState,
    Verdict,
)
from tuyen_events.vocabulary import Channel, Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.dispatch_state import (
    DispatchState,
)
from tuyen_router.domain.queue import (
    on_request,
    on_thread,
)
from tuyen_router.domain.rotating import (
    on_assigned_elsewhere,
    on_comment_removed,
    on_own_root,
    on_root_comment,
    on_root_removed,
)
from tuyen_router.domain.sticky import on_sticky_event
from tuyen_router.domain.threads import ManualAssignmentReported, RemovalReported


def _comes(state: CustomerState, offset: int, *args: Any, **given: Any) -> list[Decision]:
    comment = arrival(offset, COMMENT, *args)
    return fold(state, on_root_comment(state, shop(**given), comment))


def test_r4_1_a_new_root_comment_asks_whoever_has_its_author() -> None:
    state = CustomerState(3)
    fold(state, on_sticky_event(state, shop(), arrival(0, THREAD)))
    chosen = answer(request(0), Verdict.CHOSEN, A)
    fold(state, on_answer(state, chosen, at("answers", 0)))
    assert requests(_comes(state, 1)) == [("inbound/3/1", Purpose.FIRST)]


def test_r4_1_a_comment_is_the_chosen_agents() -> None:
    state = CustomerState(3)
    _comes(state, 0)
    chosen = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    decisions = fold(state, on_answer(state, chosen, at("answers", 0)))
    assert records(decisions) == [(COMMENT, A, Reason.ROTATION)]


@pytest.mark.parametrize("again", [0, 1])
def test_r4_2_nothing_is_asked_again_when_its_agent_is_offline(again: int) -> None:
    """Neither by a replay (the same offset) nor by the same comment at another offset."""
    state = CustomerState(3)
    _comes(state, 0)
    chosen = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    fold(state, on_answer(state, chosen, at("answers", 0)))
    assert requests(_comes(state, again, "new", auto_reassign=True, online="b")) == []


@pytest.mark.parametrize(
    "given", [{"assignment": False}, {"auto_assign": False}, {"suspended": True}]
)
def test_r4_1_nobody_is_asked_for_while_rules_do_not_assign(given: dict[str, Any]) -> None:
    assert requests(_comes(CustomerState(3), 0, **given)) == []


def test_r9_2_a_repeated_webhook_asks_nothing_and_a_replay_the_same() -> None:
    state = CustomerState(3)
    asked = requests(_comes(state, 0))
    assert _comes(state, 1, "0") == []
    assert requests(_comes(state, 0)) == asked


def test_r9_2_a_replay_that_the_ring_has_forgotten_saves_nothing() -> None:
    """An older offset must not be stored after newer ones in the ring."""
    state = CustomerState(3)
    asked = requests(_comes(state, 0))
    for offset in range(1, 18):
        fold(state, on_sticky_event(state, shop(), arrival(offset, THREAD)))
    before = state.customer(arrival(0).conversation.customer_id).seen
    assert requests(_comes(state, 0)) == asked
    assert state.customer(arrival(0).conversation.customer_id).seen == before


def _notice(customer: CustomerId | None) -> ThreadRemoved:
    return ThreadRemoved(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=COMMENT,
        customer_id=customer,
        seed=REMOVAL,
        at=AT,
    )


def _decide_root(desk: Desk, customer: CustomerId | None = ELSEWHERE) -> list[Decision]:
    position = at("router-answers", 9)
    return desk._keep(on_root_removed(desk.state, shop(), _notice(customer), position))


def test_r4_6_what_waits_and_is_removed_leaves_the_queue() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.QUEUED)
    left = _decide_root(desk)
    assert records(left) == [(COMMENT, None, Reason.UNASSIGNED)]
    assert withdrawn(left) == ["inbound/3/0"]
    desk.crash(saved=1)
    again = _decide_root(desk)
    assert (records(again), withdrawn(again)) == ([], ["inbound/3/0"])
    assert desk.state.done == {COMMENT: REMOVED_AT_CHANNEL}


def test_r4_6_what_is_assigned_and_removed_takes_no_place_and_nothing_opens_it() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.CHOSEN, A)
    assert desk.state.loads[SHOP] == {A: 1}
    _decide_root(desk, None)
    assert desk.state.loads[SHOP] == {}
    desk.replies(1)
    desk.commands(mark_done(COMMENT, seen=0), 0)
    desk.replies(2)
    assert desk.state.loads[SHOP] == {}
    assert desk.state.conversations[COMMENT].agent_id is A
    desk.commands(mark_done(COMMENT, done=False), 1)
    assert desk.state.loads[SHOP] == {A: 1}


def test_r4_6_a_removed_root_is_published_to_stage_2_and_a_reply_is_not() -> None:
    desk, position = Desk(), at("inbound", 4)
    (told,) = on_comment_removed(desk.state, shop(), comment_removed(), REMOVAL, position)
    assert isinstance(told, ThreadReported)
    assert (told.conversation_id, told.state) == (COMMENT, ThreadState.REMOVED)
    desk.writes(0, COMMENT)
    desk.answers(Verdict.CHOSEN, A)
    reply = comment_removed(parent="root")
    assert on_comment_removed(desk.state, shop(), reply, REMOVAL, position) == []
    (perhaps,) = on_comment_removed(
        desk.state, shop(), comment_removed(told=False), REMOVAL, position
    )
    assert isinstance(perhaps, ThreadReported)
    assert perhaps.conversation_id == comment_thread_id(SHOP, PAGE, "x")


def test_p5a_r4_6_a_comment_that_was_a_root_before_its_post_was_live_may_be_removed() -> None:
    live = changed(comment_removed(told=False), livestream=True)
    (told,) = on_comment_removed(Desk().state, shop(), live, REMOVAL, at("inbound", 4))
    assert isinstance(told, ThreadReported)
    assert told.conversation_id == comment_thread_id(SHOP, PAGE, "x")


def test_r4_5_the_pages_own_root_is_published_to_stage_2() -> None:
    own = CommentAdded(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=comment_removed().message_id,
        external_id="x",
        post_external_id="post",
        conversation_id=COMMENT,
    )
    (told,) = on_own_root(own, REMOVAL, at("inbound", 4))
    assert isinstance(told, ThreadReported)
    assert told.state is ThreadState.BEGUN_BY_PAGE
    assert on_own_root(changed(own, parent_external_id="root"), REMOVAL, at("inbound", 4)) == []
    assert on_own_root(changed(own, livestream=True), REMOVAL, at("inbound", 4)) == []


def _manually(desk: Desk, chosen: AgentId) -> ThreadReported:
    given = desk.commands(assign(chosen, COMMENT))
    (report,) = (each for each in given if isinstance(each, ThreadReported))
    return report


@pytest.mark.parametrize("verdict", [Verdict.CHOSEN, Verdict.QUEUED])
def test_r6_4_a_manual_assignment_from_another_partition_is_in_the_thread_s_own(
    verdict: Verdict,
) -> None:
    """Whoever tells it had no record of the rule's choice yet: both are version 1."""
    desk, other, state = Desk(), Desk(), DispatchState(0)
    other.state.number = 7
    desk.writes(0, COMMENT)
    online = "abc" if verdict is Verdict.CHOSEN else ""
    fold_steps(state, on_request(state, shop(online=online), AT, desk.asked[0]))
    desk.answers(verdict, A if verdict is Verdict.CHOSEN else None)
    report = _manually(other, B)
    report = changed(report, cause=changed(report.cause, partition=7))
    for _ in range(2):
        steps = fold_steps(state, on_thread(state, report))
        (given,) = (each for each in steps if isinstance(each, ManualAssignmentReported))
        (gone,) = (each for each in steps if isinstance(each, RemovalReported))
        assert (given.partition, gone.partition) == (3, 7)
        position = at("router-answers", 1)
        made = desk._keep(on_assigned_elsewhere(desk.state, shop(), given.given, position))
        other._keep(on_root_removed(other.state, shop(), gone.removed, position))
        row = desk.state.conversations[COMMENT]
        assert (row.agent_id, row.reason, row.version) == (B, Reason.MANUAL, 2)
        assert row.customer == CUSTOMER
        assert (desk.state.loads[SHOP], other.state.loads[SHOP]) == ({B: 1}, {})
    assert records(made) == []
    later = desk.commands(assign(C, COMMENT), 1)
    assert records(later) == [(COMMENT, C, Reason.MANUAL)]
    assert records(on_assigned_elsewhere(desk.state, shop(), given.given, position)) == []


def test_r5_3_one_that_waits_and_was_given_manually_elsewhere_leaves_the_queue() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.QUEUED)
    given = _manually(Desk(), B).given
    assert given is not None
    for left in ([(COMMENT, B, Reason.MANUAL)], []):  # and again, after a crash
        made = desk._keep(on_assigned_elsewhere(desk.state, shop(), given, at("router-answers", 1)))
        assert (records(made), withdrawn(made)) == (left, ["inbound/3/0"])
