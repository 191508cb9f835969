"""R4.6: comments on a livestream that their author takes back."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.domain.desk import Desk, withdrawn
from router.domain.shop import (
    AT,
    CUSTOMER,
    LIVE,
    PAGE,
    SHOP,
    THREAD,
    A,
    arrival,
    at,
    mark_done,
    records,
    shop,
)
from tuyen_events.ids import EventId, MessageId
from tuyen_events.inbound import CommentRemoved, Customer
from tuyen_events.routing import Verdict
from tuyen_events.vocabulary import Channel, Reason
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.livestream import LIVE_COMMENTS, on_live_comment_removed
from tuyen_router.domain.sticky import on_sticky_event


def _says(desk: Desk, offset: int) -> None:
    comment = replace(arrival(offset, LIVE), live_comment=MessageId(f"m{offset}"))
    desk._handled(inbound=offset)
    desk._keep(on_sticky_event(desk.partition, shop(), comment))


def _takes_back(desk: Desk, said: int, **given: Any) -> list[Decision]:
    removed = CommentRemoved(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=MessageId(f"m{said}"),
        external_id="x",
        post_external_id="post",
        customer=Customer(id=CUSTOMER, external_id="c"),
        livestream=True,
    )
    made = on_live_comment_removed(
        desk.partition,
        shop(),
        removed,
        EventId("evt_removed"),
        at("inbound", 90),
        **{"repeated": False, **given},
    )
    return desk._keep(made)


def test_r4_6_a_thread_of_which_nothing_is_left_leaves_the_queue() -> None:
    desk = Desk()
    _says(desk, 0)
    desk.answers(Verdict.QUEUED)
    _says(desk, 1)
    assert records(_takes_back(desk, 0)) == []
    left = _takes_back(desk, 1)
    assert records(left) == [(LIVE, None, Reason.UNASSIGNED)]
    assert withdrawn(left) == ["inbound/3/0"]
    assert desk.partition.customer(CUSTOMER).open_request is None
    desk.crash(saved=1)
    assert withdrawn(_takes_back(desk, 1, repeated=True)) == ["inbound/3/0"]
    _says(desk, 2)
    assert [each.request_id for each in desk.asked] == ["inbound/3/0", "inbound/3/2"]


def test_r4_6_what_waits_beside_it_stays() -> None:
    desk = Desk()
    _says(desk, 0)
    desk.writes(1)
    desk.answers(Verdict.QUEUED)
    left = _takes_back(desk, 0)
    assert (records(left), withdrawn(left)) == ([(LIVE, None, Reason.UNASSIGNED)], [])
    desk.crash()
    given = desk.answers(Verdict.CHOSEN, A, drained=True, offset=1)
    assert records(given) == [(THREAD, A, Reason.QUEUE_DRAINED)]


def test_r4_6_one_that_is_taken_back_before_the_answer_asks_for_nobody() -> None:
    desk = Desk()
    _says(desk, 0)
    left = _takes_back(desk, 0)
    assert (records(left), withdrawn(left)) == ([], ["inbound/3/0"])
    assert records(desk.answers(Verdict.CHOSEN, A)) == []
    assert withdrawn(desk.answers(Verdict.QUEUED, offset=1)) == ["inbound/3/0"]


@pytest.mark.parametrize("many", [LIVE_COMMENTS, LIVE_COMMENTS + 1])
def test_r9_6_of_a_thread_that_waits_with_many_they_are_not_counted(many: int) -> None:
    desk = Desk()
    for offset in range(many):
        _says(desk, offset)
    desk.answers(Verdict.QUEUED)
    for offset in range(many):
        _takes_back(desk, offset)
    assert desk.partition.waits(LIVE) is (many > LIVE_COMMENTS)


def test_r4_6_one_that_was_done_and_waits_again_waits_for_what_came_since() -> None:
    desk = Desk()
    _says(desk, 0)
    desk.writes(1)
    desk.answers(Verdict.QUEUED)
    desk.commands(mark_done(LIVE))
    _says(desk, 2)
    assert desk.partition.waits(LIVE)
    left = _takes_back(desk, 2)
    assert records(left) == [(LIVE, None, Reason.UNASSIGNED)]
