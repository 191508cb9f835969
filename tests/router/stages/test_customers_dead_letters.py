"""R9.5: what a record makes too large, or raises, is that record's own: the rest goes on."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.domain.inputs import CUSTOMER, LIVE, THREAD, A, answer, assign, request
from router.stages.streams import StreamRecord, events, read_written, record
from router.stages.test_customers import _list_requests, _message, _reports, _Stage
from support.organizations import SHOP, shop
from tuyen_events.assignments import Choice
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import AgentId, ConversationId, event_id
from tuyen_events.inbound import Visit
from tuyen_events.routing import ChoiceRequested, LoadsReported, Verdict
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.customer_records import ConversationState, Request
from tuyen_router.domain.sticky import on_sticky_event
from tuyen_router.stages import customers
from tuyen_router.stages.customer_writer import add_report
from tuyen_router.stages.loads import split_report
from tuyen_router.stages.phases import Phase
from tuyen_stream import Outbox

ENDLESS = "x" * 600_000


def letters(outbox: Outbox) -> list[DeadLettered]:
    return [
        each
        for each in events(outbox, Phase.PUBLIC, "t.dead-letters")
        if isinstance(each, DeadLettered)
    ]


@pytest.mark.parametrize("field", ["page_url", "department", "region"])
def test_r9_5_a_visitor_who_names_something_endless_is_asked_for_all_the_same(field: str) -> None:
    visit = Visit(**{"department": "sales", field: ENDLESS})
    outbox = _Stage().handle("inbound", record(0, _message(visit=visit), event_id("0")))
    (asked,) = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    assert isinstance(asked, ChoiceRequested)
    assert len(getattr(asked, field)) < 3_000
    assert letters(outbox) == []


def test_r9_5_a_command_whose_record_no_topic_takes_is_put_aside_and_changes_nothing() -> None:
    stage = _Stage(shop(online="a"))
    stage.handle("inbound", record(0, _message(), event_id("0")))
    outbox = stage.handle(
        "commands", record(0, assign(A, note=ENDLESS)), record(1, assign(A, note="short"))
    )
    (letter,) = letters(outbox)
    assert letter.delivery_id == "commands/3/0"
    assert "do not fit" in letter.error
    assert len(letter.payload) < len(ENDLESS)
    (made,) = events(outbox, Phase.PUBLIC, "t.assignments")
    assert (made.version, made.note) == (1, "short")  # type: ignore[attr-defined]  # an assignment


def _raising(name: str) -> Any:
    def raises(partition: Any, organization: Any, arrival: Any) -> Any:
        if arrival.event_id == name:
            raise ZeroDivisionError(f"nobody expected {name}")
        return real(partition, organization, arrival)

    real = on_sticky_event
    return raises


def test_r9_5_a_decision_that_raises_puts_its_record_aside_with_the_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(customers, "on_sticky_event", _raising(event_id("1")))
    outbox = _Stage().handle(
        "inbound",
        record(0, _message(LIVE), event_id("0")),
        record(1, _message(), event_id("1")),
        record(2, _message(), event_id("2")),
    )
    (letter,) = letters(outbox)
    assert letter.delivery_id == "inbound/3/1"
    assert "in raises" in letter.error
    assert letter.error.rstrip().endswith("ZeroDivisionError: nobody expected evt_" + _hash("1"))
    assert _list_requests(outbox) == ["inbound/3/0"]


def _hash(name: str) -> str:
    return event_id(name).removeprefix("evt_")


def test_p4_a_redelivered_record_makes_the_same_dead_letter() -> None:
    broken = StreamRecord(0, b"k", b"{", [("ce_type", b"message.received.v1")])
    stage = _Stage()
    boxes = [stage.handle("inbound", broken) for _ in range(2)]
    ids = [
        dict(each.headers)["ce_id"]
        for box in boxes
        for (name, _), groups in box.groups(Phase.PUBLIC).items()
        for group in groups
        for each in group
        if name == "t.dead-letters"
    ]
    assert len(set(ids)) == 1
    assert len(ids) == 2


def test_p4_a_letter_of_a_large_record_with_an_endless_cause_fits() -> None:
    value = b'"\x00\xff' * 250_000
    broken = StreamRecord(0, b"k", value, [("ce_type", b"message.received.v1")])
    (letter,) = letters(_Stage().handle("inbound", broken))
    assert len(letter.payload) <= 64 * 1024


def test_r9_5_an_answer_for_hundreds_of_threads_is_written_in_several_batches() -> None:
    stage = _Stage()
    stage.handle("inbound", record(0, _message(), event_id("0")))
    customer = stage.state.customers[CUSTOMER]
    assert customer.open_request is not None
    threads = tuple(
        (ConversationId(f"live_{n:060}"), ConversationKind.LIVESTREAM) for n in range(2_000)
    )
    customer.open_request = replace(
        customer.open_request, conversations=((THREAD, ConversationKind.MESSAGE), *threads)
    )
    outbox = stage.handle("router-answers", record(0, answer(request(0), Verdict.CHOSEN, A)))
    groups = read_written(outbox, Phase.PUBLIC, "t.assignments")
    assert len(groups) > 1
    assert sum(map(len, groups)) == 2_001
    assert letters(outbox) == []


def test_r9_5_an_event_of_a_customer_whose_record_no_topic_takes_is_put_aside() -> None:
    stage = _Stage()
    stage.handle("inbound", record(0, _message(), event_id("0")))
    customer = stage.state.customers[CUSTOMER]
    threads = tuple(
        (ConversationId(f"live_{n:060}"), ConversationKind.LIVESTREAM) for n in range(9_000)
    )
    assert isinstance(customer.open_request, Request)
    customer.open_request = replace(customer.open_request, conversations=threads)
    outbox = stage.handle("inbound", record(1, _message(), event_id("1")))
    assert [each.delivery_id for each in letters(outbox)] == ["inbound/3/1"]


def test_r1_7_the_loads_of_ten_thousand_agents_are_reported_in_parts() -> None:
    loads = {AgentId(f"{n:064}"): 1 + n % 3 for n in range(10_000)}
    settled = tuple(f"inbound/3/{n:060}" for n in range(10_000))
    whole = LoadsReported(
        organization=SHOP, partition=3, sequence=7, loads=loads, complete=True, settled=settled
    )
    parts = list(split_report(whole))
    assert [each.complete for each in parts] == [True] + [False] * (len(parts) - 1)
    assert {agent: load for each in parts for agent, load in each.loads.items()} == loads
    assert tuple(name for each in parts for name in each.settled) == settled
    assert not any(each.loads and each.settled for each in parts)
    outbox = Outbox()
    add_report(outbox, "t.", whole)
    assert len(read_written(outbox, Phase.FOLLOW_UPS, "t.router-requests")) == len(parts)
    assert _reports(outbox) == parts


def test_r1_7_a_report_of_a_few_is_one_record() -> None:
    few = LoadsReported(organization=SHOP, partition=3, sequence=1, loads={A: 1}, settled=("r",))
    assert list(split_report(few)) == [few]


def test_r9_5_a_choice_that_was_put_aside_holds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(customers, "on_answer", raises)
    chosen = answer(request(0), Verdict.CHOSEN, A)

    chosen = replace(chosen, choice=Choice(load=0))
    outbox = _Stage().handle("router-answers", record(0, chosen))
    assert [each.settled for each in _reports(outbox)] == [("inbound/3/0",)]


def test_r9_5_a_customer_who_waits_on_more_livestreams_than_a_record_holds_stops_nobody() -> None:
    stage = _Stage()
    stage.handle("inbound", record(0, _message(LIVE), event_id("0")))
    customer = stage.state.customer(CUSTOMER)
    lives = tuple(ConversationId(f"live_{number:024}") for number in range(6_000))
    request_of_all = tuple((each, ConversationKind.LIVESTREAM) for each in lives)
    assert customer.open_request is not None
    customer.open_request = replace(customer.open_request, conversations=request_of_all)
    customer.livestream_threads = lives
    waits = ConversationState(SHOP, 1, None, Reason.QUEUED, None, 0, -1)
    stage.state.conversations.update(dict.fromkeys(lives, waits))
    outbox = stage.handle("inbound", record(1, _message(), event_id("1")))
    (letter,) = letters(outbox)
    assert "router-customers" in letter.error
