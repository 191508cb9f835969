"""Contacts: which events show a customer, what is decided, and what is shown."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.known import KnownThings
from crm.lan import (
    COMMENT,
    COMMON,
    CONTACT,
    LAN,
    MOMENT,
    NAMELESS,
    PAGE,
    POST,
    SHOP,
    THREAD,
    after,
    comment,
    customer,
    fold_contact,
    make_observe_command,
    message,
    rename,
)
from tuyen_crm.domain.state import ContactState, count_only
from tuyen_crm.entities import evolve
from tuyen_crm.entities.contacts.decide import OwnContactCommand, decide
from tuyen_crm.entities.contacts.observe import customer_of, observe
from tuyen_crm.entities.contacts.view import fold
from tuyen_events.crm.contacts import (
    AddContact,
    ContactAdded,
    ContactCreated,
    ContactNamed,
    ContactRenamed,
    CustomerOfContact,
    Gender,
    RenameContact,
)
from tuyen_events.crm.records import ContactEvent, CrmOutcome, CrmRefusal
from tuyen_events.ids import (
    AgentId,
    MessageId,
)
from tuyen_events.inbound import (
    CommentRemoved,
    Customer,
    CustomerFollowed,
    CustomerUnfollowed,
    InboundEvent,
    MessageEchoed,
    MessagesSeen,
    PostPublished,
    Reacted,
    Visit,
)
from tuyen_events.vocabulary import Channel
from tuyen_views.contacts import ContactDocument


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        (message(), NAMELESS),
        (message(external_id="anonymous:7"), customer("anonymous:7")),
        (MessageEchoed(**COMMON, **THREAD, message_id=MessageId("m"), external_id="m"), NAMELESS),
        (CustomerFollowed(**COMMON, **THREAD), NAMELESS),
        (CustomerUnfollowed(**COMMON, **THREAD), NAMELESS),
        (MessagesSeen(**COMMON, **THREAD, watermark=MOMENT), NAMELESS),
        (comment(LAN), LAN),
        (comment(None), None),
        (comment(customer("anonymous:1_2")), None),
        (CommentRemoved(**COMMON, **COMMENT, customer=LAN), None),
        (Reacted(**COMMON, **POST, customer=LAN, reaction="love"), None),
        (PostPublished(**COMMON, **POST), None),
    ],
)
def test_c1_whose_contact_an_event_makes(event: InboundEvent, whose: Customer | None) -> None:
    assert customer_of(event) == whose


def test_c1_the_first_event_makes_a_contact_with_what_the_channel_gives() -> None:
    decision = decide(KnownThings(None), observe(comment(LAN), LAN, "evt_1", "VN"))
    assert decision.events == (
        ContactCreated(
            organization=SHOP,
            contact_id=CONTACT,
            customer_id=LAN.id,
            page_id=PAGE,
            channel=Channel.FACEBOOK,
            external_id="670",
            name="Lan",
            picture="https://p.example/670",
            phones=(),
            emails=(),
            warehouse_id="default",
            caused_by="evt_1",
            at=MOMENT,
        ),
    )
    assert decision.version == 1


def test_inv3_the_same_event_gives_the_same_command() -> None:
    assert make_observe_command("Lan") == make_observe_command("Lan")
    assert make_observe_command("Lan").command_id != make_observe_command("Lan", "evt_2").command_id


def test_c1_a_livechat_visitors_contact_has_what_the_site_sent() -> None:
    fields = {"gender": "female", "location": "Hà Nội", "browser": "Firefox 140"}
    visitor = replace(LAN, phone="0903123456", email="lan@example.com", **fields)
    visit = Visit(page_url="https://shop.example/vn")
    event = replace(message(), channel=Channel.LIVECHAT, customer=visitor, visit=visit)
    contact = fold_contact(after(observe(event, visitor, "evt_1", "VN"))[1])
    assert (contact.phones, contact.emails) == (("+84903123456",), ("lan@example.com",))
    assert (contact.gender, contact.location) == (Gender.FEMALE, "Hà Nội")
    (own,) = contact.customers
    assert {name: getattr(own, name) for name in fields} == fields
    assert own.page_url == "https://shop.example/vn"


ABSENT = None
HAS_NO_NAME = after(make_observe_command(None))[0]
NAMED = after(make_observe_command("Lan"))[0]
RENAMED = after(make_observe_command("Lan"), rename("Chị Lan"))[0]
RENAMED_FIRST = after(make_observe_command(None), rename("Chị Lan"))[0]
EMPTIED = after(make_observe_command(None), rename("Chị Lan"), rename(None))[0]


@pytest.mark.parametrize(
    ("contact", "name", "expected"),
    [
        (ABSENT, None, ContactCreated),
        (ABSENT, "Lan", ContactCreated),
        (HAS_NO_NAME, None, None),
        (HAS_NO_NAME, "  ", None),
        (HAS_NO_NAME, "Lan", ContactNamed),
        (NAMED, "Lan", None),
        (NAMED, "Lan Anh", None),
        (NAMED, None, None),
        (RENAMED, "Lan Anh", None),
        (RENAMED_FIRST, None, None),
        (RENAMED_FIRST, "Lan", ContactNamed),
        (EMPTIED, "Lan", ContactNamed),
    ],
)
def test_c1_a_contact_is_made_once_and_its_customer_named_once(
    contact: ContactState | None, name: str | None, expected: type | None
) -> None:
    decision = decide(KnownThings(contact), make_observe_command(name, "evt_2"))
    assert [type(event) for event in decision.events] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("contact", "command", "outcome", "version"),
    [
        (ABSENT, rename("Chị Lan"), CrmOutcome.NOT_FOUND, 0),
        (ABSENT, rename(None, expected=1), CrmOutcome.NOT_FOUND, 0),
        (NAMED, rename("Chị Lan"), CrmOutcome.APPLIED, 2),
        (NAMED, rename(None), CrmOutcome.APPLIED, 2),
        (NAMED, rename("Lan"), CrmOutcome.UNCHANGED, 1),
        (HAS_NO_NAME, rename(None), CrmOutcome.UNCHANGED, 1),
        (NAMED, rename("Chị Lan", expected=1), CrmOutcome.APPLIED, 2),
        (NAMED, rename("Chị Lan", expected=2), CrmOutcome.VERSION_PASSED, 1),
        (RENAMED, rename("Chị Lan", expected=1), CrmOutcome.VERSION_PASSED, 2),
        (RENAMED, rename("Chị Lan", expected=2), CrmOutcome.UNCHANGED, 2),
    ],
)
def test_c4_what_becomes_of_a_new_name(
    contact: ContactState | None, command: RenameContact, outcome: CrmOutcome, version: int
) -> None:
    decision = decide(KnownThings(contact), command)
    assert (decision.outcome, decision.version) == (outcome, version)
    assert len(decision.events) == (1 if outcome is CrmOutcome.APPLIED else 0)


def test_c4_a_new_name_says_who_gave_it_when_and_what_it_was_before() -> None:
    (event,) = decide(KnownThings(NAMED), rename("Chị Lan")).events
    assert event == ContactRenamed(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=2,
        caused_by="cmd_1",
        at=MOMENT,
        name="Chị Lan",
        previous_name="Lan",
        by=AgentId("hoa"),
    )


def test_c4_what_hangs_on_a_contact_is_no_change_of_its_version() -> None:
    class Elsewhere(ContactEvent, frozen=True, kw_only=True):
        pass

    event = Elsewhere(
        organization=SHOP, contact_id=CONTACT, sequence=2, caused_by="cmd_9", at=MOMENT
    )
    contact = count_only(NAMED, event)
    assert contact is not None
    assert (contact.version, contact.sequence) == (1, 2)
    assert decide(KnownThings(contact), rename("Chị Lan", expected=1)).events[0].sequence == 3
    document = fold(fold_contact(after(make_observe_command("Lan"))[1]), event)
    assert document is not None
    assert (document.version, document.sequence) == (1, 2)


def test_c1_a_contact_and_its_later_name() -> None:
    _, events = after(make_observe_command(None), make_observe_command("Lan", "evt_2"))
    contact = fold_contact(events)
    assert contact == ContactDocument(
        id=CONTACT,
        organization=SHOP,
        name="Lan",
        name_folded="lan",
        customers=(
            CustomerOfContact(
                id=LAN.id,
                page_id=PAGE,
                channel=Channel.FACEBOOK,
                external_id="670",
                name="Lan",
                picture="https://p.example/670",
            ),
        ),
        source=PAGE,
        warehouse_id="default",
        created_at=MOMENT,
        updated_at=MOMENT,
        version=2,
        sequence=2,
    )
    assert [fold(contact, event) for event in events] == [contact, contact]
    assert fold(None, events[1]) is None
    assert evolve(None, events[1]) is None


def test_c4_a_name_that_a_person_gave_is_kept_and_the_customer_gets_the_channels() -> None:
    _, events = after(
        make_observe_command(None), rename("Chị Lan"), make_observe_command("Lan", "evt_2")
    )
    contact = fold_contact(events)
    assert (contact.name, contact.name_folded, contact.version) == ("Chị Lan", "chi lan", 3)
    assert contact.customers[0].name == "Lan"


def test_c4_a_name_that_a_person_removed_stays_removed() -> None:
    _, events = after(
        make_observe_command(None), rename("X"), rename(None), make_observe_command("Lan", "evt_2")
    )
    contact = fold_contact(events)
    assert (contact.name, contact.name_folded) == (None, "")


def test_records_of_earlier_versions_have_a_sequence() -> None:
    created, named = after(make_observe_command(None), make_observe_command("Lan", "evt_2"))[1]
    for event, sequence in ((created, 1), (named, 2)):
        value = msgspec.json.encode(event)
        assert b"sequence" not in value
        assert msgspec.json.decode(value, type=type(event)).sequence == sequence


COMMANDS = st.lists(
    st.one_of(
        st.sampled_from([None, "", " ", "Lan", "Vĩnh"]).map(make_observe_command),
        st.builds(rename, st.sampled_from([None, "Chị Lan", "Lan"]), st.sampled_from([None, 1, 2])),
    ),
    max_size=10,
)


@given(COMMANDS)
def test_c1_c4_the_state_and_the_document_agree(
    commands: list[OwnContactCommand],
) -> None:
    contact, document, events = None, None, []
    for number, command in enumerate(commands):
        decision = decide(KnownThings(contact), replace(command, command_id=f"cmd_{number}"))
        assert len(decision.events) <= 1
        for event in decision.events:
            assert isinstance(event, ContactEvent)
            contact, document = evolve(contact, event), fold(document, event)
            events.append(event)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert (contact is None) == (document is None)
    if contact is not None and document is not None:
        assert (contact.name, contact.version) == (document.name, document.version)
        assert contact.sequence == document.sequence == len(events)
        given_manually = [event.name for event in events if isinstance(event, ContactRenamed)]
        from_channel = [
            event.name for event in events if isinstance(event, ContactCreated | ContactNamed)
        ]
        expected = given_manually or [name for name in from_channel if name][:1] or [None]
        assert document.name == expected[-1]


def test_c12_a_contact_is_added_manually_once_under_its_id() -> None:
    command = AddContact(
        command_id="cmd_1",
        organization=SHOP,
        contact_id=CONTACT,
        at=MOMENT,
        name="Thu",
        phones=("+84382345678",),
        by=AgentId("hoa"),
    )
    (event,) = decide(KnownThings(), command).events
    assert isinstance(event, ContactAdded)
    assert (event.sequence, event.content.name, event.by) == (1, "Thu", "hoa")
    assert event.content.phones == ("+84382345678",)
    again = decide(KnownThings(only=ContactState(sequence=1, version=1)), command)
    assert again.refusal is CrmRefusal.ID_TAKEN
