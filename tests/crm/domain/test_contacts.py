"""C1: which events make a contact, and what it is after them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tuyen_crm.domain.contacts import (
    Contact,
    ContactKnowledge,
    CustomerOfContact,
    customer_of,
    decide,
    evolve,
    known_after,
)
from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_events.ids import (
    ConversationId,
    MessageId,
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
)
from tuyen_events.inbound import (
    CommentAdded,
    CommentRemoved,
    Customer,
    InboundEvent,
    MessageEchoed,
    MessageReceived,
    MessagesSeen,
    PostPublished,
    Reacted,
    Visit,
)
from tuyen_events.vocabulary import Channel

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, PAGE = OrganizationId("hoa-sen"), PageId("trang")
COMMON: dict[str, Any] = {
    "organization": SHOP,
    "page_id": PAGE,
    "channel": Channel.FACEBOOK,
    "occurred_at": MOMENT,
    "accepted_at": MOMENT,
}
COMMENT: dict[str, Any] = {
    "message_id": MessageId("m_1"),
    "external_id": "1_2",
    "post_external_id": "1",
}
POST: dict[str, Any] = {"post_external_id": "1"}


def customer(external_id: str = "670", name: str | None = None) -> Customer:
    return Customer(
        id=customer_id(SHOP, PAGE, external_id),
        external_id=external_id,
        name=name,
        picture="https://p.example/670" if name else None,
    )


def message(name: str | None = None, external_id: str = "670") -> MessageReceived:
    return MessageReceived(
        **COMMON,
        customer=customer(external_id, name),
        conversation_id=ConversationId("msg_1"),
        message_id=MessageId("m_1"),
        external_id="m_1",
    )


def comment(author: Customer | None) -> CommentAdded:
    return CommentAdded(**COMMON, **COMMENT, customer=author)


LAN, NAMELESS = customer(name="Lan"), customer()
THREAD: dict[str, Any] = {"customer": NAMELESS, "conversation_id": ConversationId("msg_1")}


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        (message(), NAMELESS),
        (message(external_id="anonymous:7"), customer("anonymous:7")),
        (MessageEchoed(**COMMON, **THREAD, message_id=MessageId("m"), external_id="m"), NAMELESS),
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
    made = decide(comment(LAN), LAN, "evt_1", ContactKnowledge.ABSENT)
    assert made == ContactCreated(
        organization=SHOP,
        contact_id=contact_id(LAN.id),
        customer_id=LAN.id,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id="670",
        name="Lan",
        picture="https://p.example/670",
        warehouse_id="default",
        caused_by="evt_1",
        at=MOMENT,
    )


def test_c1_a_livechat_visitors_contact_has_what_the_site_told() -> None:
    told = {"gender": "female", "location": "Hà Nội", "browser": "Firefox 140"}
    visitor = replace(LAN, phone="0903123456", email="lan@example.com", **told)
    visit = Visit(page_url="https://shop.example/vn")
    event = replace(message(), channel=Channel.LIVECHAT, customer=visitor, visit=visit)
    made = decide(event, visitor, "evt_1", ContactKnowledge.ABSENT)
    assert isinstance(made, ContactCreated)
    contact = evolve(None, made)
    assert contact is not None
    assert (contact.phones, contact.emails) == (("0903123456",), ("lan@example.com",))
    (own,) = contact.customers
    assert {name: getattr(own, name) for name in told} == told
    assert own.page_url == "https://shop.example/vn"


@pytest.mark.parametrize(
    ("known", "name", "expected"),
    [
        (ContactKnowledge.ABSENT, None, ContactCreated),
        (ContactKnowledge.ABSENT, "Lan", ContactCreated),
        (ContactKnowledge.NAMELESS, None, None),
        (ContactKnowledge.NAMELESS, "  ", None),
        (ContactKnowledge.NAMELESS, "Lan", ContactNamed),
        (ContactKnowledge.NAMED, "Lan", None),
        (ContactKnowledge.NAMED, "Lan Anh", None),
        (ContactKnowledge.NAMED, None, None),
    ],
)
def test_c1_a_contact_is_made_once_and_named_once(
    known: ContactKnowledge, name: str | None, expected: type | None
) -> None:
    event = message(name)
    made = decide(event, event.customer, "evt_1", known)
    assert (made if expected is None else type(made)) == expected


def test_c1_a_contact_and_its_later_name() -> None:
    created = decide(message(), NAMELESS, "evt_1", ContactKnowledge.ABSENT)
    named = decide(comment(LAN), LAN, "evt_2", ContactKnowledge.NAMELESS)
    assert isinstance(created, ContactCreated)
    assert isinstance(named, ContactNamed)
    contact = evolve(evolve(None, created), named)
    assert contact == Contact(
        id=contact_id(LAN.id),
        organization=SHOP,
        name="Lan",
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
        warehouse_id="default",
        created_at=MOMENT,
        version=2,
    )
    assert evolve(contact, created) == evolve(contact, named) == contact
    assert evolve(None, named) is None


@given(st.lists(st.sampled_from([None, "", " ", "Lan", "Vĩnh"]), max_size=8))
def test_c1_events_of_one_customer_make_one_contact_with_the_first_name(
    names: list[str | None],
) -> None:
    known, contact, made = ContactKnowledge.ABSENT, None, 0
    for number, name in enumerate(names):
        event = message(name)
        said = decide(event, event.customer, f"evt_{number}", known)
        if said is not None:
            known, contact, made = known_after(said), evolve(contact, said), made + 1
    given = [name for name in names if name and name.strip()]
    assert (contact is not None) == bool(names)
    assert made <= 2
    if contact is not None:
        assert contact.name == (given[0] if given else None)
        assert contact.version == made
