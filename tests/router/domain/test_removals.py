"""R4.6: messages, and comments on a livestream, that their author takes back."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.domain.desk import Desk
from router.domain.inputs import COMMENT, CUSTOMER, LIVE, PAGE, THREAD, A, arrival, at, mark_done
from router.domain.outcomes import records, requests, withdrawn
from support.organizations import AT, SHOP, shop
from tuyen_events.ids import ConversationId, EventId, MessageId
from tuyen_events.inbound import CommentRemoved, Customer, MessageDeleted
from tuyen_events.limits import REMOVALS, WAITED_FOR
from tuyen_events.routing import Verdict
from tuyen_events.vocabulary import Channel, Reason
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.removals import on_message_removed
from tuyen_router.domain.rotating import on_root_comment
from tuyen_router.domain.sticky import on_sticky_event


def _says(
    desk: Desk, offset: int, conversation: ConversationId = LIVE, *, message: int = -1
) -> list[Decision]:
    name = MessageId(f"m{offset if message < 0 else message}")
    said = replace(arrival(offset, conversation, name), message=name)
    desk._handle(inbound=offset)
    handle = on_root_comment if conversation is COMMENT else on_sticky_event
    return desk._keep(handle(desk.state, shop(), said))


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
    made = on_message_removed(
        desk.state,
        shop(),
        removed,
        EventId("evt_removed"),
        at("inbound", 90),
        **{"repeated": False, **given},
    )
    return desk._keep(made)


def _unsends(desk: Desk, said: int, **given: Any) -> list[Decision]:
    deleted = MessageDeleted(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=MessageId(f"m{said}"),
        customer=Customer(id=CUSTOMER, external_id="c"),
        conversation_id=THREAD,
    )
    position = at("inbound", 90)
    given = {"repeated": False, **given}
    event_id = EventId("evt_removed")
    return desk._keep(on_message_removed(desk.state, shop(), deleted, event_id, position, **given))


def test_r4_6_a_thread_of_which_nothing_is_left_leaves_the_queue() -> None:
    desk = Desk()
    _says(desk, 0)
    desk.answers(Verdict.QUEUED)
    _says(desk, 1)
    assert records(_takes_back(desk, 0)) == []
    left = _takes_back(desk, 1)
    assert records(left) == [(LIVE, None, Reason.UNASSIGNED)]
    assert withdrawn(left) == ["inbound/3/0"]
    assert desk.state.customer(CUSTOMER).open_request is None
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


def test_r4_6_a_message_that_is_removed_before_the_answer_asks_for_nobody() -> None:
    desk = Desk()
    _says(desk, 0)
    left = _takes_back(desk, 0)
    assert (records(left), withdrawn(left)) == ([], ["inbound/3/0"])
    assert records(desk.answers(Verdict.CHOSEN, A)) == []
    assert withdrawn(desk.answers(Verdict.QUEUED, offset=1)) == ["inbound/3/0"]


@pytest.mark.parametrize("many", [WAITED_FOR, WAITED_FOR + 1])
def test_r9_6_of_a_thread_that_waits_with_many_they_are_not_counted(many: int) -> None:
    desk = Desk()
    for offset in range(many):
        _says(desk, offset)
    desk.answers(Verdict.QUEUED)
    for offset in range(many):
        _takes_back(desk, offset)
    assert desk.state.waits(LIVE) is (many > WAITED_FOR)


def test_r4_6_one_that_was_done_and_waits_again_waits_for_what_came_since() -> None:
    desk = Desk()
    _says(desk, 0)
    desk.writes(1)
    desk.answers(Verdict.QUEUED)
    desk.commands(mark_done(LIVE))
    _says(desk, 2)
    assert desk.state.waits(LIVE)
    left = _takes_back(desk, 2)
    assert records(left) == [(LIVE, None, Reason.UNASSIGNED)]


def test_r4_6_removed_messages_are_not_waited_for() -> None:
    desk = Desk()
    _says(desk, 0, THREAD)
    desk.answers(Verdict.QUEUED)
    _says(desk, 1, THREAD)
    _says(desk, 2)
    assert records(_unsends(desk, 0)) == []
    left = _unsends(desk, 1)
    assert (records(left), withdrawn(left)) == ([(THREAD, None, Reason.UNASSIGNED)], [])
    left = _takes_back(desk, 2)
    assert (records(left), withdrawn(left)) == ([(LIVE, None, Reason.UNASSIGNED)], ["inbound/3/0"])
    assert len(requests(_says(desk, 3, THREAD))) == 1


def test_r4_6_the_assignee_keeps_a_thread_when_its_messages_are_removed() -> None:
    desk = Desk()
    _says(desk, 0, THREAD)
    desk.answers(Verdict.CHOSEN, A)
    assert (records(_unsends(desk, 0)), withdrawn(_unsends(desk, 0))) == ([], [])
    assert requests(_says(desk, 1, THREAD)) == []


@pytest.mark.parametrize("conversation", [LIVE, COMMENT])
def test_r4_6_a_comment_that_was_removed_before_it_came_takes_no_turn(
    conversation: ConversationId,
) -> None:
    desk = Desk()
    _takes_back(desk, 0)
    assert requests(_says(desk, 0, conversation)) == []
    assert requests(_says(desk, 1, conversation, message=0)) == []
    desk.crash()
    assert requests(_says(desk, 0, conversation)) == []
    assert len(requests(_says(desk, 2, conversation))) == 1


def test_r4_6_a_message_that_was_removed_before_it_came_opens_nothing() -> None:
    desk = Desk()
    _says(desk, 0, THREAD)
    desk.answers(Verdict.CHOSEN, A)
    desk.commands(mark_done(THREAD, seen=0))
    _unsends(desk, 1)
    for _ in range(2):
        _says(desk, 1, THREAD)
        assert desk.state.loads[SHOP] == {}
    _says(desk, 2, THREAD)
    assert desk.state.loads[SHOP] == {A: 1}


def test_r9_2_what_asked_before_it_was_taken_back_asks_again_for_the_others_after_a_crash() -> None:
    desk = Desk()
    _says(desk, 0, THREAD)
    _says(desk, 1, THREAD)
    _unsends(desk, 0)
    desk.crash()
    assert [each for each, _ in requests(_says(desk, 0, THREAD))] == ["inbound/3/0"]


def test_r9_6_of_a_customer_the_removals_of_late_are_remembered() -> None:
    desk = Desk()
    for said in range(REMOVALS + 1):
        _takes_back(desk, said)
    assert requests(_says(desk, 1)) == []
    assert len(requests(_says(desk, 2, message=0))) == 1
