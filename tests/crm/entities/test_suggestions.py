"""C3: what a customer writes is offered as the contact's, and never overwrites anything."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.lan import COMMENT, COMMON, THREAD, comment, customer, message
from crm.world import AGENT, HOA, LAN, MINH, SHOP, World
from tuyen_crm.domain.content import content_of
from tuyen_crm.entities.contacts.observe import customer_of, observe, words_of
from tuyen_crm.entities.contacts.view import show_content
from tuyen_crm.entities.suggestions.view import describe
from tuyen_events.crm.contacts import ContactPatched, ObserveCustomer, RemoveContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.suggestions import (
    FactKind,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionsOffered,
    list_open,
)
from tuyen_events.crm_limits import CONTACT_DECLINED, CONTACT_SUGGESTIONS
from tuyen_events.ids import ContactId, MessageId, suggestion_id
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    CustomerFollowed,
    InboundEvent,
    MessageEchoed,
    MessageEdited,
)
from tuyen_events.limits import CONTACT_PHONES

A, B, C, MAIL = "+84912345678", "+84987654321", "+84382345678", "lan@example.com"
TEXT = "sđt em 0912 345 678 ạ"
MESSAGE: dict[str, Any] = {**COMMON, **THREAD, "message_id": MessageId("m_1")}


@pytest.fixture
def world() -> World:
    world = World()
    world.write(LAN)
    return world


def offered(world: World, contact: ContactId = LAN) -> list[str]:
    """What an agent sees of it, by state and by document."""
    values = [each.value for each in list_open(world.contacts[contact])]
    assert values == [each.value for each in list_open(world.documents[contact])]
    return values


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (msgspec.structs.replace(message(), text=TEXT), TEXT),
        (message(), ""),
        (msgspec.structs.replace(message(), text="Gọi 1900", payload="CALL"), ""),
        (msgspec.structs.replace(message(), text=A, payload=A), A),
        (MessageEdited(**MESSAGE, text=TEXT, edit_number=1), TEXT),
        (MessageEchoed(**MESSAGE, external_id="m", text=TEXT), ""),
        (msgspec.structs.replace(comment(customer()), text=TEXT), TEXT),
        (CommentEdited(**COMMON, **COMMENT, customer=customer(), text=TEXT), TEXT),
        (CustomerFollowed(**COMMON, **THREAD), ""),
    ],
)
def test_c3_the_customers_own_words_are_searched(event: InboundEvent, words: str) -> None:
    assert words_of(event) == words


def test_c3_what_another_customer_writes_below_a_comment_is_offered_for_their_own_contact() -> None:
    for author in (customer("670"), customer("671")):
        reply = CommentAdded(
            **COMMON, **COMMENT, customer=author, text=TEXT, parent_external_id="1_1"
        )
        assert customer_of(reply) == author
        command = observe(reply, author, "evt_1", "VN")
        assert (command.customer_id, command.written) == (author.id, (A,))
    of_the_page = CommentAdded(**COMMON, **COMMENT, customer=None, text=TEXT)
    assert customer_of(of_the_page) is None


def test_c3_an_earlier_versions_command_has_nothing_written() -> None:
    event = msgspec.structs.replace(message(), text=TEXT)
    fields = msgspec.to_builtins(observe(event, customer(), "evt_1", "VN"))
    assert (fields.pop("written"), fields.pop("conversation_id")) == ((A,), "msg_1")
    read = msgspec.json.decode(msgspec.json.encode(fields), type=ObserveCustomer)
    assert (read.written, read.conversation_id) == ((), None)


def test_c3_what_a_customer_writes_is_offered_and_changes_nothing_else(world: World) -> None:
    before = world.documents[LAN]
    decision = world.write(LAN, A, MAIL)
    (event,) = decision.events
    assert isinstance(event, SuggestionsOffered)
    phone, mail = event.offered
    assert (phone.id, phone.kind, phone.value) == (suggestion_id(SHOP, A), FactKind.PHONE, A)
    assert (phone.conversation_id, mail.kind) == (f"msg_{LAN}", FactKind.EMAIL)
    after = world.documents[LAN]
    assert (after.phones, after.emails, after.version) == ((), (), before.version)
    assert offered(world) == [A, MAIL]
    assert world.find(f"phone:{A}") == []


def test_c3_the_first_message_of_a_customer_offers_too() -> None:
    world = World()
    world.write(LAN, A)
    assert [event.sequence for event in world.events] == [1, 2]
    assert offered(world) == [A]


def test_c3_the_same_again_offers_nothing_more(world: World) -> None:
    world.write(LAN, A)
    assert world.write(LAN, A).outcome is CrmOutcome.UNCHANGED
    world.patch(LAN, phones=(B,))
    assert world.write(LAN, B).outcome is CrmOutcome.UNCHANGED
    assert offered(world) == [A]


def test_c3_what_is_accepted_is_added_to_what_the_contact_has(world: World) -> None:
    world.patch(LAN, phones=(B,))
    world.write(LAN, A, MAIL)
    decision = world.answer(LAN, A, accept=True)
    (event,) = decision.events
    assert isinstance(event, SuggestionAccepted)
    assert (event.value, event.by, decision.version) == (A, AGENT, event.sequence)
    document = world.documents[LAN]
    assert (document.phones, document.version) == ((B, A), event.sequence)
    assert offered(world) == [MAIL]
    world.answer(LAN, MAIL, accept=True)
    assert world.documents[LAN].emails == (MAIL,)
    again = world.answer(LAN, A, accept=True)
    assert (again.outcome, again.version) == (CrmOutcome.UNCHANGED, world.contacts[LAN].version)


def test_c3_what_is_declined_is_not_offered_again(world: World) -> None:
    world.write(LAN, A)
    (event,) = world.answer(LAN, A, accept=False).events
    assert isinstance(event, SuggestionDeclined)
    assert offered(world) == []
    assert world.write(LAN, A).outcome is CrmOutcome.UNCHANGED
    assert world.answer(LAN, A, accept=False).outcome is CrmOutcome.UNCHANGED
    assert world.answer(LAN, A, accept=True).outcome is CrmOutcome.NOT_FOUND
    assert world.documents[LAN].phones == ()


def test_c3_what_an_agent_removed_is_not_offered_again(world: World) -> None:
    world.patch(LAN, phones=(A, B), emails=(MAIL,))
    world.patch(LAN, phones=(B,), emails=())
    assert world.write(LAN, A, MAIL).outcome is CrmOutcome.UNCHANGED
    world.patch(LAN, phones=(A,))
    assert world.documents[LAN].phones == (A,)


def test_c3_what_an_agent_enters_answers_the_suggestion(world: World) -> None:
    world.write(LAN, A)
    world.patch(LAN, phones=(A,))
    assert offered(world) == []
    world.patch(LAN, phones=())
    assert offered(world) == []


def test_c3_answers_to_what_is_not_offered(world: World) -> None:
    assert world.answer(LAN, A, accept=True).outcome is CrmOutcome.NOT_FOUND
    assert world.answer(LAN, A, accept=False).outcome is CrmOutcome.NOT_FOUND
    assert world.answer(ContactId("con_9"), A, accept=True).outcome is CrmOutcome.NOT_FOUND
    world.write(LAN, A)
    passed = world.answer(LAN, A, accept=True, expected_version=9)
    assert (passed.outcome, passed.version) == (CrmOutcome.VERSION_PASSED, 1)
    assert world.answer(LAN, A, accept=True, expected_version=1).outcome is CrmOutcome.APPLIED


def test_c3_a_contact_with_as_many_numbers_as_it_may_have_takes_no_more(world: World) -> None:
    world.write(LAN, A)
    world.patch(LAN, phones=tuple(f"+8490312{number:04d}" for number in range(CONTACT_PHONES)))
    assert world.answer(LAN, A, accept=True).refusal is CrmRefusal.TOO_MANY
    assert world.answer(LAN, A, accept=False).outcome is CrmOutcome.APPLIED


def test_c3_r9_6_the_first_ones_stay_until_they_are_answered(world: World) -> None:
    many = [f"+8490312{number:04d}" for number in range(3 * CONTACT_SUGGESTIONS)]
    for value in many:
        world.write(LAN, value)
    assert offered(world) == many[:CONTACT_SUGGESTIONS]
    world.answer(LAN, many[0], accept=False)
    world.write(LAN, A, B)
    assert offered(world) == [*many[1:CONTACT_SUGGESTIONS], A]


def test_c3_r9_6_of_what_was_declined_the_oldest_is_forgotten(world: World) -> None:
    many = [f"+8490312{number:04d}" for number in range(CONTACT_DECLINED + 1)]
    for value in many:
        world.write(LAN, value)
        world.answer(LAN, value, accept=False)
    assert world.contacts[LAN].declined == tuple(many[1:])
    world.write(LAN, many[0], many[1])
    assert offered(world) == [many[0]]


def test_c3_r9_6_nothing_is_left_of_a_removed_contact(world: World) -> None:
    world.write(LAN, A, B)
    world.answer(LAN, A, accept=False)
    world.do(RemoveContact(**world._common(LAN), by=AGENT))
    assert (world.contacts[LAN].suggestions, world.contacts[LAN].declined) == ((), ())


def test_c1_c3_what_a_site_says_later_fills_what_is_empty_and_is_offered_otherwise(
    world: World,
) -> None:
    (filled,) = world.write(LAN, phones=(A,)).events
    assert isinstance(filled, ContactPatched)
    assert (filled.phones, filled.by) == ((A,), None)
    assert world.documents[LAN].phones == (A,)
    world.write(LAN, phones=(B,), emails=(MAIL,))
    assert (world.documents[LAN].phones, world.documents[LAN].emails) == ((A,), (MAIL,))
    assert offered(world) == [B]
    world.patch(LAN, phones=())
    assert world.write(LAN, phones=(A,)).outcome is CrmOutcome.UNCHANGED
    assert world.documents[LAN].phones == ()


def test_c1_c2_a_number_that_a_site_says_later_merges(world: World) -> None:
    world.write(MINH, phones=(A,))
    decision = world.write(LAN, B, phones=(A,))
    assert decision.survivor is None
    assert list(world.unmerged()) == [LAN]
    assert world.contacts[LAN].phones == (A,)
    assert offered(world) == [B]


def test_c2_c3_an_accepted_number_merges_as_one_that_is_entered(world: World) -> None:
    world.write(MINH, B)
    world.patch(LAN, phones=(B,))
    decision = world.answer(MINH, B, accept=True)
    assert decision.survivor == LAN
    assert list(world.unmerged()) == [LAN]
    assert (world.documents[LAN].phones, offered(world)) == ((B,), [])


def test_c2_c3_an_accepted_number_of_somebody_elses_contact_only_says_that_it_is_known() -> None:
    world = World()
    world.add(MINH, A, assignee="an")
    world.add(LAN, assignee="binh")
    world.write(LAN, A)
    decision = world.answer(LAN, A, accept=True)
    assert decision.known_elsewhere == (A,)
    assert len(world.unmerged()) == 2


def test_c2_c3_a_merge_takes_the_suggestions_along_and_an_undo_gives_them_back(
    world: World,
) -> None:
    world.write(LAN, A, B)
    world.answer(LAN, B, accept=False)
    world.add(MINH, A)
    world.write(MINH, B, C)
    world.merge(LAN, MINH)
    assert offered(world) == [C]  # A is known now, and B was declined
    assert world.documents[MINH].suggestions == ()
    world.undo(LAN)
    assert offered(world) == [A]
    assert offered(world, MINH) == [B, C]


def test_c2_c3_what_is_answered_after_a_merge_stays_answered(world: World) -> None:
    world.add(MINH)
    world.write(MINH, C, B)
    world.merge(LAN, MINH)
    assert world.answer(MINH, C, accept=True).outcome is CrmOutcome.APPLIED
    world.answer(LAN, B, accept=False)
    world.undo(LAN)
    assert (world.documents[LAN].phones, offered(world)) == ((C,), [])
    assert world.contacts[LAN].declined == (B,)


def test_c2_c3_two_contacts_together_have_no_more_suggestions_than_one(world: World) -> None:
    world.add(MINH)
    many = [f"+8490312{number:04d}" for number in range(2 * CONTACT_SUGGESTIONS)]
    world.write(LAN, *many[: CONTACT_SUGGESTIONS - 2])
    world.write(MINH, *many[CONTACT_SUGGESTIONS:])
    world.merge(LAN, MINH)
    assert len(offered(world)) == CONTACT_SUGGESTIONS
    world.undo(LAN)
    assert offered(world) == many[: CONTACT_SUGGESTIONS - 2]
    assert offered(world, MINH) == many[CONTACT_SUGGESTIONS:]


def test_c3_c8_the_history_in_words(world: World) -> None:
    world.write(LAN, A, B)
    world.answer(LAN, A, accept=True)
    world.answer(LAN, B, accept=False)
    document = world.documents[LAN]
    found = []
    for event in world.events[1:]:
        assert isinstance(event, SuggestionsOffered | SuggestionAccepted | SuggestionDeclined)
        described = describe(event, msgspec.structs.replace(document, phones=()), document)
        found.append((described.by, described.vi, described.en))
    assert found == [
        (
            None,
            f"Khách, hoặc trang web, cho biết {A}, {B}: chờ nhân viên xác nhận.",
            f"The customer or the site named {A}, {B}: an agent can accept it.",
        ),
        (
            AGENT,
            f"xác nhận số điện thoại {A} được gợi ý.",
            f"accepted the phone number {A} that was offered.",
        ),
        (
            AGENT,
            f"bỏ qua số điện thoại {B} được gợi ý.",
            f"declined the phone number {B} that was offered.",
        ),
    ]


NAMES = st.sampled_from([LAN, MINH, HOA])
VALUES = st.sampled_from([A, B, C, MAIL])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, VALUES),
        st.tuples(st.just("site"), NAMES, st.sampled_from([A, B])),
        st.tuples(st.sampled_from(["accept", "decline"]), NAMES, VALUES),
        st.tuples(st.just("patch"), NAMES, st.lists(st.sampled_from([A, B, C]), unique=True)),
        st.tuples(st.just("merge"), NAMES, NAMES),
        st.tuples(st.just("undo"), NAMES, st.integers(0, 2)),
    ),
    max_size=16,
)


def _take(world: World, steps: list[tuple[str, ContactId, Any]]) -> None:
    for kind, contact, what in steps:
        match kind:
            case "write":
                world.write(contact, what)
            case "site":
                world.write(contact, phones=(what,))
            case "accept" | "decline":
                world.answer(contact, what, accept=kind == "accept")
            case "patch":
                world.patch(contact, phones=tuple(what))
            case "merge":
                world.merge(contact, what)
            case "undo" if contact in world.contacts:
                world.undo(contact, what)


@given(STEPS)
def test_c3_whatever_happens_states_and_documents_agree_and_nothing_is_doubled(
    steps: list[tuple[str, ContactId, Any]],
) -> None:
    world = World()
    _take(world, steps)
    for contact_id, contact in world.unmerged().items():
        document = world.documents[contact_id]
        shown = show_content(content_of(contact), world.events[-1], document.shares)
        assert {name: getattr(document, name) for name in shown} == shown
        assert (document.version, document.sequence) == (contact.version, contact.sequence)
        values = [each.value for each in list_open(contact)]
        assert len({*values}) == len(values)
        assert not {*values} & {*contact.phones, *contact.emails, *contact.declined}


@given(STEPS, st.integers(0, 15))
def test_inv3_c3_customers_messages_that_come_again_change_nothing(
    steps: list[tuple[str, ContactId, Any]], again: int
) -> None:
    """What came after `again` comes once more, while no agent does anything."""
    world = World()
    _take(world, steps)
    written = [step for step in steps[again:] if step[0] == "write"]
    _take(world, written)
    before = dict(world.contacts)
    _take(world, written)
    assert world.contacts == before
