"""R3.7: a website's visitor who names another department, or another region of it."""

import pytest
from msgspec.structs import replace as changed

from router.domain.desk import Desk
from router.domain.dispatch import drain_steps, fold_steps
from router.domain.inputs import CUSTOMER, LIVE, THREAD, A, B, answer, arrival, assign, at, request
from router.domain.outcomes import fold, records
from support.organizations import AT, SHOP, after, agent, department, region, rule, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import AgentId, CustomerId
from tuyen_events.inbound import Visit
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, Purpose, Verdict
from tuyen_events.vocabulary import Channel, Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_records import CustomerRecord
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    RequestAnswered,
    RequestQueued,
)
from tuyen_router.domain.dispatch_state import (
    apply_step as fold_step,
)
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.queue import (
    on_request,
    on_withdrawal,
)
from tuyen_router.domain.sticky import on_sticky_event

SALES, CARE = Visit(department="sales"), Visit(department="care")
NORTH = Visit(department="sales", region="north")
NONE = Visit()


def _of(**departments: str) -> OrganizationState:
    """`a="sales"`: a is online and of sales; `a="sales/north"`: of its north as well."""
    known = [
        changed(
            agent(name),
            departments=tuple({each.partition("/")[0] for each in told.split()}),
            regions=tuple(each for each in told.split() if "/" in each),
        )
        for name, told in departments.items()
    ]
    made = shop(online="".join(departments), agents=known, rules=[rule(members=departments)])
    return after(made, department("sales"), department("care"), region("sales", "north"))


def _writes(
    state: CustomerState, organization: OrganizationState, offset: int, visit: Visit
) -> list[Decision]:
    arrived = changed(arrival(offset, visit=visit), channel=Channel.LIVECHAT)
    return fold(state, on_sticky_event(state, organization, arrived))


def _find_request(decisions: list[Decision]) -> ChoiceRequested:
    (found,) = [each for each in decisions if isinstance(each, ChoiceRequested)]
    return found


def _answer(state: CustomerState, asked: ChoiceRequested, agent: AgentId | None) -> None:
    verdict = Verdict.QUEUED if agent is None else Verdict.CHOSEN
    fold(state, on_answer(state, answer(asked, verdict, agent), at("answers", 0)))


@pytest.mark.parametrize(
    ("first", "then", "asks"),
    [
        (SALES, CARE, True),
        (NONE, CARE, True),
        (SALES, NORTH, True),
        (SALES, Visit(department="gone"), True),
        (SALES, SALES, False),
        (SALES, NONE, False),
        (NONE, SALES, False),
        (NONE, Visit(page_url="https://shop.example/giay"), False),
    ],
)
def test_r3_7_who_names_what_the_assignee_is_not_of_is_asked_for_again(
    first: Visit, then: Visit, asks: bool
) -> None:
    organization = _of(a="sales", b="care")
    state = CustomerState(3)
    _answer(state, _find_request(_writes(state, organization, 0, first)), A)
    decisions = _writes(state, organization, 1, then)
    found = [each.purpose for each in decisions if isinstance(each, ChoiceRequested)]
    assert found == ([Purpose.STICKY_LOST] if asks else [])


def test_r3_5_a_managers_choice_of_somebody_outside_is_kept_while_the_same_is_named() -> None:
    organization = _of(a="sales", b="care")
    state = CustomerState(3)
    _answer(state, _find_request(_writes(state, organization, 0, SALES)), A)
    command = on_assign(state, organization, assign(B), at("commands", 0), repeated=False)
    fold(state, command)
    assert records(_writes(state, organization, 1, SALES)) == []
    assert _find_request(_writes(state, organization, 2, NORTH)).region == "north"


def test_r3_7_a_waiting_customer_asks_again_and_the_old_answer_has_no_effect() -> None:
    organization = _of(a="sales", b="care")
    state = CustomerState(3)
    first = _find_request(_writes(state, organization, 0, SALES))
    _answer(state, first, None)
    second = _find_request(_writes(state, organization, 1, CARE))
    assert (second.department, second.keeps_place) == ("care", True)
    late = answer(first, Verdict.CHOSEN, A, drained=True)
    assert on_answer(state, late, at("answers", 1)) == []
    chosen = answer(second, Verdict.CHOSEN, B, drained=True)
    made = fold(state, on_answer(state, chosen, at("answers", 2)))
    assert records(made) == [(THREAD, B, Reason.QUEUE_DRAINED)]


def test_r3_7_one_who_waits_and_names_another_while_rules_are_off_waits_there() -> None:
    state = CustomerState(3)
    _answer(state, _find_request(_writes(state, _of(a="sales", b="care"), 0, SALES)), None)
    off = _of(a="sales", b="care")
    off = after(off, changed(off.settings, auto_assign=False))
    anew = _find_request(_writes(state, off, 1, CARE))
    assert (anew.department, anew.keeps_place) == ("care", True)
    assert state.customer(CUSTOMER).requested == ("care", None)
    assert [
        each for each in _writes(state, off, 2, CARE) if isinstance(each, ChoiceRequested)
    ] == []


def test_r3_6_what_joins_while_rules_are_off_waits_for_the_same_answer() -> None:
    desk = Desk()
    desk.writes(0)
    desk.answers(Verdict.QUEUED)
    joined = desk.writes(1, LIVE, auto_assign=False)
    assert records(joined) == [(LIVE, None, Reason.QUEUED)]
    given = desk.answers(Verdict.CHOSEN, A, drained=True, offset=1)
    assert records(given) == [(THREAD, A, Reason.QUEUE_DRAINED), (LIVE, A, Reason.QUEUE_DRAINED)]


def test_r3_7_the_same_is_asked_again_after_a_crash() -> None:
    organization = _of(a="sales", b="care")
    state = CustomerState(3)
    _answer(state, _find_request(_writes(state, organization, 0, SALES)), None)
    second = _find_request(_writes(state, organization, 1, CARE))
    assert _find_request(_writes(state, organization, 1, CARE)) == second


def test_r3_7_a_customers_record_of_an_earlier_version_has_no_department() -> None:
    old = CustomerRecord(None, b"")
    assert old.requested is None
    organization = _of(a="sales")
    state = CustomerState(3)
    _writes(state, organization, 0, SALES)
    assert state.customer(CUSTOMER).requested == ("sales", None)


# Stage 2.


def _waits(
    offset: int, customer: str, department: str | None, *, keeps_place: bool = False
) -> ChoiceRequested:
    asked: ChoiceRequested = request(offset, department=department, keeps_place=keeps_place)
    return changed(
        asked,
        customer_id=CustomerId(customer),
        channel=Channel.LIVECHAT,
    )


def _list_assigned(state: DispatchState, organization: OrganizationState) -> list[str]:
    steps = fold_steps(state, drain_steps(state, organization))
    return [each.answer.choice.customer_id for each in steps if isinstance(each, RequestAnswered)]


def test_r3_7_who_waits_keeps_their_place_in_the_bucket_that_they_come_to() -> None:
    nobody = _of(c="")
    state = DispatchState(0)
    for offset, customer in enumerate(["one", "two", "three"]):
        department = "sales" if customer == "two" else "care"
        fold_steps(state, on_request(state, nobody, AT, _waits(offset, customer, department)))
    anew = _waits(3, "two", "care", keeps_place=True)
    steps = fold_steps(state, on_request(state, nobody, AT, anew))
    assert [each.waiting.place for each in steps if isinstance(each, RequestQueued)] == [2]
    recovered = DispatchState(0)
    for waiting in [*state.queues[SHOP].values()]:
        fold_step(recovered, RequestQueued(waiting))
    for each in (state, recovered):
        assert _list_assigned(each, _of(b="care")) == ["one", "two", "three"]


def test_r3_7_who_waits_and_names_where_somebody_is_there_is_given_to_them() -> None:
    state = DispatchState(0)
    organization = _of(b="care")
    fold_steps(state, on_request(state, organization, AT, _waits(0, "one", "sales")))
    anew = _waits(1, "one", "care", keeps_place=True)
    steps = fold_steps(state, on_request(state, organization, AT, anew))
    (said,) = [each.answer.choice for each in steps if isinstance(each, RequestAnswered)]
    assert (said.verdict, said.agent_id, said.drained) == (Verdict.CHOSEN, B, True)
    assert state.queues[SHOP] == {}
    assert state.waits_of == {}


def test_r3_7_who_waits_goes_on_waiting_where_nothing_new_would() -> None:
    """Rules were switched off, or nothing is to wait any more: what waits stays."""
    state = DispatchState(0)
    fold_steps(state, on_request(state, _of(b="care"), AT, _waits(0, "one", "sales")))
    off = changed(_of(b="care").settings, auto_assign=False)
    organization = after(shop(agents=[], rules=[], pages=[], online=""), off)
    anew = _waits(1, "one", "care", keeps_place=True)
    fold_steps(state, on_request(state, organization, AT, anew))
    assert _list_assigned(state, _of(b="care")) == ["one"]


def test_r5_3_a_withdrawal_takes_along_what_the_customer_waited_with_before() -> None:
    """A crash lost the request that came between, and with it the word that the first is void."""
    state = DispatchState(0)
    fold_steps(state, on_request(state, _of(), AT, _waits(0, "one", "sales")))
    void = ChoiceWithdrawn(
        request_id="inbound/3/1",
        organization=SHOP,
        cause=at("commands", 0),
        customer_id=CustomerId("one"),
    )
    fold_steps(state, on_withdrawal(state, void))
    assert state.queues[SHOP] == {}
    fold_steps(state, on_request(state, _of(), AT, _waits(2, "one", "sales")))
    fold_steps(state, on_withdrawal(state, void))
    assert len(state.queues[SHOP]) == 1
