"""R4.5, R4.6, R9.2: one assignee of a comment's thread, whoever reports it, in any order."""

from itertools import islice

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import Desk
from router.domain.dispatch import ask_for_root, drain_steps, fold_steps
from router.domain.inputs import (
    COMMENT,
    ELSEWHERE,
    PAGE,
    REMOVAL,
    at,
    request,
)
from support.organizations import AT, SHOP, shop
from tuyen_events.ids import (
    ConversationId,
)
from tuyen_events.routing import (
    ChoiceWithdrawn,
    ThreadReported,
    ThreadState,
    Verdict,
)
from tuyen_router.domain import dispatch_state, threads
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    RequestAnswered,
)
from tuyen_router.domain.queue import (
    on_request,
    on_thread,
    on_withdrawal,
)
from tuyen_router.domain.rotating import (
    on_root_removed,
)
from tuyen_router.domain.threads import RemovalReported


def _hears(state: DispatchState, thread_state: ThreadState) -> list[RemovalReported]:
    report = ThreadReported(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=COMMENT,
        state=thread_state,
        seed=REMOVAL,
        cause=at("inbound", 9),
        at=AT,
    )
    steps = fold_steps(state, on_thread(state, report))
    return [each for each in steps if isinstance(each, RemovalReported)]


def _others(state: DispatchState, count: int) -> None:
    """So many other answers come in between."""
    for offset in range(100, 100 + count):
        other = changed(request(offset, COMMENT), conversation_id=ConversationId(f"other-{offset}"))
        fold_steps(state, on_request(state, shop(), AT, other))


@pytest.mark.parametrize("online", ["abc", ""])
def test_inv1_r9_2_a_duplicate_root_has_one_assignee_however_many_answers_come_between(
    online: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen or waiting: after more other answers than are remembered."""
    monkeypatch.setattr(dispatch_state, "REMEMBERED_ANSWERS", 8)
    state = DispatchState(0)
    assert len(ask_for_root(state, 0, online=online)) == 1
    _others(state, 50)
    before = state.cursors
    assert ask_for_root(state, 0, elsewhere=True) == []
    assert state.cursors == before


def test_r9_2_one_that_waits_is_known_even_when_its_thread_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_state, "REMEMBERED_ANSWERS", 8)
    state = DispatchState(0)
    ask_for_root(state, 0, online="")
    _others(state, 20)
    state.threads.clear()
    assert ask_for_root(state, 0, elsewhere=True) == []


def test_r9_6_of_a_bucket_the_threads_reported_last_are_remembered() -> None:
    known: threads.Threads = {}
    names = [
        ConversationId(str(number))
        for number in range(3 * threads.BUCKETS * threads.BUCKET_THREADS)
    ]
    bucket = [each for each in names if threads._place(each)[0] == 5]
    assert len(bucket) > threads.BUCKET_THREADS
    for each in bucket:
        threads.apply_thread_step(
            known, threads.take_thread(known, changed(request(0, COMMENT), conversation_id=each))
        )
    threads.apply_thread_step(
        known, threads.take_thread(known, changed(request(0, COMMENT), conversation_id=bucket[-1]))
    )
    found = [each for each in bucket if threads.find_thread(known, SHOP, each)]
    assert found == bucket[-threads.BUCKET_THREADS :]
    assert threads.find_thread(known, SHOP, bucket[-1]) == (ThreadState.TAKEN, 3)


def test_r4_1_a_root_that_came_while_rules_were_off_is_unassigned_and_asks_again() -> None:
    state = DispatchState(0)
    steps = fold_steps(state, on_request(state, shop(auto_assign=False), AT, request(0, COMMENT)))
    assert [s.answer.choice.verdict for s in steps if isinstance(s, RequestAnswered)] == [
        Verdict.OFF
    ]
    assert ask_for_root(state, 1) == [Verdict.CHOSEN]
    assert ask_for_root(state, 2, elsewhere=True) == []


def _fill_bucket(state: DispatchState, thread: ConversationId = COMMENT) -> None:
    """As many threads are reported as its bucket holds."""
    place, names = threads._place(thread)[0], (ConversationId(str(n)) for n in range(10**6))
    others = (each for each in names if threads._place(each)[0] == place)
    for each in islice(others, threads.BUCKET_THREADS):
        asked = changed(request(0, COMMENT), conversation_id=each)
        threads.apply_thread_step(state.threads, threads.take_thread(state.threads, asked))


def test_r4_5_the_first_reply_below_a_root_from_before_has_the_thread() -> None:
    state = DispatchState(0)
    assert ask_for_root(state, 0, reply=True) == [Verdict.CHOSEN]
    assert ask_for_root(state, 1, reply=True, elsewhere=True) == []
    assert ask_for_root(state, 2, elsewhere=True) == []
    assert len(state.answers) == 1


def test_r4_5_where_threads_were_forgotten_a_reply_below_an_unknown_one_asks_in_vain() -> None:
    """One owner comes first: it may be one of those that were."""
    state = DispatchState(0)
    _fill_bucket(state)
    assert ask_for_root(state, 0, reply=True) == []
    assert ask_for_root(state, 1, elsewhere=True) == [Verdict.CHOSEN]
    state = DispatchState(0)
    _fill_bucket(state)
    _hears(state, ThreadState.BEGUN_BY_PAGE)
    assert ask_for_root(state, 0, reply=True) == [Verdict.CHOSEN]


@pytest.mark.parametrize("online", ["abc", ""])
def test_r4_1_a_reply_that_overtakes_its_root_has_the_thread_and_takes_one_turn(
    online: str,
) -> None:
    state = DispatchState(0)
    assert len(ask_for_root(state, 0, reply=True, elsewhere=True, online=online)) == 1
    before = state.cursors
    assert ask_for_root(state, 0, online=online) == []
    assert ask_for_root(state, 1, reply=True, online=online) == []
    assert state.cursors == before
    (told,) = _hears(state, ThreadState.REMOVED)
    assert told.partition == 7


def test_r4_5_a_reply_that_overtakes_the_pages_own_root_has_the_thread() -> None:
    state = DispatchState(0)
    assert ask_for_root(state, 0, reply=True, elsewhere=True) == [Verdict.CHOSEN]
    _hears(state, ThreadState.BEGUN_BY_PAGE)
    assert ask_for_root(state, 0, reply=True) == []


def test_r4_5_the_first_reply_below_the_pages_own_comment_has_the_thread() -> None:
    state = DispatchState(0)
    _hears(state, ThreadState.BEGUN_BY_PAGE)
    assert ask_for_root(state, 1, reply=True) == [Verdict.CHOSEN]
    assert ask_for_root(state, 2, reply=True, elsewhere=True) == []
    _hears(state, ThreadState.BEGUN_BY_PAGE)
    assert ask_for_root(state, 3, reply=True, elsewhere=True) == []


def test_r4_3_a_reply_below_a_customers_root_asks_for_nobody() -> None:
    state = DispatchState(0)
    ask_for_root(state, 0)
    assert ask_for_root(state, 1, reply=True, elsewhere=True) == []


def test_r4_6_a_root_that_is_gone_before_it_comes_takes_no_turn() -> None:
    state = DispatchState(0)
    assert _hears(state, ThreadState.REMOVED) == []
    assert ask_for_root(state, 0) == []
    assert state.cursors == {}


def test_r4_6_a_removal_is_published_to_the_threads_partition_as_often_as_it_comes() -> None:
    state = DispatchState(0)
    ask_for_root(state, 0, elsewhere=True, online="")
    (told,) = _hears(state, ThreadState.REMOVED)
    assert (told.partition, told.removed.customer_id) == (7, ELSEWHERE)
    assert _hears(state, ThreadState.REMOVED) == [told]
    assert ask_for_root(state, 1) == []


def test_r4_6_a_thread_that_waits_is_given_to_nobody_once_it_was_removed() -> None:
    """The whole way: the partition that has it withdraws its request."""
    desk, state = Desk(), DispatchState(0)
    desk.writes(0, COMMENT)
    fold_steps(state, on_request(state, shop(online=""), AT, desk.asked[0]))
    desk.answers(Verdict.QUEUED)
    (told,) = _hears(state, ThreadState.REMOVED)
    for each in desk._keep(on_root_removed(desk.state, shop(), told.removed, at("answers", 1))):
        if isinstance(each, ChoiceWithdrawn):
            fold_steps(state, on_withdrawal(state, each))
    assert fold_steps(state, drain_steps(state, shop())) == []
