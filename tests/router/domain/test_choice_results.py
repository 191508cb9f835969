"""What stage 1 makes of stage 2's answers."""

from typing import Any

import msgspec
import pytest

from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    THREAD,
    A,
    B,
    answer,
    arrival,
    assign,
    at,
    mark_done,
    request,
)
from router.domain.outcomes import fold, records, requests
from support.organizations import shop
from tuyen_events.assignments import InputOffsets
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import ChoiceWithdrawn, Purpose, Verdict
from tuyen_events.vocabulary import Reason, Strategy
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.done import on_done
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.rotating import on_root_comment
from tuyen_router.domain.sticky import on_sticky_event


def _make_asked(conversation: ConversationId = THREAD) -> CustomerState:
    state = CustomerState(3)
    handle = on_root_comment if conversation is COMMENT else on_sticky_event
    fold(state, handle(state, shop(), arrival(0, conversation)))
    return state


def _answer(
    state: CustomerState,
    verdict: Verdict,
    chosen: AgentId | None = None,
    *,
    conversation: ConversationId = THREAD,
    asked: int = 0,
    offset: int = 0,
    purpose: Purpose = Purpose.FIRST,
    **fields: Any,
) -> list[Decision]:
    said = answer(request(asked, conversation, purpose=purpose), verdict, chosen, **fields)
    return fold(state, on_answer(state, said, at("answers", offset)))


def _writes(state: CustomerState, offset: int, *args: Any, **given: Any) -> list[Decision]:
    return fold(state, on_sticky_event(state, shop(**given), arrival(offset, *args)))


def _withdrawn(decisions: list[Decision]) -> list[str]:
    return [each.request_id for each in decisions if isinstance(each, ChoiceWithdrawn)]


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
@pytest.mark.parametrize(
    ("verdict", "agent", "reason"),
    [
        (Verdict.CHOSEN, A, Reason.ROTATION),
        (Verdict.QUEUED, None, Reason.QUEUED),
        (Verdict.NOBODY, None, Reason.NO_CANDIDATE),
    ],
)
def test_r3_1_r4_1_r5_an_answer_becomes_one_record_however_often_it_comes(
    conversation: ConversationId, verdict: Verdict, agent: AgentId | None, reason: Reason
) -> None:
    state = _make_asked(conversation)
    first = _answer(state, verdict, agent, conversation=conversation)
    assert records(first) == [(conversation, agent, reason)]
    for offset in range(2):
        again = _answer(state, verdict, agent, conversation=conversation, offset=offset)
        assert records(again) == []


@pytest.mark.parametrize(
    ("mode", "purpose", "drained", "reason"),
    [
        (Strategy.SEQUENTIAL, Purpose.FIRST, False, Reason.ROTATION),
        (Strategy.RANDOM, Purpose.FIRST, False, Reason.RANDOM),
        (Strategy.SEQUENTIAL, Purpose.STICKY_LOST, False, Reason.STICKY_LOST),
        (Strategy.RANDOM, Purpose.OFFLINE, False, Reason.REASSIGNED_OFFLINE),
        (Strategy.SEQUENTIAL, Purpose.FIRST, True, Reason.QUEUE_DRAINED),
    ],
)
def test_r9_4_the_record_says_why(
    mode: Strategy, purpose: Purpose, drained: bool, reason: Reason
) -> None:
    state = _make_asked()
    said = answer(request(0, purpose=purpose), Verdict.CHOSEN, A, drained=drained)
    said = msgspec.structs.replace(said, mode=mode)
    assert records(on_answer(state, said, at("answers", 0))) == [(THREAD, A, reason)]


@pytest.mark.parametrize("mode", Strategy)
def test_r9_4_the_choice_of_every_strategy_has_a_reason_of_its_name(mode: Strategy) -> None:
    said = answer(request(0), Verdict.CHOSEN, A)
    [made] = records(
        on_answer(_make_asked(), msgspec.structs.replace(said, mode=mode), at("answers", 0))
    )
    assert made[2].is_known
    assert made[2] == (Reason.ROTATION if mode is Strategy.SEQUENTIAL else mode.value)


def test_r3_3_the_new_one_is_remembered() -> None:
    state = _make_asked()
    _answer(state, Verdict.CHOSEN, A)
    _writes(state, 1, auto_reassign=True, online="b")
    _answer(state, Verdict.CHOSEN, B, asked=1, offset=1, purpose=Purpose.OFFLINE)
    assert state.customer(CUSTOMER).agent_id == B


def test_r3_3_with_no_candidate_the_assignee_stays_and_the_next_message_asks_again() -> None:
    state = _make_asked()
    _answer(state, Verdict.CHOSEN, A)
    _writes(state, 1, auto_reassign=True, online="")
    none = _answer(state, Verdict.NOBODY, asked=1, offset=1, purpose=Purpose.OFFLINE)
    assert records(none) == []
    assert requests(_writes(state, 2, auto_reassign=True, online="")) == [
        ("inbound/3/2", Purpose.OFFLINE)
    ]


def test_r3_3_with_no_candidate_a_new_thread_is_the_offline_assignees_too() -> None:
    state = _make_asked()
    _answer(state, Verdict.CHOSEN, A)
    _writes(state, 1, LIVE, auto_reassign=True, online="")
    fields: dict[str, Any] = {"asked": 1, "offset": 1, "purpose": Purpose.OFFLINE}
    stays = _answer(state, Verdict.NOBODY, conversation=LIVE, **fields)
    assert records(stays) == [(LIVE, A, Reason.ROTATION)]
    assert state.customer(CUSTOMER).open_request is None


def test_r3_3_the_same_agent_again_makes_no_record_and_ends_the_request() -> None:
    state = _make_asked()
    _answer(state, Verdict.CHOSEN, A)
    _writes(state, 1, auto_reassign=True, online="")
    same = _answer(state, Verdict.CHOSEN, A, asked=1, offset=1, purpose=Purpose.OFFLINE)
    assert records(same) == []
    assert state.customer(CUSTOMER).open_request is None


def test_r3_1_a_choice_is_remembered_although_the_thread_was_that_agents_already() -> None:
    """The customer's other thread was taken from everybody manually."""
    state = _make_asked()
    _answer(state, Verdict.CHOSEN, A)
    _writes(state, 1, LIVE)
    nobody = assign(None, LIVE)
    fold(state, on_assign(state, shop(), nobody, at("commands", 0), repeated=False))
    assert requests(_writes(state, 2)) == [("inbound/3/2", Purpose.FIRST)]
    assert records(_answer(state, Verdict.CHOSEN, A, asked=2, offset=1)) == [
        (THREAD, A, Reason.ROTATION)
    ]
    assert requests(_writes(state, 3)) == []


def test_r5_2_an_unassigned_customer_who_writes_again_asks_again_and_gets_one_record() -> None:
    state = _make_asked()
    _answer(state, Verdict.NOBODY)
    assert requests(_writes(state, 1)) == [("inbound/3/1", Purpose.FIRST)]
    assert records(_answer(state, Verdict.NOBODY, asked=1, offset=1)) == []
    assert state.customer(CUSTOMER).open_request is None


def test_r5_settings_that_went_off_end_the_request_without_a_record() -> None:
    state = _make_asked()
    assert records(_answer(state, Verdict.OFF)) == []
    assert requests(_writes(state, 1)) == [("inbound/3/1", Purpose.FIRST)]


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
@pytest.mark.parametrize(
    ("verdict", "withdrawn"),
    [(Verdict.CHOSEN, []), (Verdict.QUEUED, ["inbound/3/0"]), (Verdict.NOBODY, [])],
)
def test_r3_5_r5_3_an_answer_that_a_manager_overtook_changes_nothing(
    conversation: ConversationId, verdict: Verdict, withdrawn: list[str]
) -> None:
    state = _make_asked(conversation)
    manual = assign(B, conversation)
    fold(state, on_assign(state, shop(), manual, at("commands", 0), repeated=False))
    late = _answer(state, verdict, A, conversation=conversation)
    assert records(late) == []
    assert _withdrawn(late) == withdrawn


@pytest.mark.parametrize("conversation", [THREAD, COMMENT])
def test_r5_3_a_withdrawal_that_a_crash_lost_comes_with_the_answer_again(
    conversation: ConversationId,
) -> None:
    """A later record tells that the answer was handled: not that its withdrawal was sent."""
    state = _make_asked(conversation)
    for offset, chosen in enumerate([B, A]):
        manual = assign(chosen, conversation)
        position = at("commands", offset)
        fold(state, on_assign(state, shop(), manual, position, repeated=False))
        state.handled = InputOffsets(inbound=0, answers=0, commands=offset)
        late = _answer(state, Verdict.QUEUED, conversation=conversation)
        assert (records(late), _withdrawn(late)) == ([], ["inbound/3/0"])


def test_r5_1_a_thread_that_was_done_is_not_assigned_when_another_of_the_customer_is() -> None:
    state = _make_asked()
    _answer(state, Verdict.QUEUED)
    _writes(state, 1, LIVE)
    fold(state, on_done(state, shop(), mark_done(), at("commands", 0), repeated=False))
    drained = _answer(state, Verdict.CHOSEN, A, offset=1, drained=True)
    assert records(drained) == [(LIVE, A, Reason.QUEUE_DRAINED)]


def test_r5_1_a_thread_that_was_done_waits_again_when_the_customer_writes_there() -> None:
    state = _make_asked()
    _answer(state, Verdict.QUEUED)
    _writes(state, 1, LIVE)
    fold(state, on_done(state, shop(), mark_done(), at("commands", 0), repeated=False))
    assert records(_writes(state, 2)) == [(THREAD, None, Reason.QUEUED)]


def test_r9_2_an_answer_to_an_older_request_changes_nothing() -> None:
    state = _make_asked()
    _answer(state, Verdict.OFF)
    _writes(state, 1)
    assert records(_answer(state, Verdict.CHOSEN, B, offset=1)) == []
    assert records(_answer(state, Verdict.CHOSEN, A, asked=1, offset=2)) == [
        (THREAD, A, Reason.ROTATION)
    ]
