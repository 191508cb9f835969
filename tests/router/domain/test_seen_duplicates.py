"""R9.2: an event that is delivered again, however long after, is not treated as new."""

import pytest

from router.domain.desk import Desk
from router.domain.inputs import COMMENT, KINDS, LIVE, THREAD, A, arrival, at, mark_done
from router.domain.outcomes import marks, records, requests
from support.organizations import shop
from tuyen_events.ids import ConversationId
from tuyen_events.routing import Verdict
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.done import on_done
from tuyen_router.domain.rotating import on_reply, on_root_comment
from tuyen_router.domain.sticky import on_sticky_event

MANY = 17


def _comes(
    desk: Desk, offset: int, conversation: ConversationId, event: int, *, reply: bool = False
) -> list[Decision]:
    """The event of a time of its own, in a shop that replaces who is offline; a is."""
    arrived = arrival(offset, conversation, str(event), time=1_000 + event)
    known = shop(online="bc", auto_reassign=True)
    if reply:
        return desk._keep(on_reply(desk.state, shop(), arrived))
    handle = on_sticky_event if KINDS[conversation].sticky else on_root_comment
    return desk._keep(handle(desk.state, known, arrived))


def _long_ago(conversation: ConversationId) -> Desk:
    """The conversation is a's by event 0, and seventeen others of the customer came since."""
    desk = Desk()
    desk.writes(0, conversation)
    desk.answers(Verdict.CHOSEN, A)
    desk = _forgetful(desk)
    for event in range(1, MANY + 1):
        desk._keep(on_sticky_event(desk.state, shop(), arrival(event, THREAD, time=1_000 + event)))
        if event == 1 and not KINDS[conversation].sticky:
            desk.answers(Verdict.CHOSEN, A, offset=1)
    return desk


def _forgetful(desk: Desk) -> Desk:
    """The first event of all had a time as well."""
    customer = desk.state.customer(arrival(0).conversation.customer_id)
    customer.seen = customer.seen[:16] + (1_000).to_bytes(4)
    return desk


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r9_2_an_event_repeated_after_seventeen_others_asks_for_nobody(
    conversation: ConversationId,
) -> None:
    """Their agent is offline by now, and would be replaced at the customer's next word (R3.3)."""
    desk = _long_ago(conversation)
    again = _comes(desk, 50, conversation, 0)
    assert (requests(again), records(again)) == ([], [])


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r9_2_an_event_repeated_after_seventeen_others_opens_nothing(
    conversation: ConversationId,
) -> None:
    desk = _long_ago(conversation)
    desk.commands(mark_done(conversation, seen=MANY))
    assert marks(_comes(desk, 50, conversation, 0)) == []
    assert marks(_comes(desk, 51, conversation, 0, reply=conversation is COMMENT)) == []


def test_r9_2_what_is_repeated_keeps_nobody_from_calling_its_conversation_done() -> None:
    desk = _long_ago(THREAD)
    _comes(desk, 50, THREAD, 0)
    done = mark_done(THREAD, seen=MANY)
    again = on_done(desk.state, shop(), done, at("commands", 9), repeated=False)
    assert marks(again) == [(THREAD, MANY)]


def test_r9_1_a_thread_that_is_late_and_has_nobody_yet_is_given_to_the_customers_agent() -> None:
    desk = _long_ago(THREAD)
    late = arrival(50, LIVE, "late", time=1_000)
    made = desk._keep(on_sticky_event(desk.state, shop(), late))
    assert [(conversation, agent) for conversation, agent, _ in records(made)] == [(LIVE, A)]


def test_r4_1_a_late_root_comment_is_assigned() -> None:
    desk = _long_ago(THREAD)
    late = arrival(50, COMMENT, "late", time=1_000)
    assert len(requests(on_root_comment(desk.state, shop(), late))) == 1


def test_r3_3_the_customers_next_message_is_new_all_the_same() -> None:
    desk = _long_ago(THREAD)
    assert len(requests(_comes(desk, 50, THREAD, MANY + 1))) == 1
