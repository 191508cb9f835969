"""Stage 1's shell: what it reads, and in what order it leaves what it decided."""

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from router.domain.inputs import (
    COMMENT,
    CUSTOMER,
    LIVE,
    PAGE,
    THREAD,
    A,
    B,
    answer,
    assign,
    mark_done,
    request,
)
from router.stages.streams import StreamRecord, batch, events, read_written, record
from support.organizations import AT, SHOP, rule, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.assignments import AssignmentEvent, Choice
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    MessageId,
    OrganizationId,
    comment_thread_id,
    event_id,
)
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    Customer,
    CustomerFollowed,
    MessageReceived,
    Visit,
)
from tuyen_events.routing import (
    ChoiceRequested,
    LoadsReported,
    ThreadReported,
    ThreadState,
    Verdict,
)
from tuyen_events.vocabulary import Channel, Strategy
from tuyen_platform.clock import ManualClock
from tuyen_router.domain.customer_state import CustomerState, apply_assignment
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import DeadLetterWriter
from tuyen_router.stages.tables import CustomerPartitions
from tuyen_stream import Outbox


class _Stage:
    """The stage over one partition, with topics of a prefix."""

    def __init__(self, organization: OrganizationState | None = None) -> None:
        self.state = CustomerState(3)
        known = organization or shop()
        self.stage = CustomerStage(
            topic_prefix="t.",
            state_of=lambda _: self.state,
            organization=lambda _: known,
            dead_letters=DeadLetterWriter("t.", ManualClock(AT)),
        )

    def handle(self, topic: str, *records: StreamRecord) -> Outbox:
        outbox = Outbox()
        self.stage.handle(batch("t." + topic, 3, *records), outbox)
        return outbox


def _message(conversation: ConversationId = THREAD, **fields: Any) -> Any:
    common: dict[str, Any] = {
        "organization": SHOP,
        "page_id": PAGE,
        "channel": Channel.FACEBOOK,
        "occurred_at": AT,
        "accepted_at": AT,
        "customer": Customer(id=CUSTOMER, external_id="x"),
        "conversation_id": conversation,
        "message_id": MessageId("m"),
        "external_id": "x",
    }
    if conversation is THREAD:
        return MessageReceived(**common, **fields)
    live = conversation is LIVE
    kind = fields.pop("type", CommentAdded)
    return kind(**{**common, "post_external_id": "post", "livestream": live, **fields})


def _reports(outbox: Outbox) -> list[LoadsReported]:
    said = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    return [each for each in said if isinstance(each, LoadsReported)]


def _make_chosen(agent_id: AgentId = A, offset: int = 0, **fields: Any) -> StreamRecord:
    return record(offset, answer(request(0), Verdict.CHOSEN, agent_id, **fields))


def _counting() -> OrganizationState:
    return shop(rules=[rule(mode=Strategy.LEAST_LOADED)])


def _list_requests(outbox: Outbox) -> list[str]:
    said = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    return [each.request_id for each in said if isinstance(each, ChoiceRequested)]


def test_p5a_r9_2_a_root_comment_that_comes_again_as_a_live_one_stays_what_it_was() -> None:
    root = comment_thread_id(SHOP, PAGE, "x")
    stage = _Stage()
    stage.handle("inbound", record(4, _message(root), event_id("4")))
    chosen = answer(request(4, COMMENT), Verdict.CHOSEN, A)
    stage.handle("router-answers", record(0, replace(chosen, conversation_id=root)))

    outbox = stage.handle("inbound", record(5, _message(LIVE), event_id("long forgotten")))

    assert not outbox.phases


@pytest.mark.parametrize("conversation", [THREAD, LIVE, COMMENT])
def test_r3_1_r4_1_what_needs_an_agent_asks_after_its_state_is_written(
    conversation: ConversationId,
) -> None:
    outbox = _Stage().handle("inbound", record(4, _message(conversation), event_id("4")))
    assert read_written(outbox, Phase.PUBLIC, "t.router-requests") == []
    assert len(read_written(outbox, Phase.STATE, "t.router-customers")) == 1
    assert _list_requests(outbox) == ["inbound/3/4"]


def test_r3_1_who_only_follows_a_page_is_assigned_to_nobody() -> None:
    followed = CustomerFollowed(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.ZALO,
        occurred_at=AT,
        accepted_at=AT,
        customer=Customer(id=CUSTOMER, external_id="x"),
        conversation_id=THREAD,
    )
    stage = _Stage()
    assert not stage.handle("inbound", record(0, followed, event_id("0"))).phases
    asked = stage.handle("inbound", record(1, _message(), event_id("1")))
    assert _list_requests(asked) == ["inbound/3/1"]


@pytest.mark.parametrize(
    "event",
    [
        _message(COMMENT, parent_external_id="root", customer=None),
        _message(COMMENT, conversation_id=None, customer=None),
        _message(COMMENT, conversation_id=None),
        _message(COMMENT, type=CommentEdited),
    ],
)
def test_r4_3_replies_edits_and_the_pages_own_comments_assign_nothing(event: Any) -> None:
    outbox = _Stage().handle("inbound", record(0, event, event_id("0")))
    assert not outbox.phases


@pytest.mark.parametrize("event", [{"parent_external_id": "root"}, {"customer": None}])
def test_r4_5_a_reply_and_the_pages_own_root_are_for_stage_2_to_know(event: Any) -> None:
    outbox = _Stage().handle("inbound", record(0, _message(COMMENT, **event), event_id("0")))
    assert outbox.groups(Phase.PUBLIC) == outbox.groups(Phase.STATE) == {}
    (told,) = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    if isinstance(told, ChoiceRequested):
        assert told.reply
    else:
        assert isinstance(told, ThreadReported)
        assert told.state is ThreadState.BEGUN_BY_PAGE


def test_r3_6_all_records_of_one_event_are_in_one_batch() -> None:
    stage = _Stage()
    messages = [_message(), _message(LIVE)]
    stage.handle("inbound", *(record(n, m, event_id(str(n))) for n, m in enumerate(messages)))
    outbox = stage.handle("router-answers", record(0, answer(request(0), Verdict.CHOSEN, A)))
    (group,) = read_written(outbox, Phase.PUBLIC, "t.assignments")
    assert [key for key, _ in group] == [THREAD.encode(), LIVE.encode()]


def test_r9_2_a_customer_is_written_once_a_batch() -> None:
    stage = _Stage()
    outbox = stage.handle("inbound", *(record(n, _message(), event_id(str(n))) for n in range(3)))
    assert len(read_written(outbox, Phase.STATE, "t.router-customers")) == 1
    assert _list_requests(outbox) == ["inbound/3/0"]


def test_r9_4_a_record_says_how_far_each_input_was_read() -> None:
    stage = _Stage()
    stage.handle("inbound", record(7, _message(), event_id("7")))
    stage.handle("commands", record(2, mark_done(COMMENT)))
    chosen = answer(request(7), Verdict.CHOSEN, A)
    (made,) = events(
        stage.handle("router-answers", record(5, chosen)), Phase.PUBLIC, "t.assignments"
    )
    assert isinstance(made, AssignmentEvent)
    sources = made.sources
    assert (sources.inbound, sources.answers, sources.commands) == (7, 5, 2)


def test_r6_a_command_is_settled_after_its_records() -> None:
    outbox = _Stage().handle("commands", record(0, mark_done()))
    assert read_written(outbox, Phase.PUBLIC, "t.command-results") == []
    assert len(events(outbox, Phase.FOLLOW_UPS, "t.command-results")) == 1


def test_p4_unreadable_records_go_to_the_dead_letters_and_the_rest_is_handled() -> None:
    broken = StreamRecord(0, b"k", b"{", [("ce_type", b"message.received.v1")])
    outbox = _Stage().handle("inbound", broken, record(1, _message(), event_id("1")))
    (letter,) = events(outbox, Phase.PUBLIC, "t.dead-letters")
    assert isinstance(letter, DeadLettered)
    assert (letter.origin, letter.delivery_id) == ("inbound", "inbound/3/0")
    assert _list_requests(outbox) == ["inbound/3/1"]


def test_p4_a_command_that_this_version_does_not_know_goes_to_the_dead_letters() -> None:
    newer = StreamRecord(0, b"k", b"{}", [("ce_type", b"conversation.paint.v1")])
    (letter,) = events(_Stage().handle("commands", newer), Phase.PUBLIC, "t.dead-letters")
    assert isinstance(letter, DeadLettered)
    assert "conversation.paint.v1" in letter.error


@pytest.mark.parametrize(
    "skipped",
    [
        StreamRecord(0, b"k", None),
        StreamRecord(0, b"k", b"{", [("ce_type", b"message.received.v9")]),
        StreamRecord(0, b"k", b"{}"),
    ],
)
def test_p4_tombstones_and_unknown_types_are_passed_over(skipped: StreamRecord) -> None:
    outbox = _Stage().handle("inbound", skipped)
    assert not outbox.phases


def test_r1_5_r1_6_a_request_says_whom_a_visitor_asked_for_and_where_they_were() -> None:
    visit = Visit(page_url="https://s.vn/giay/1?utm=x#mua", department="sales", region="north")
    outbox = _Stage().handle("inbound", record(0, _message(visit=visit), event_id("0")))
    (asked,) = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    assert isinstance(asked, ChoiceRequested)
    assert (asked.department, asked.region, asked.page_url) == (
        "sales",
        "north",
        "https://s.vn/giay/1",
    )


def test_r1_7_loads_are_reported_after_the_state_that_they_count() -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    outbox = stage.handle("router-answers", _make_chosen())
    (report,) = _reports(outbox)
    assert (report.organization, report.partition, report.complete) == (SHOP, 3, False)
    assert (report.loads, report.settled) == ({A: 1}, ("inbound/3/0",))
    assert read_written(outbox, Phase.PUBLIC, "t.router-requests") == []
    assert read_written(outbox, Phase.STATE, "t.router-requests") == []


def test_r1_7_an_agent_who_loses_a_conversation_is_reported_too() -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("router-answers", _make_chosen())
    (report,) = _reports(stage.handle("commands", record(0, assign(B))))
    assert (report.loads, report.settled) == ({A: 0, B: 1}, ())


def test_r1_7_i12_done_and_open_again_are_reported() -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("router-answers", _make_chosen())
    (freed,) = _reports(stage.handle("commands", record(0, mark_done(seen=0))))
    (taken,) = _reports(stage.handle("inbound", record(1, _message(), event_id("1"))))
    assert (freed.loads, taken.loads) == ({A: 0}, {A: 1})
    assert freed.sequence < taken.sequence


def test_r1_7_a_choice_is_settled_whatever_it_came_to_and_however_often_it_comes() -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("commands", record(0, assign(B)))
    for _ in range(2):
        (report,) = _reports(stage.handle("router-answers", _make_chosen()))
        assert (report.loads, report.settled) == ({}, ("inbound/3/0",))


def test_r1_7_a_wait_settles_nothing() -> None:
    """The choice that ends it can be under way, and a place be held for it."""
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    queued = record(0, answer(request(0), Verdict.QUEUED))
    assert _reports(stage.handle("router-answers", queued)) == []


def test_r1_7_who_does_not_count_reports_only_what_was_chosen_by_loads() -> None:
    stage = _Stage()
    stage.handle("inbound", record(0, _message(), event_id("0")))
    assert _reports(stage.handle("router-answers", _make_chosen())) == []
    (report,) = _reports(
        stage.handle("router-answers", _make_chosen(choice=Choice(load=0), offset=1))
    )
    assert report.settled == ("inbound/3/0",)


@pytest.mark.parametrize(
    ("organizations", "told"),
    [(None, [{A: 1}]), ([SHOP], [{A: 1}]), ([OrganizationId("other")], [{}]), ([], [])],
)
def test_r1_7_a_step_reports_all_loads_of_a_partition(
    organizations: list[OrganizationId] | None, told: list[dict[AgentId, int]]
) -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("router-answers", _make_chosen())
    outbox = Outbox()
    stage.stage.report_step(3, organizations)(outbox)
    reports = _reports(outbox)
    assert [each.loads for each in reports] == told
    assert all(each.complete for each in reports)


def test_r1_7_empty_loads_are_reported() -> None:
    stage = _Stage(_counting())
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("router-answers", _make_chosen())
    stage.handle("commands", record(0, mark_done(seen=0)))
    outbox = Outbox()
    stage.stage.report_step(3, None)(outbox)
    assert [(each.loads, each.complete) for each in _reports(outbox)] == [({}, True)]


def test_r1_7_an_organization_that_does_not_count_reports_no_loads() -> None:
    stage = _Stage()
    stage.handle("inbound", record(0, _message(), event_id("0")))
    stage.handle("router-answers", _make_chosen())
    outbox = Outbox()
    stage.stage.report_step(3, [SHOP])(outbox)
    assert not outbox.phases


def test_r9_2_after_a_recovery_the_valid_record_is_written_after_another_workers() -> None:
    stage, other = _Stage(), _Stage()
    for each, agent_id in ((stage, A), (other, B)):
        each.handle("inbound", record(0, _message(), event_id("0")))
        outbox = each.handle("router-answers", _make_chosen(agent_id))
    (theirs,) = events(outbox, Phase.PUBLIC, "t.assignments")
    assert isinstance(theirs, AssignmentEvent)
    apply_assignment(stage.state, theirs)
    outbox = Outbox()
    stage.stage.report_step(3, None)(outbox)
    (told,) = events(outbox, Phase.PUBLIC, "t.assignments")
    assert isinstance(told, AssignmentEvent)
    assert (told.agent_id, told.version) == (A, 2)


def test_inv6_what_is_written_is_the_state() -> None:
    """Marks, what opened again, and how often: the recovered partition is the live one."""
    stage = _Stage()
    tables = CustomerPartitions()
    assignments, customers = tables.assignments(3), tables.customers(3)
    for outbox in (
        stage.handle("inbound", record(0, _message(), event_id("0"))),
        stage.handle("router-answers", _make_chosen()),
        stage.handle("commands", record(0, mark_done(seen=0)), record(1, mark_done(LIVE, seen=0))),
        stage.handle("inbound", record(1, _message(), event_id("1"))),
    ):
        for phase, topic, table in (
            (Phase.PUBLIC, "t.assignments", assignments),
            (Phase.STATE, "t.router-customers", customers),
        ):
            groups = outbox.groups(phase).get((topic, 3), ())
            table.apply(
                [
                    StreamRecord(0, each.key, each.value, each.headers)
                    for group in groups
                    for each in group
                ]
            )
    again, live = assignments.state, stage.state
    assert (again.conversations, again.loads, again.done) == (
        live.conversations,
        live.loads,
        {LIVE: 0},
    )
    assert (again.customers, again.changes) == (live.customers, live.changes)


def test_r4_1_a_request_says_how_much_of_the_directory_was_read() -> None:
    stage = _Stage(dataclasses.replace(shop(), directory_offset=41))
    outbox = stage.handle("inbound", record(0, _message(COMMENT), event_id("0")))
    (asked,) = events(outbox, Phase.FOLLOW_UPS, "t.router-requests")
    assert isinstance(asked, ChoiceRequested)
    assert asked.directory == 41
