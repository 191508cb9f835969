"""What stage 1 remembers, and how it is folded."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.inputs import (
    CUSTOMER,
    KINDS,
    LIVE,
    PAGE,
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
from router.domain.outcomes import fold
from support.organizations import AT, SHOP, shop
from tuyen_events.assignments import AssignmentEvent, AssignmentMade, AssignmentQueued, InputOffsets
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, event_id
from tuyen_events.routing import Verdict
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_records import CustomerRecord, Request
from tuyen_router.domain.customer_state import (
    CustomerState,
    apply_assignment,
    apply_customer,
    apply_done,
)
from tuyen_router.domain.done import on_done
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.sticky import on_sticky_event

LAWS = settings(derandomize=True, max_examples=100, deadline=None)


def _record(
    version: int,
    agent: AgentId | None,
    conversation: ConversationId = THREAD,
    record: type[AssignmentEvent] = AssignmentMade,
    **fields: Any,
) -> AssignmentEvent:
    chosen: dict[str, Any] = {"reason": Reason.ROTATION, **fields}
    return record(
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        kind=KINDS[conversation],
        version=version,
        agent_id=agent,
        previous_agent_id=None,
        rule_id=None,
        mode=None,
        by=None,
        caused_by="cause",
        at=AT,
        **chosen,
    )


def test_r9_2_of_two_records_with_one_version_the_first_counts() -> None:
    state = CustomerState(3)
    for each in (_record(1, A), _record(1, B)):
        apply_assignment(state, each)
    assert state.conversations[THREAD].agent_id == A


def test_r3_the_customers_last_record_is_the_stickiness() -> None:
    state = CustomerState(3)
    for each in (_record(1, A), _record(1, B, LIVE)):
        apply_assignment(state, each)
    assert state.customer(CUSTOMER).agent_id == B


def test_r9_2_records_say_how_far_each_input_was_read() -> None:
    state = CustomerState(3)
    apply_assignment(state, _record(1, A, sources=InputOffsets(inbound=5, answers=2)))
    apply_assignment(state, _record(1, A, LIVE, sources=InputOffsets(inbound=4, commands=7)))
    assert state.handled == InputOffsets(inbound=5, answers=2, commands=7)


def test_r3_6_a_request_is_open_until_a_record_settles_it_and_waiting_does_not() -> None:
    state = CustomerState(3)
    asked = Request(
        id="inbound/3/0",
        organization=SHOP,
        page_id=PAGE,
        channel=arrival(0).channel,
        conversations=((THREAD, KINDS[THREAD]),),
        purpose=request(0).purpose,
        seed=event_id("0"),
        cause=at("inbound", 0),
    )
    apply_customer(state, CUSTOMER, CustomerRecord(asked, b""))
    assert state.customer(CUSTOMER).open_request == asked
    waits: dict[str, Any] = {"record": AssignmentQueued, "reason": Reason.QUEUED}
    apply_assignment(state, _record(1, None, request_id=asked.id, **waits))
    assert state.customer(CUSTOMER).open_request == asked
    apply_assignment(state, _record(2, A, request_id=asked.id))
    assert state.customer(CUSTOMER).open_request is None


def test_r3_6_a_settled_request_stays_settled_when_its_record_was_compacted_away() -> None:
    """The manual record takes the place of the one that settled the request."""
    state = CustomerState(3)
    fold(state, on_sticky_event(state, shop(), arrival(0)))
    chosen = answer(request(0), Verdict.CHOSEN, A)
    fold(state, on_answer(state, chosen, at("answers", 0)))
    manual = fold(state, on_assign(state, shop(), assign(B), at("commands", 0), repeated=False))
    again = CustomerState(3)
    apply_customer(again, CUSTOMER, state.customer(CUSTOMER).record())
    for each in manual:
        if isinstance(each, AssignmentEvent):
            apply_assignment(again, each)
    assert again.customer(CUSTOMER).open_request is None


def test_r3_6_a_request_before_the_last_settled_one_is_not_open_again_after_a_crash() -> None:
    """The manager's word on the second request reached the log, the request itself did not."""
    state = CustomerState(3)
    fold(state, on_sticky_event(state, shop(), arrival(0)))
    fold(state, on_answer(state, answer(request(0), Verdict.QUEUED), at("answers", 0)))
    fold(state, on_done(state, shop(), mark_done(), at("commands", 0), repeated=False))
    before = state.customer(CUSTOMER).record()
    fold(state, on_sticky_event(state, shop(), arrival(1, LIVE)))
    fold(state, on_assign(state, shop(), assign(B), at("commands", 1), repeated=False))
    apply_customer(state, CUSTOMER, before)
    assert state.customer(CUSTOMER).open_request is None


def _recount(state: CustomerState) -> dict[OrganizationId, dict[AgentId, int]]:
    """Loads from scratch."""
    loads: dict[OrganizationId, dict[AgentId, int]] = {SHOP: {}} if state.conversations else {}
    for conversation, row in state.conversations.items():
        if row.agent_id is not None and conversation not in state.done:
            loads[SHOP][row.agent_id] = loads[SHOP].get(row.agent_id, 0) + 1
    return loads


@LAWS
@given(
    agents=st.lists(st.tuples(st.sampled_from([THREAD, LIVE]), st.sampled_from([A, B, None]))),
    customers=st.lists(st.binary(max_size=4), max_size=4),
    marks=st.lists(
        st.tuples(st.sampled_from([THREAD, LIVE]), st.none() | st.integers(0, 3)), max_size=6
    ),
    random=st.randoms(use_true_random=False),
)
def test_inv6_the_folds_may_run_in_any_order(
    agents: list[tuple[ConversationId, AgentId | None]],
    customers: list[bytes],
    marks: list[tuple[ConversationId, int | None]],
    random: Any,
) -> None:
    """Assignments, customers and marks: and in any order the loads are what a recount finds."""
    versions = {THREAD: 0, LIVE: 0}
    folds: list[list[Callable[[CustomerState], None]]] = [[], [], []]
    for conversation, agent in agents:
        versions[conversation] += 1
        made = _record(versions[conversation], agent, conversation)
        folds[0].append(partial(apply_assignment, record=made))
    for ring in customers:
        saved = CustomerRecord(None, ring)
        folds[1].append(partial(apply_customer, customer_id=CUSTOMER, record=saved))
    for conversation, seen in marks:
        folds[2].append(partial(apply_done, conversation=conversation, seen=seen))
    one, other = CustomerState(3), CustomerState(3)
    for each in itertools.chain(*folds):
        each(one)
    while any(folds):
        random.choice([each for each in folds if each]).pop(0)(other)
        assert other.loads == _recount(other)
    assert one == other
    assert one.loads == _recount(one)
