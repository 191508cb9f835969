"""R4.5, R4.6, R9.2: one assignee of a comment's thread, whoever reports it, in any order."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import (
    Desk,
)
from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    PAGE,
    A,
    B,
    C,
    arrival,
    assign,
    at,
    mark_done,
    request,
)
from router.domain.outcomes import (
    records,
    withdrawn,
)
from support.organizations import (
    AT,
    SHOP,
    shop,
)
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    EventId,
    MessageId,
    comment_thread_id,
)
from tuyen_events.inbound import CommentAdded, CommentRemoved, Customer
from tuyen_events.limits import WAITED_FOR
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
from tuyen_router.domain.choice_results import on_answer
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
from tuyen_router.domain.rotating import (
    on_comment_removed,
    on_given,
    on_own_root,
    on_removed,
    on_reply,
)
from tuyen_router.domain.state import REMOVED_AT_CHANNEL, CustomerState
from tuyen_router.domain.threads import GivenTold, RemovalReported

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
    **more: Any,
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


def _fill_bucket(rotations: DispatchState, thread: ConversationId = COMMENT) -> None:
    """As many threads are reported as its bucket holds."""
    place, names = threads._place(thread)[0], (ConversationId(str(n)) for n in range(10**6))
    others = (each for each in names if threads._place(each)[0] == place)
    for each in islice(others, threads.BUCKET_THREADS):
        asked = changed(request(0, COMMENT), conversation_id=each)
        threads.apply_thread_step(rotations.threads, threads.take(rotations.threads, asked))


def test_r4_5_the_first_reply_below_a_root_from_before_has_the_thread() -> None:
    rotations = DispatchState(0)
    assert _asks(rotations, 0, reply=True) == [Verdict.CHOSEN]
    assert _asks(rotations, 1, reply=True, elsewhere=True) == []
    assert _asks(rotations, 2, elsewhere=True) == []
    assert len(rotations.answers) == 1


def test_r4_5_where_threads_were_forgotten_a_reply_below_an_unknown_one_asks_in_vain() -> None:
    """One owner comes first: it may be one of those that were."""
    rotations = DispatchState(0)
    _fill_bucket(rotations)
    assert _asks(rotations, 0, reply=True) == []
    assert _asks(rotations, 1, elsewhere=True) == [Verdict.CHOSEN]
    rotations = DispatchState(0)
    _fill_bucket(rotations)
    _hears(rotations, ThreadState.OURS)
    assert _asks(rotations, 0, reply=True) == [Verdict.CHOSEN]


@pytest.mark.parametrize("online", ["abc", ""])
def test_r4_1_a_reply_that_overtakes_its_root_has_the_thread_and_takes_one_turn(
    online: str,
) -> None:
    rotations = DispatchState(0)
    assert len(_asks(rotations, 0, reply=True, elsewhere=True, online=online)) == 1
    before = rotations.cursors
    assert _asks(rotations, 0, online=online) == []
    assert _asks(rotations, 1, reply=True, online=online) == []
    assert rotations.cursors == before
    (told,) = _hears(rotations, ThreadState.REMOVED)
    assert told.partition == 7


def test_r4_5_a_reply_that_overtakes_the_pages_own_root_has_the_thread() -> None:
    rotations = DispatchState(0)
    assert _asks(rotations, 0, reply=True, elsewhere=True) == [Verdict.CHOSEN]
    _hears(rotations, ThreadState.OURS)
    assert _asks(rotations, 0, reply=True) == []


def test_r4_5_the_first_reply_below_the_pages_own_comment_has_the_thread() -> None:
    rotations = DispatchState(0)
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
    desk.writes(0, COMMENT)
    desk.answers(Verdict.CHOSEN, A)
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


# Replies that are taken back.


class _Below:
    """A desk, in partition 3, that has a thread by a customer's reply, and stage 2; customers of
    another partition reply as well."""

    def __init__(self, *, online: str = "") -> None:
        self.desk, self.rotations = Desk(), DispatchState(0)
        self.online = online
        self._offset = 0

    def replies(self, name: str, *, elsewhere: bool = False) -> list[RequestAnswered]:
        self._offset += 1
        message = MessageId(name)
        if elsewhere:
            asked = request(self._offset, COMMENT, reply=True, comments=(message,))
            asked = changed(
                asked,
                request_id=f"inbound/7/{self._offset}",
                customer_id=ELSEWHERE,
                cause=changed(asked.cause, partition=7),
            )
        else:
            arrived = changed(arrival(self._offset, COMMENT), message=message)
            made = self.desk._keep(on_reply(self.desk.partition, shop(), arrived))
            (asked,) = (each for each in made if isinstance(each, ChoiceRequested))
        return self._given(on_request(self.rotations, shop(online=self.online), AT, asked))

    def comes(self, agent: str) -> list[RequestAnswered]:
        self.online = agent
        return self._given(drain(self.rotations, shop(online=agent), AT, 10))

    def removes(self, name: str) -> list[Decision]:
        """Somebody takes a reply back; what the desk does about it."""
        removed = changed(_removed(parent="root"), message_id=MessageId(name))
        position = at("inbound", 99)
        (told,) = on_comment_removed(CustomerState(7), shop(), removed, REMOVAL, position)
        assert isinstance(told, ThreadReported)
        steps = _fold(self.rotations, on_thread(self.rotations, told))
        return [
            decision
            for each in steps
            if isinstance(each, RemovalReported) and each.partition == 3
            for decision in self.desk._keep(
                on_removed(self.desk.partition, shop(), each.removed, position)
            )
        ]

    def _given(self, steps: Iterable[DispatchStep]) -> list[RequestAnswered]:
        given = [each for each in _fold(self.rotations, steps) if isinstance(each, RequestAnswered)]
        for each in given:
            assert each.answer.partition == 3
            position = at("router-answers", self._offset)
            self.desk._keep(on_answer(self.desk.partition, each.answer.choice, position))
        return given

    def row(self) -> tuple[AgentId | None, Reason, int, CustomerId | None]:
        row = self.desk.partition.conversations[COMMENT]
        return row.agent_id, row.reason, row.version, row.customer


def test_r4_6_a_thread_whose_reply_was_taken_back_waits_no_more() -> None:
    below = _Below()
    below.replies("m1")
    assert records(below.removes("m1")) == [(COMMENT, None, Reason.UNASSIGNED)]
    assert below.comes("a") == []
    assert below.removes("m1") == []


def test_r4_6_a_thread_waits_on_for_the_other_replies() -> None:
    below = _Below()
    below.replies("m1")
    below.replies("m2")
    below.replies("m3", elsewhere=True)
    assert [*below.removes("m2"), *below.removes("m1")] == []
    assert below.desk.partition.waits(COMMENT)
    assert records(below.removes("m3")) == [(COMMENT, None, Reason.UNASSIGNED)]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_r4_5_the_next_reply_after_one_that_was_taken_back_asks_like_the_first(
    elsewhere: bool,
) -> None:
    below = _Below()
    below.replies("m1")
    below.removes("m1")
    (queued,) = below.replies("m2", elsewhere=elsewhere)
    assert queued.answer.choice.verdict is Verdict.QUEUED
    assert below.row() == (None, Reason.QUEUED, 3, CUSTOMER)
    below.comes("b")
    assert below.row() == (B, Reason.QUEUE_DRAINED, 4, CUSTOMER)
    assert below.replies("m3", elsewhere=True) == []


def test_r4_5_a_thread_that_is_open_again_is_the_next_telling_of_its_roots() -> None:
    """The root itself comes late, by whomever: one owner, in the place that the thread has."""
    below = _Below()
    below.replies("m1")
    below.removes("m1")
    root = changed(request(9, COMMENT), request_id="inbound/7/9", customer_id=ELSEWHERE)
    root = changed(root, cause=changed(root.cause, partition=7))
    below._given(on_request(below.rotations, shop(), AT, root))
    agent, _, version, customer = below.row()
    assert (agent is not None, version, customer) == (True, 3, CUSTOMER)


def test_r4_6_a_thread_whose_root_has_come_waits_whatever_becomes_of_the_replies() -> None:
    below = _Below()
    below.replies("m1")
    assert _asks(below.rotations, 5, elsewhere=True, online="") == []
    assert below.removes("m1") == []
    assert below.desk.partition.waits(COMMENT)


def test_r9_6_of_a_thread_that_waits_with_many_replies_they_are_not_counted() -> None:
    below = _Below()
    for number in range(WAITED_FOR + 1):
        below.replies(f"m{number}", elsewhere=number > 0)
    for number in range(WAITED_FOR + 1):
        below.removes(f"m{number}")
    assert below.desk.partition.waits(COMMENT)


def test_r4_6_that_a_thread_waits_no_more_is_told_again_until_somebody_asks() -> None:
    """A crash may have lost it; and what is read again later ends no other wait."""
    below = _Below()
    below.replies("m1")
    report = ThreadReported(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=COMMENT,
        state=ThreadState.REMOVED,
        seed=REMOVAL,
        cause=at("inbound", 9),
        at=AT,
        comment=MessageId("m1"),
    )
    told = [
        each.removed
        for _ in range(2)
        for each in _fold(below.rotations, on_thread(below.rotations, report))
        if isinstance(each, RemovalReported)
    ]
    assert told == [told[0]] * 2
    position = at("router-answers", 9)
    below.desk._keep(on_removed(below.desk.partition, shop(), told[0], position))
    below.replies("m2", elsewhere=True)
    assert on_removed(below.desk.partition, shop(), told[1], position) == []
    assert below.desk.partition.waits(COMMENT)


def test_r4_5_the_next_reply_is_assigned_where_a_crash_lost_that_the_thread_waited_no_more() -> (
    None
):
    below = _Below()
    below.replies("m1")
    removed = changed(_removed(parent="root"), message_id=MessageId("m1"))
    (told,) = on_comment_removed(CustomerState(7), shop(), removed, REMOVAL, at("inbound", 9))
    assert isinstance(told, ThreadReported)
    _fold(below.rotations, on_thread(below.rotations, told))
    below.replies("m2", elsewhere=True)
    assert below.desk.partition.conversations[COMMENT].request_id == "inbound/7/2"
    _fold(below.rotations, on_thread(below.rotations, told))
    below.comes("b")
    assert below.row() == (B, Reason.QUEUE_DRAINED, 3, CUSTOMER)


def test_r3_5_what_a_manager_decides_stands_when_the_next_reply_asks() -> None:
    below = _Below()
    below.replies("m1")
    below.removes("m1")
    given = below.desk.commands(assign(B, COMMENT))
    (report,) = (each for each in given if isinstance(each, ThreadReported))
    _fold(below.rotations, on_thread(below.rotations, report))
    below.online = "a"
    assert below.replies("m2", elsewhere=True) == []
    assert below.row() == (B, Reason.MANUAL, 3, CUSTOMER)


# One owner, whoever gives it to somebody.


def _by_hand(desk: Desk, chosen: AgentId) -> ThreadReported:
    given = desk.commands(assign(chosen, COMMENT))
    (report,) = (each for each in given if isinstance(each, ThreadReported))
    return report


@pytest.mark.parametrize("verdict", [Verdict.CHOSEN, Verdict.QUEUED])
def test_r6_4_what_was_given_by_hand_in_another_partition_stands_in_the_one_that_has_it(
    verdict: Verdict,
) -> None:
    """Whoever tells it had no record of the rule's choice yet: both are version 1."""
    desk, other, rotations = Desk(), Desk(), DispatchState(0)
    other.partition.number = 7
    desk.writes(0, COMMENT)
    online = "abc" if verdict is Verdict.CHOSEN else ""
    _fold(rotations, on_request(rotations, shop(online=online), AT, desk.asked[0]))
    desk.answers(verdict, A if verdict is Verdict.CHOSEN else None)
    report = _by_hand(other, B)
    report = changed(report, cause=changed(report.cause, partition=7))
    for _ in range(2):
        steps = _fold(rotations, on_thread(rotations, report))
        (given,) = (each for each in steps if isinstance(each, GivenTold))
        (gone,) = (each for each in steps if isinstance(each, RemovalReported))
        assert (given.partition, gone.partition) == (3, 7)
        position = at("router-answers", 1)
        made = desk._keep(on_given(desk.partition, shop(), given.given, position))
        other._keep(on_removed(other.partition, shop(), gone.removed, position))
        row = desk.partition.conversations[COMMENT]
        assert (row.agent_id, row.reason, row.version) == (B, Reason.MANUAL, 2)
        assert row.customer == CUSTOMER
        assert (desk.partition.loads[SHOP], other.partition.loads[SHOP]) == ({B: 1}, {})
    assert records(made) == []
    later = desk.commands(assign(C, COMMENT), 1)
    assert records(later) == [(COMMENT, C, Reason.MANUAL)]
    assert records(on_given(desk.partition, shop(), given.given, position)) == []


def test_r5_3_one_that_waits_and_was_given_by_hand_elsewhere_leaves_the_queue() -> None:
    desk = Desk()
    desk.writes(0, COMMENT)
    desk.answers(Verdict.QUEUED)
    given = _by_hand(Desk(), B).given
    assert given is not None
    for left in ([(COMMENT, B, Reason.MANUAL)], []):  # and again, after a crash
        made = desk._keep(on_given(desk.partition, shop(), given, at("router-answers", 1)))
        assert (records(made), withdrawn(made)) == (left, ["inbound/3/0"])
