"""A rolling upgrade: what a producer of a later version writes goes through today's services.

Each of the five sets that will grow gains one word that this version does not know: the channel
`email`, the mode `weighted`, the reason `offered`, the capability `email_message` and the exclusion
`off_shift` (decision 26). Every record goes through the codec, as from the log.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec
import pytest
from msgspec.structs import replace
from pymongo import UpdateOne

from crm.known import KnownThings
from router.domain.inputs import CUSTOMER, LIVE, PAGE, THREAD, A, B, answer
from router.stages.streams import batch, events, record
from support.organizations import AT, SHOP, after, agent, page, rule, shop
from tuyen_crm.entities.contacts.decide import decide
from tuyen_crm.entities.contacts.observe import observe
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.assignments import (
    AssignmentChanged,
    AssignmentEvent,
    AssignmentMade,
    AssignmentQueued,
    Choice,
    InputOffsets,
)
from tuyen_events.codec import decode_data, encode_data
from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.directory import DirectoryEvent, Member
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, MessageId, RuleId, event_id
from tuyen_events.inbound import CommentAdded, Customer, MessageReceived
from tuyen_events.pools import Excluded, PoolRecorded
from tuyen_events.routing import ChoiceMade, ChoiceRequested, Verdict
from tuyen_events.vocabulary import (
    Capability,
    Channel,
    ConversationKind,
    Exclusion,
    Reason,
    Strategy,
    WhenNobody,
)
from tuyen_gateway.adapters.counters import by_channel
from tuyen_gateway.adapters.queries import build_matching_query
from tuyen_gateway.domain.history import AssignmentEntry, find_left_out
from tuyen_gateway.domain.inbox import Addition, InboxRow, add_message
from tuyen_gateway.domain.visibility import scope_of, viewer_of
from tuyen_gateway.projections import counters, history
from tuyen_gateway.projections.batches import RowEventRecord, fold_row_event
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_platform.clock import ManualClock
from tuyen_platform.mongodb import Document
from tuyen_router.domain.customer_state import CustomerState, apply_assignment
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import DeadLetterWriter, organization_partition
from tuyen_stream import Outbox

EMAIL = Channel("email")
WEIGHTED = Strategy("weighted")
OFFERED = Reason("offered")
EMAIL_MESSAGE = Capability("email_message")
OFF_SHIFT = Exclusion("off_shift")

E = TypeVar("E", bound=Event)


def as_read(event: E) -> E:
    """The event as today's code reads it from the log. It would be written again as it was."""
    written = encode_data(event)
    found = decode_data([("ce_type", event.type.encode())], written)
    assert isinstance(found, type(event))
    assert encode_data(found) == written
    return found


def organization(*setup: DirectoryEvent, **given: Any) -> OrganizationState:
    """The router's copy of the shop after these records of the directory."""
    return after(shop(**given), *map(as_read, setup))


def members(**capabilities: Sequence[Capability] | None) -> tuple[Member, ...]:
    return tuple(
        Member(agent_id=AgentId(name), capabilities=None if given is None else tuple(given))
        for name, given in capabilities.items()
    )


def message(channel: Channel = EMAIL) -> MessageReceived:
    return MessageReceived(
        organization=SHOP,
        page_id=PAGE,
        channel=channel,
        occurred_at=AT,
        accepted_at=AT,
        customer=Customer(id=CUSTOMER, external_id="x", name="Lan"),
        conversation_id=THREAD,
        message_id=MessageId("m"),
        external_id="x",
    )


def live_comment() -> CommentAdded:
    return CommentAdded(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        customer=Customer(id=CUSTOMER, external_id="x"),
        conversation_id=LIVE,
        message_id=MessageId("l"),
        external_id="l",
        post_external_id="post",
        livestream=True,
    )


def make_offered(kind: type[AssignmentEvent] = AssignmentMade, **fields: Any) -> AssignmentEvent:
    given: dict[str, Any] = {
        "conversation_id": THREAD,
        "kind": ConversationKind.MESSAGE,
        "version": 1,
        "agent_id": A,
        "previous_agent_id": None,
        "mode": WEIGHTED,
        "rule_id": RuleId("r"),
        "sources": InputOffsets(inbound=0, answers=0),
        **fields,
    }
    return kind(
        organization=SHOP,
        page_id=PAGE,
        customer_id=CUSTOMER,
        reason=OFFERED,
        by=None,
        caused_by="evt_1",
        at=AT,
        **given,
    )


class Router:
    """Both stages over one partition each. Records go from one to the other through the codec."""

    def __init__(self, known: OrganizationState) -> None:
        self.known = known
        self.state = CustomerState(3)
        self.rotations = DispatchState(organization_partition(SHOP))
        office = DeadLetterWriter("", ManualClock(AT))
        self.customers = CustomerStage(
            topic_prefix="",
            state_of=lambda _: self.state,
            organization=lambda _: self.known,
            dead_letters=office,
        )
        self.organizations = OrganizationStage(
            topic_prefix="",
            state_of=lambda _: self.rotations,
            organization=lambda _: self.known,
            dead_letters=office,
            clock=ManualClock(AT),
        )
        self._offsets = dict.fromkeys(("inbound", "router-requests", "router-answers"), 0)

    def arrives(self, event: Event) -> list[Event]:
        """All that both stages write of it; what one asks or answers comes to the other."""
        events: list[Event] = []
        coming = [("inbound", event)]
        while coming:
            for each in self.handles(*coming.pop(0)):
                events.append(each)
                if isinstance(each, ChoiceRequested):
                    coming.append(("router-requests", each))
                elif isinstance(each, ChoiceMade):
                    coming.append(("router-answers", each))
        return events

    def handles(self, topic: str, event: Event) -> list[Event]:
        """What a stage writes of a record of its input."""
        offset = self._offsets[topic]
        self._offsets[topic] += 1
        stage = self.organizations if topic == "router-requests" else self.customers
        outbox = Outbox()
        stage.handle(batch(topic, 3, record(offset, event, event_id(f"{offset}"))), outbox)
        assert events(outbox, Phase.PUBLIC, "dead-letters") == []
        return [
            *events(outbox, Phase.PUBLIC, "assignments"),
            *events(outbox, Phase.PUBLIC, "pools"),
            *events(outbox, Phase.FOLLOW_UPS, "router-requests"),
            *events(outbox, Phase.FOLLOW_UPS, "router-answers"),
        ]


def only(kind: type[E], events: Sequence[Event]) -> E:
    (found,) = [each for each in events if isinstance(each, kind)]
    return found


def test_r1_3_a_message_of_a_later_channel_goes_to_who_was_given_it_or_everything() -> None:
    facebook = [Capability.FACEBOOK_MESSAGE]
    pool = members(a=facebook, b=[*facebook, EMAIL_MESSAGE], c=None)
    router = Router(organization(replace(rule(), members=pool), replace(page(), channel=EMAIL)))

    events = router.arrives(message())

    assert only(ChoiceRequested, events).channel == EMAIL
    assert only(AssignmentMade, events).agent_id == B
    assert only(PoolRecorded, events).candidates == ("b", "c")
    assert only(PoolRecorded, events).excluded == (Excluded(agent_id=A, why=Exclusion.CAPABILITY),)


def test_r5_1_where_nobody_was_given_a_later_channel_its_messages_wait() -> None:
    pool = members(a=[Capability.FACEBOOK_MESSAGE], b=[])
    router = Router(organization(replace(rule(), members=pool)))
    events = router.arrives(message())
    assert only(ChoiceMade, events).verdict is Verdict.QUEUED
    assert only(AssignmentQueued, events).reason is Reason.QUEUED


def test_r2_a_rule_of_a_later_mode_chooses_in_turn_and_says_so() -> None:
    router = Router(organization(rule(mode=WEIGHTED)))

    events = router.arrives(message(Channel.FACEBOOK))

    made = only(AssignmentMade, events)
    assert (made.agent_id, made.mode, made.reason) == (A, Strategy.SEQUENTIAL, Reason.ROTATION)
    assert only(PoolRecorded, events).mode == WEIGHTED  # what the rule says


def test_r5_1_a_waiting_request_under_a_rule_of_a_later_mode_names_that_mode() -> None:
    router = Router(organization(rule(mode=WEIGHTED), online=""))
    assert only(AssignmentQueued, router.arrives(message(Channel.FACEBOOK))).mode == WEIGHTED


def test_r5_a_later_message_of_an_unassigned_conversation_makes_it_wait() -> None:
    settings = replace(shop().settings, when_nobody=WhenNobody("call_a_manager"))
    router = Router(organization(settings, online=""))
    assert only(ChoiceMade, router.arrives(message(Channel.FACEBOOK))).verdict is Verdict.QUEUED


def test_r9_4_what_a_later_stage_2_chose_has_the_reason_that_is_named_for_its_mode() -> None:
    router = Router(shop())
    asked = only(ChoiceRequested, router.handles("inbound", message()))
    chosen = replace(answer(asked, Verdict.CHOSEN, B), mode=WEIGHTED)
    made = only(AssignmentMade, router.handles("router-answers", chosen))
    assert (made.agent_id, made.mode, made.reason) == (B, WEIGHTED, Reason("weighted"))


def test_r3_2_an_assignment_with_a_later_reason_is_followed_with_that_reason() -> None:
    router = Router(shop())
    apply_assignment(router.state, as_read(make_offered()))
    assert router.state.loads[SHOP] == {A: 1}

    followed = only(AssignmentMade, router.arrives(live_comment()))

    assert (followed.agent_id, followed.reason) == (A, OFFERED)


def test_r5_1_what_waits_for_a_later_reason_goes_to_who_is_chosen() -> None:
    router = Router(shop())
    asked = only(ChoiceRequested, router.handles("inbound", message()))
    waits = make_offered(AssignmentQueued, agent_id=None, request_id=asked.request_id)
    apply_assignment(router.state, as_read(waits))
    assert router.state.waits(THREAD)

    chosen = answer(asked, Verdict.CHOSEN, B)
    made = only(AssignmentMade, router.handles("router-answers", chosen))

    assert (made.agent_id, made.version) == (B, 2)


@pytest.fixture
def row() -> InboxRow:
    """The inbox's row of a conversation of a later channel."""
    event = as_read(message())
    return add_message(InboxRow(id=THREAD), Addition(event, event.message_id, 3, 0), "lan")


def test_i2_the_inbox_keeps_the_channel_and_takes_the_assignment(row: InboxRow) -> None:
    folded = fold_row_event(row, RowEventRecord(as_read(make_offered()), 3, 0))
    folded = fold_row_event(
        folded,
        RowEventRecord(as_read(make_offered(AssignmentChanged, version=2, agent_id=B)), 3, 1),
    )
    stored = msgspec.to_builtins(folded)
    assert stored["channel"] == "email"
    assert msgspec.convert(stored, InboxRow) == folded
    assert (folded.assignee, folded.version, folded.inbound_events) == (B, 2, 1)


def test_i3_the_counters_keep_the_channel_apart(row: InboxRow) -> None:
    named = replace(row, organization=SHOP, live_events=1)
    fields = [
        field
        for part in counters._parts({}, [named])
        for numbers in part.counted.values()
        for field in numbers
        if not field.startswith(counters.DAYS)
    ]
    cells = {counters.read_field(field) for field in fields}
    assert {cell.channel for cell in cells if cell is not None} == {EMAIL}
    assert by_channel({(EMAIL, ConversationKind.MESSAGE): 2}) == {
        **dict.fromkeys(Channel, 0),
        EMAIL: 2,
    }


def test_i4_a_list_of_all_channels_has_those_of_the_organizations_pages() -> None:
    connected = as_read(replace(page(), channel=EMAIL))
    known = after(shop(), connected).directory
    scope = scope_of(viewer_of(known, agent("a")), known.settings)

    def channels(wanted: ConversationFilter) -> list[str]:
        (found,) = [part for part in build_matching_query(scope, wanted) if "channel" in part]
        return list(found["channel"]["$in"])

    assert channels(ConversationFilter()) == [*(each.value for each in Channel), "email"]
    assert channels(ConversationFilter(channel=Channel.ZALO)) == ["zalo"]


def read_stored_by(update: UpdateOne) -> Document:
    """The document that a write makes where there is none."""
    if isinstance(update._doc, dict):
        document: Document = update._doc["$setOnInsert"]
    else:
        (stage,) = cast(list[Document], update._doc)
        document = stage["$replaceWith"]["$cond"][1]["$mergeObjects"][1]["$literal"]
    return document


def test_r9_4_the_history_keeps_reason_mode_and_exclusion() -> None:
    events = as_read(make_offered(choice=Choice(pool_id="pool_1")))
    document = read_stored_by(history.record(events))
    assert (document["reason"], document["mode"]) == ("offered", "weighted")
    entry = msgspec.convert(document, AssignmentEntry)
    assert (entry.reason, entry.mode) == (OFFERED, WEIGHTED)
    pool = PoolRecorded(
        id="pool_1",
        organization=SHOP,
        rule_id=RuleId("r"),
        rule_version=1,
        mode=WEIGHTED,
        order=(A, B),
        candidates=(A,),
        excluded=(Excluded(agent_id=B, why=OFF_SHIFT),),
    )
    stored = read_stored_by(history.record_pool(as_read(pool)))
    known = dataclasses.replace(
        entry, choice=events.choice, pool=msgspec.convert(stored, PoolRecorded)
    )
    assert find_left_out(known) == [Excluded(agent_id=B, why=OFF_SHIFT)]


def test_c1_a_customer_of_a_later_channel_becomes_a_contact() -> None:
    event = as_read(message())
    command = as_read(observe(event, event.customer, "evt_1", "VN"))
    (made,) = decide(KnownThings(), command).events
    assert isinstance(made, ContactCreated)
    assert as_read(made).channel == EMAIL


def test_p1_ingest_passes_by_a_page_of_a_later_channel_and_serves_the_others() -> None:
    pages = ConnectedPages()
    pages.apply(SHOP, as_read(replace(page("mail"), channel=EMAIL)))
    pages.apply(SHOP, as_read(page()))
    assert list(pages.of(Channel.FACEBOOK)) == ["page"]
    assert pages.owner(EMAIL, "mail") == "shop/mail"
    pages.apply(SHOP, Removed("page", "mail"))
    assert pages.owner(EMAIL, "mail") == ""
