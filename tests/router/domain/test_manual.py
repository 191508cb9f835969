"""R6.1 to R6.4 and R6.6: what managers decide manually, and what agents take; R5.3."""

from typing import Any

import pytest

from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    PAGE,
    THREAD,
    A,
    B,
    C,
    answer,
    arrival,
    assign,
    at,
    request,
)
from router.domain.outcomes import find_result, fold, records
from support.organizations import agent, page, shop
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.commands import AssignConversation, Outcome
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import ChoiceWithdrawn, Verdict
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.rotating import on_root_comment
from tuyen_router.domain.sticky import on_sticky_event


def _make_asked(conversation: ConversationId = THREAD) -> CustomerState:
    state = CustomerState(3)
    handle = on_root_comment if conversation is COMMENT else on_sticky_event
    fold(state, handle(state, shop(), arrival(0, conversation)))
    return state


def _make_settled(
    verdict: Verdict, chosen: AgentId | None = None, conversation: ConversationId = THREAD
) -> CustomerState:
    state = _make_asked(conversation)
    said = answer(request(0, conversation), verdict, chosen)
    fold(state, on_answer(state, said, at("answers", 0)))
    return state


def _manually(
    state: CustomerState,
    command: AssignConversation,
    offset: int = 0,
    *,
    repeated: bool = False,
    **given: Any,
) -> list[Decision]:
    position = at("commands", offset)
    state.handled = type(state.handled)(
        inbound=state.handled.inbound, answers=state.handled.answers, commands=offset
    )
    given_shop = shop(**given)
    return fold(state, on_assign(state, given_shop, command, position, repeated=repeated))


def _withdrawn(decisions: list[Decision]) -> list[str]:
    return [each.request_id for each in decisions if isinstance(each, ChoiceWithdrawn)]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({}, Outcome.APPLIED),
        ({"online": ""}, Outcome.APPLIED),
        ({"rules": []}, Outcome.APPLIED),
        ({"auto_assign": False}, Outcome.APPLIED),
        ({"assignment": False}, Outcome.ASSIGNMENT_OFF),
        ({"suspended": True}, Outcome.ASSIGNMENT_OFF),
        ({"agents": [agent("a"), agent("b", disabled=True)]}, Outcome.NOT_ALLOWED),
        ({"agents": [agent("a")]}, Outcome.NOT_ALLOWED),
        ({"page_permissions": True}, Outcome.NOT_ALLOWED),
        ({"page_permissions": True, "pages": [page(staff="b")]}, Outcome.APPLIED),
    ],
)
def test_r6_1_r6_2_who_may_be_chosen_manually(given: dict[str, Any], outcome: Outcome) -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    decisions = _manually(state, assign(B), **given)
    result = find_result(decisions)
    assert result.outcome is outcome
    applied = outcome is Outcome.APPLIED
    assert (result.version, result.agent_id) == ((2, B) if applied else (1, A))
    assert records(decisions) == ([(THREAD, B, Reason.MANUAL)] if applied else [])


def test_r6_3_the_record_says_who_when_and_why() -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    made = _manually(state, assign(B, note="speaks English"))[0]
    assert isinstance(made, AssignmentEvent)
    assert (made.by, made.note, made.caused_by, made.previous_agent_id) == (
        "manager",
        "speaks English",
        "command",
        A,
    )


def test_r6_3_assigning_the_present_assignee_changes_nothing() -> None:
    result = _manually(_make_settled(Verdict.CHOSEN, A), assign(A))
    assert [find_result(result).outcome, records(result)] == [Outcome.UNCHANGED, []]


def test_r6_3_nobody_manually() -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    assert records(_manually(state, assign(None))) == [(THREAD, None, Reason.UNASSIGNED)]
    assert state.customer(CUSTOMER).agent_id is None


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [(None, Outcome.APPLIED), (1, Outcome.APPLIED), (0, Outcome.VERSION_PASSED)],
)
def test_r6_4_a_version_that_has_passed_is_refused(expected: int | None, outcome: Outcome) -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    assert find_result(_manually(state, assign(B, expected_version=expected))).outcome is outcome


def test_inv1_r6_4_the_decision_of_the_later_of_two_managers_counts() -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    for offset, each in enumerate([B, C]):
        assert find_result(_manually(state, assign(each), offset)).outcome is Outcome.APPLIED
    assert state.conversations[THREAD].agent_id == C


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r5_3_a_waiting_conversation_that_is_assigned_manually_leaves_the_queue(
    conversation: ConversationId,
) -> None:
    state = _make_settled(Verdict.QUEUED, conversation=conversation)
    decisions = _manually(state, assign(B, conversation))
    assert records(decisions) == [(conversation, B, Reason.MANUAL)]
    assert _withdrawn(decisions) == ["inbound/3/0"]
    drained = answer(request(0, conversation), Verdict.CHOSEN, A, drained=True)
    assert on_answer(state, drained, at("answers", 1)) == []


@pytest.mark.parametrize("queued", [False, True])
def test_r3_5_all_that_awaits_the_same_answer_is_the_manual_agents(queued: bool) -> None:
    state = _make_asked()
    if queued:
        said = answer(request(0), Verdict.QUEUED)
        fold(state, on_answer(state, said, at("answers", 0)))
    fold(state, on_sticky_event(state, shop(), arrival(1, LIVE)))
    assert records(_manually(state, assign(B))) == [
        (THREAD, B, Reason.MANUAL),
        (LIVE, B, Reason.MANUAL),
    ]


def test_r9_2_a_repeated_command_gives_its_result_and_withdrawal_again() -> None:
    state = _make_settled(Verdict.QUEUED)
    first = _manually(state, assign(B))
    again = _manually(state, assign(B), repeated=True)
    assert records(again) == []
    assert find_result(again) == find_result(first)
    assert _withdrawn(again) == _withdrawn(first) == ["inbound/3/0"]


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (assign(B, expected_version=7), Outcome.VERSION_PASSED),
        (assign(AgentId("gone")), Outcome.NOT_ALLOWED),
        (assign(A), Outcome.UNCHANGED),
    ],
)
def test_r6_4_a_refusal_is_a_refusal_again_after_a_crash(
    command: AssignConversation, outcome: Outcome
) -> None:
    """A record of the same batch, of another cause, tells that the command was handled."""
    state = _make_settled(Verdict.CHOSEN, A)
    assert find_result(_manually(state, command)).outcome is outcome
    assert find_result(_manually(state, command, repeated=True)).outcome is outcome


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"agents": [agent("a")]}, Outcome.NOT_ALLOWED),
        ({"assignment": False}, Outcome.ASSIGNMENT_OFF),
    ],
)
def test_r6_2_a_refusal_is_kept_after_a_crash_whatever_is_allowed_by_then(
    given: dict[str, Any], outcome: Outcome
) -> None:
    """No assignment record tells that it was handled: the customer's own record does."""
    state = _make_settled(Verdict.CHOSEN, A)
    for offset, chosen in enumerate([C, B]):
        assert find_result(_manually(state, assign(chosen), offset, **given)).outcome is outcome
    fold(state, on_sticky_event(state, shop(), arrival(1)))
    fold(state, on_root_comment(state, shop(), arrival(2, COMMENT)))
    for offset, chosen in enumerate([C, B]):
        again = _manually(state, assign(chosen), offset)
        assert records(again) == []
    assert find_result(again).outcome is outcome
    assert find_result(_manually(state, assign(B), 2)).outcome is Outcome.APPLIED


def test_r6_4_one_that_was_overtaken_since_is_not_reported_as_applied() -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    _manually(state, assign(B), 0)
    _manually(state, assign(C), 1)
    result = find_result(_manually(state, assign(B), 0, repeated=True))
    assert (result.outcome, result.version, result.agent_id) == (Outcome.UNCHANGED, 3, C)


def test_r6_2_a_conversation_that_nobody_decided_on_can_be_assigned() -> None:
    result = find_result(_manually(CustomerState(3), assign(B, expected_version=0)))
    assert (result.outcome, result.version) == (Outcome.APPLIED, 1)
    assert assign(B).page_id == PAGE


def _take(conversation: ConversationId = THREAD, agent: AgentId = B) -> AssignConversation:
    return assign(agent, conversation, take=True, by=agent)


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r6_6_an_agent_takes_what_waits_and_it_leaves_the_queue(
    conversation: ConversationId,
) -> None:
    state = _make_settled(Verdict.QUEUED, conversation=conversation)
    decisions = _manually(state, _take(conversation), take_unassigned=True)
    assert records(decisions) == [(conversation, B, Reason.TAKEN)]
    assert _withdrawn(decisions) == ["inbound/3/0"]
    assert find_result(decisions).outcome is Outcome.APPLIED


def test_r6_6_what_was_taken_sticks_like_what_was_given_manually() -> None:
    state = _make_settled(Verdict.NOBODY)
    _manually(state, _take(), take_unassigned=True)
    followed = fold(state, on_sticky_event(state, shop(), arrival(1, LIVE)))
    assert records(followed) == [(LIVE, B, Reason.TAKEN)]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"take_unassigned": False}, Outcome.TAKING_OFF),
        ({"assignment": False}, Outcome.ASSIGNMENT_OFF),
        ({"agents": [agent("a"), agent("b", disabled=True)]}, Outcome.NOT_ALLOWED),
        ({"page_permissions": True}, Outcome.NOT_ALLOWED),
    ],
)
def test_r6_6_who_may_not_take(given: dict[str, Any], outcome: Outcome) -> None:
    state = _make_settled(Verdict.NOBODY)
    decisions = _manually(state, _take(), **{"take_unassigned": True, **given})
    assert (find_result(decisions).outcome, records(decisions)) == (outcome, [])


def test_r6_6_for_themselves_alone() -> None:
    state = _make_settled(Verdict.NOBODY)
    for_another = assign(B, take=True, by=A)
    decisions = _manually(state, for_another, take_unassigned=True)
    assert (find_result(decisions).outcome, records(decisions)) == (Outcome.NOT_ALLOWED, [])


@pytest.mark.parametrize("expected", [None, 1])
def test_r6_6_of_several_exactly_one_gets_it_and_the_others_get_the_assignee(
    expected: int | None,
) -> None:
    state = _make_settled(Verdict.NOBODY)
    told = []
    for offset, taker in enumerate([C, B, C]):
        command = assign(taker, take=True, by=taker, expected_version=expected)
        told.append(find_result(_manually(state, command, offset, take_unassigned=True)))
    assert (told[0].outcome, told[0].agent_id) == (Outcome.APPLIED, C)
    assert (told[1].outcome, told[1].agent_id) == (Outcome.ALREADY_TAKEN, C)
    assert told[2].outcome in (Outcome.UNCHANGED, Outcome.VERSION_PASSED)


def test_r6_6_who_was_too_late_gets_the_same_answer_after_a_crash() -> None:
    state = _make_settled(Verdict.CHOSEN, A)
    for repeated in (False, True):
        again = _manually(state, _take(), repeated=repeated, take_unassigned=True)
        assert (find_result(again).outcome, find_result(again).agent_id) == (
            Outcome.ALREADY_TAKEN,
            A,
        )


@pytest.mark.parametrize(
    ("owner", "outcome", "made"),
    [
        (A, Outcome.APPLIED, [(THREAD, B, Reason.BULK)]),
        (C, Outcome.UNCHANGED, []),
    ],
)
def test_r6_5_one_of_many_changes_nothing_that_is_anothers_by_then(
    owner: AgentId, outcome: Outcome, made: list[Any]
) -> None:
    state = _make_settled(Verdict.CHOSEN, owner)
    decisions = _manually(state, assign(B, bulk=True, only_from=A))
    assert (find_result(decisions).outcome, records(decisions)) == (outcome, made)


def test_r9_4_a_record_names_the_settings_that_it_was_made_under() -> None:
    made = _manually(_make_settled(Verdict.CHOSEN, A), assign(B), version=7)[0]
    assert isinstance(made, AssignmentEvent)
    assert made.settings_version == 7
