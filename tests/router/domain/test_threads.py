"""R4.5, R4.6, R9.2: one assignee of a comment's thread, whoever reports it, in any order."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import Desk, withdrawn
from router.domain.shop import (
    AT,
    COMMENT,
    PAGE,
    SHOP,
    A,
    at,
    mark_done,
    records,
    request,
    shop,
)
from tuyen_events.ids import ConversationId, CustomerId, EventId, comment_thread_id
from tuyen_events.inbound import CommentAdded, CommentRemoved, Customer
from tuyen_events.routing import (
    ChoiceRequested,
    ChoiceWithdrawn,
    ThreadRemoved,
    ThreadReported,
    ThreadState,
    Verdict,
)
from tuyen_events.vocabulary import Channel, Reason
from tuyen_router.domain import dispatch_state as rotations_module
from tuyen_router.domain import threads
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    DispatchStep,
    RequestAnswered,
    apply_step,
)
from tuyen_router.domain.queue import (
    drain,
    on_request,
    on_thread,
    on_withdrawal,
)
from tuyen_router.domain.rotating import on_comment_removed, on_own_root, on_removed
from tuyen_router.domain.state import REMOVED_AT_CHANNEL
from tuyen_router.domain.threads import RemovalReported

ELSEWHERE = CustomerId("unnamed")
REMOVAL = EventId("evt_removed")


def _fold(rotations: DispatchState, steps: Iterable[DispatchStep]) -> list[DispatchStep]:
    folded = []
    for step in steps:
        apply_step(rotations, step)
        folded.append(step)
    return folded


def _asks(
    rotations: DispatchState,
    offset: int,
    *,
    elsewhere: bool = False,
    online: str = "abc",
    **more: bool,
) -> list[Verdict]:
    """The root is delivered; `elsewhere` in the partition of an author who is not named."""
    asked: ChoiceRequested = request(offset, COMMENT, **more)
    if elsewhere:
        asked = changed(
            asked,
            request_id=f"inbound/7/{offset}",
            customer_id=ELSEWHERE,
            cause=changed(asked.cause, partition=7),
        )
    steps = _fold(rotations, on_request(rotations, shop(online=online), AT, asked))
    return [each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)]


def _hears(rotations: DispatchState, state: ThreadState) -> list[RemovalReported]:
    report = ThreadReported(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=COMMENT,
        state=state,
        seed=REMOVAL,
        cause=at("inbound", 9),
        at=AT,
    )
    steps = _fold(rotations, on_thread(rotations, report))
    return [each for each in steps if isinstance(each, RemovalReported)]


def _others(rotations: DispatchState, count: int) -> None:
    """So many other answers come in between."""
    for offset in range(100, 100 + count):
        other = changed(request(offset, COMMENT), conversation_id=ConversationId(f"other-{offset}"))
        _fold(rotations, on_request(rotations, shop(), AT, other))


@pytest.mark.parametrize("online", ["abc", ""])
def test_inv1_r9_2_a_root_told_twice_has_one_owner_however_many_answers_come_between(
    online: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen or waiting: after more other answers than are remembered."""
    monkeypatch.setattr(rotations_module, "REMEMBERED_ANSWERS", 8)
    rotations = DispatchState(0)
    assert len(_asks(rotations, 0, online=online)) == 1
    _others(rotations, 50)
    before = rotations.cursors
    assert _asks(rotations, 0, elsewhere=True) == []
    assert rotations.cursors == before


def test_r9_2_one_that_waits_is_known_even_when_its_thread_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotations_module, "REMEMBERED_ANSWERS", 8)
    rotations = DispatchState(0)
    _asks(rotations, 0, online="")
    _others(rotations, 20)
    rotations.threads.clear()
    assert _asks(rotations, 0, elsewhere=True) == []


def test_r9_6_of_a_bucket_the_threads_heard_of_last_are_remembered() -> None:
    known: threads.Threads = {}
    names = [
        ConversationId(str(number))
        for number in range(3 * threads.BUCKETS * threads.BUCKET_THREADS)
    ]
    bucket = [each for each in names if threads._place(each)[0] == 5]
    assert len(bucket) > threads.BUCKET_THREADS
    for each in bucket:
        threads.apply_thread_step(
            known, threads.take(known, changed(request(0, COMMENT), conversation_id=each))
        )
    threads.apply_thread_step(
        known, threads.take(known, changed(request(0, COMMENT), conversation_id=bucket[-1]))
    )
    found = [each for each in bucket if threads.find(known, SHOP, each)]
    assert found == bucket[-threads.BUCKET_THREADS :]
    assert threads.find(known, SHOP, bucket[-1]) == (ThreadState.TAKEN, 3)


def test_r4_1_a_root_told_while_rules_were_off_is_nobodys_and_asks_again() -> None:
    rotations = DispatchState(0)
    steps = _fold(
        rotations, on_request(rotations, shop(auto_assign=False), AT, request(0, COMMENT))
    )
    assert [s.answer.choice.verdict for s in steps if isinstance(s, RequestAnswered)] == [
        Verdict.OFF
    ]
    assert _asks(rotations, 1) == [Verdict.CHOSEN]
    assert _asks(rotations, 2, elsewhere=True) == []


def test_r4_5_the_first_reply_below_the_pages_own_comment_has_the_thread() -> None:
    rotations = DispatchState(0)
    assert _asks(rotations, 0, reply=True) == []
    _hears(rotations, ThreadState.OURS)
    assert _asks(rotations, 1, reply=True) == [Verdict.CHOSEN]
    assert _asks(rotations, 2, reply=True, elsewhere=True) == []
    _hears(rotations, ThreadState.OURS)
    assert _asks(rotations, 3, reply=True, elsewhere=True) == []


def test_r4_3_a_reply_below_a_customers_root_asks_for_nobody() -> None:
    rotations = DispatchState(0)
    _asks(rotations, 0)
    assert _asks(rotations, 1, reply=True, elsewhere=True) == []


def test_r4_6_a_root_that_is_gone_before_it_comes_takes_no_turn() -> None:
    rotations = DispatchState(0)
    assert _hears(rotations, ThreadState.REMOVED) == []
    assert _asks(rotations, 0) == []
    assert rotations.cursors == {}


def test_r4_6_a_removal_is_told_to_the_partition_that_has_the_thread_as_often_as_it_comes() -> None:
    rotations = DispatchState(0)
    _asks(rotations, 0, elsewhere=True, online="")
    (told,) = _hears(rotations, ThreadState.REMOVED)
    assert (told.partition, told.removed.customer_id) == (7, ELSEWHERE)
    assert _hears(rotations, ThreadState.REMOVED) == [told]
    assert _asks(rotations, 1) == []


# Stage 1.


def _removed(
    customer: CustomerId | None = None, *, parent: str | None = None, told: bool = True
) -> CommentRemoved:
    thread = COMMENT if told else None
    return CommentRemoved(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=request(0).conversation_id,
        external_id="x",
        post_external_id="post",
        parent_external_id=parent,
        customer=None if customer is None else Customer(id=customer, external_id="c"),
        conversation_id=thread,
    )


def _notice(customer: CustomerId | None) -> ThreadRemoved:
    return ThreadRemoved(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=COMMENT,
        customer_id=customer,
        seed=REMOVAL,
        at=AT,
    )


def _told(desk: Desk, customer: CustomerId | None = ELSEWHERE) -> list[Decision]:
    position = at("router-answers", 9)
    return desk._keep(on_removed(desk.partition, shop(), _notice(customer), position))


def test_r4_6_what_waits_and_is_removed_leaves_the_queue() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.QUEUED)
    left = _told(desk)
    assert records(left) == [(COMMENT, None, Reason.UNASSIGNED)]
    assert withdrawn(left) == ["inbound/3/0"]
    desk.crash(saved=1)
    again = _told(desk)
    assert (records(again), withdrawn(again)) == ([], ["inbound/3/0"])
    assert desk.partition.done == {COMMENT: REMOVED_AT_CHANNEL}


def test_r4_6_what_is_assigned_and_removed_takes_no_place_and_nothing_opens_it() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.CHOSEN, A)
    assert desk.partition.loads[SHOP] == {A: 1}
    _told(desk, None)
    assert desk.partition.loads[SHOP] == {}
    desk.replies(1)
    desk.commands(mark_done(COMMENT, seen=0), 0)
    desk.replies(2)
    assert desk.partition.loads[SHOP] == {}
    assert desk.partition.conversations[COMMENT].agent_id is A
    desk.commands(mark_done(COMMENT, done=False), 1)
    assert desk.partition.loads[SHOP] == {A: 1}


def test_r4_6_stage_2_is_told_of_a_removed_root_and_not_of_a_reply() -> None:
    desk, position = Desk(), at("inbound", 4)
    (told,) = on_comment_removed(desk.partition, shop(), _removed(), REMOVAL, position)
    assert isinstance(told, ThreadReported)
    assert (told.conversation_id, told.state) == (COMMENT, ThreadState.REMOVED)
    reply = _removed(parent="root")
    assert on_comment_removed(desk.partition, shop(), reply, REMOVAL, position) == []
    (perhaps,) = on_comment_removed(desk.partition, shop(), _removed(told=False), REMOVAL, position)
    assert isinstance(perhaps, ThreadReported)
    assert perhaps.conversation_id == comment_thread_id(SHOP, PAGE, "x")


def test_p5a_r4_6_a_comment_that_was_a_root_before_its_post_was_live_may_be_removed() -> None:
    live = changed(_removed(told=False), livestream=True)
    (told,) = on_comment_removed(Desk().partition, shop(), live, REMOVAL, at("inbound", 4))
    assert isinstance(told, ThreadReported)
    assert told.conversation_id == comment_thread_id(SHOP, PAGE, "x")


def test_r4_5_the_pages_own_root_is_told_to_stage_2() -> None:
    own = CommentAdded(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=_removed().message_id,
        external_id="x",
        post_external_id="post",
        conversation_id=COMMENT,
    )
    (told,) = on_own_root(own, REMOVAL, at("inbound", 4))
    assert isinstance(told, ThreadReported)
    assert told.state is ThreadState.OURS
    assert on_own_root(changed(own, parent_external_id="root"), REMOVAL, at("inbound", 4)) == []
    assert on_own_root(changed(own, livestream=True), REMOVAL, at("inbound", 4)) == []


def test_r4_6_a_thread_that_waits_is_given_to_nobody_once_it_was_removed() -> None:
    """The whole way: the partition that has it withdraws its request."""
    desk, rotations = Desk(), DispatchState(0)
    desk.writes(0, COMMENT)
    _fold(rotations, on_request(rotations, shop(online=""), AT, desk.asked[0]))
    desk.answers(Verdict.QUEUED)
    (told,) = _hears(rotations, ThreadState.REMOVED)
    for each in desk._keep(on_removed(desk.partition, shop(), told.removed, at("answers", 1))):
        if isinstance(each, ChoiceWithdrawn):
            _fold(rotations, on_withdrawal(rotations, each))
    assert _fold(rotations, drain(rotations, shop(), AT, 10)) == []
