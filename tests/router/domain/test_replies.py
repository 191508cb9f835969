"""R4.5, R4.6: a thread that waits for replies, which may be taken back."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import Desk
from router.domain.dispatch import ask_for_root, drain_steps, fold_steps, from_elsewhere
from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    ELSEWHERE,
    PAGE,
    REMOVAL,
    B,
    arrival,
    assign,
    at,
    comment_removed,
    request,
)
from router.domain.outcomes import records
from support.organizations import AT, SHOP, shop
from tuyen_events.ids import (
    AgentId,
    CustomerId,
    MessageId,
)
from tuyen_events.limits import WAITED_FOR
from tuyen_events.routing import (
    ChoiceRequested,
    ThreadReported,
    ThreadState,
    Verdict,
)
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    DispatchStep,
    RequestAnswered,
)
from tuyen_router.domain.queue import (
    on_request,
    on_thread,
)
from tuyen_router.domain.rotating import (
    on_comment_removed,
    on_reply,
    on_root_removed,
)
from tuyen_router.domain.threads import RemovalReported


class Below:
    """A desk, in partition 3, that has a thread by a customer's reply, and stage 2; customers of
    another partition reply as well."""

    def __init__(self, *, online: str = "") -> None:
        self.desk, self.state = Desk(), DispatchState(0)
        self.online = online
        self._offset = 0

    def replies(self, name: str, *, elsewhere: bool = False) -> list[RequestAnswered]:
        self._offset += 1
        message = MessageId(name)
        if elsewhere:
            asked = from_elsewhere(request(self._offset, COMMENT, reply=True, comments=(message,)))
        else:
            arrived = changed(arrival(self._offset, COMMENT), message=message)
            made = self.desk._keep(on_reply(self.desk.state, shop(), arrived))
            (asked,) = (each for each in made if isinstance(each, ChoiceRequested))
        return self._list_answers(on_request(self.state, shop(online=self.online), AT, asked))

    def comes(self, agent: str) -> list[RequestAnswered]:
        self.online = agent
        return self._list_answers(drain_steps(self.state, shop(online=agent)))

    def removes(self, name: str) -> list[Decision]:
        """Somebody takes a reply back; what the desk does about it."""
        removed = changed(comment_removed(parent="root"), message_id=MessageId(name))
        position = at("inbound", 99)
        (told,) = on_comment_removed(CustomerState(7), shop(), removed, REMOVAL, position)
        assert isinstance(told, ThreadReported)
        steps = fold_steps(self.state, on_thread(self.state, told))
        return [
            decision
            for each in steps
            if isinstance(each, RemovalReported) and each.partition == 3
            for decision in self.desk._keep(
                on_root_removed(self.desk.state, shop(), each.removed, position)
            )
        ]

    def _list_answers(self, steps: Iterable[DispatchStep]) -> list[RequestAnswered]:
        given = [
            each for each in fold_steps(self.state, steps) if isinstance(each, RequestAnswered)
        ]
        for each in given:
            assert each.answer.partition == 3
            position = at("router-answers", self._offset)
            self.desk._keep(on_answer(self.desk.state, each.answer.choice, position))
        return given

    def row(self) -> tuple[AgentId | None, Reason, int, CustomerId | None]:
        row = self.desk.state.conversations[COMMENT]
        return row.agent_id, row.reason, row.version, row.customer


def test_r4_6_a_thread_whose_reply_was_removed_waits_no_more() -> None:
    below = Below()
    below.replies("m1")
    assert records(below.removes("m1")) == [(COMMENT, None, Reason.UNASSIGNED)]
    assert below.comes("a") == []
    assert below.removes("m1") == []


def test_r4_6_a_thread_waits_on_for_the_other_replies() -> None:
    below = Below()
    below.replies("m1")
    below.replies("m2")
    below.replies("m3", elsewhere=True)
    assert [*below.removes("m2"), *below.removes("m1")] == []
    assert below.desk.state.waits(COMMENT)
    assert records(below.removes("m3")) == [(COMMENT, None, Reason.UNASSIGNED)]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_r4_5_the_next_reply_after_a_removed_one_asks_like_the_first(
    elsewhere: bool,
) -> None:
    below = Below()
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
    below = Below()
    below.replies("m1")
    below.removes("m1")
    root = changed(request(9, COMMENT), request_id="inbound/7/9", customer_id=ELSEWHERE)
    root = changed(root, cause=changed(root.cause, partition=7))
    below._list_answers(on_request(below.state, shop(), AT, root))
    agent, _, version, customer = below.row()
    assert (agent is not None, version, customer) == (True, 3, CUSTOMER)


def test_r4_6_a_thread_whose_root_has_come_waits_whatever_becomes_of_the_replies() -> None:
    below = Below()
    below.replies("m1")
    assert ask_for_root(below.state, 5, elsewhere=True, online="") == []
    assert below.removes("m1") == []
    assert below.desk.state.waits(COMMENT)


def test_r9_6_of_a_thread_that_waits_with_many_replies_they_are_not_counted() -> None:
    below = Below()
    for number in range(WAITED_FOR + 1):
        below.replies(f"m{number}", elsewhere=number > 0)
    for number in range(WAITED_FOR + 1):
        below.removes(f"m{number}")
    assert below.desk.state.waits(COMMENT)


def test_r4_6_that_a_thread_waits_no_more_is_published_again_until_somebody_asks() -> None:
    """A crash may have lost it; and what is read again later ends no other wait."""
    below = Below()
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
        for each in fold_steps(below.state, on_thread(below.state, report))
        if isinstance(each, RemovalReported)
    ]
    assert told == [told[0]] * 2
    position = at("router-answers", 9)
    below.desk._keep(on_root_removed(below.desk.state, shop(), told[0], position))
    below.replies("m2", elsewhere=True)
    assert on_root_removed(below.desk.state, shop(), told[1], position) == []
    assert below.desk.state.waits(COMMENT)


def test_r4_5_the_next_reply_is_assigned_where_a_crash_lost_that_the_thread_waited_no_more() -> (
    None
):
    below = Below()
    below.replies("m1")
    removed = changed(comment_removed(parent="root"), message_id=MessageId("m1"))
    (told,) = on_comment_removed(CustomerState(7), shop(), removed, REMOVAL, at("inbound", 9))
    assert isinstance(told, ThreadReported)
    fold_steps(below.state, on_thread(below.state, told))
    below.replies("m2", elsewhere=True)
    assert below.desk.state.conversations[COMMENT].request_id == "inbound/7/2"
    fold_steps(below.state, on_thread(below.state, told))
    below.comes("b")
    assert below.row() == (B, Reason.QUEUE_DRAINED, 3, CUSTOMER)


def test_r3_5_a_managers_decision_is_kept_when_the_next_reply_asks() -> None:
    below = Below()
    below.replies("m1")
    below.removes("m1")
    given = below.desk.commands(assign(B, COMMENT))
    (report,) = (each for each in given if isinstance(each, ThreadReported))
    fold_steps(below.state, on_thread(below.state, report))
    below.online = "a"
    assert below.replies("m2", elsewhere=True) == []
    assert below.row() == (B, Reason.MANUAL, 3, CUSTOMER)
