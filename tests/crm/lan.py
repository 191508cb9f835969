"""Lan, a customer without a name at first, and what is requested about her contact."""

from datetime import UTC, datetime
from typing import Any

from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.contacts.decide import OwnContactCommand, decide
from tuyen_crm.entities.contacts.observe import observe
from tuyen_crm.entities.contacts.view import fold
from tuyen_events.crm.contacts import ObserveCustomer, RenameContact
from tuyen_events.crm.records import ContactEvent
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    MessageId,
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
    customer_key,
)
from tuyen_events.inbound import CommentAdded, Customer, MessageReceived
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.ports import Log
from tuyen_views.contacts import ContactDocument

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


async def write_message(
    log: Log,
    event_id: str,
    customer: Customer,
    *,
    organization: OrganizationId = SHOP,
    page: PageId = PAGE,
    at: datetime = MOMENT,
    text: str | None = None,
) -> None:
    """Puts a message of the customer into the log, as ingest does."""
    data = MessageReceived(
        organization=organization,
        page_id=page,
        channel=Channel.FACEBOOK,
        occurred_at=at,
        accepted_at=at,
        customer=customer,
        conversation_id=ConversationId("msg_1"),
        message_id=MessageId("m_1"),
        external_id="m_1",
        text=text,
    )
    envelope = Envelope(id=event_id, source="t", subject="s", time=at, data=data)
    key = customer_key(organization, page, customer.external_id)
    await log.append(INBOUND, key, envelope)


def comment(author: Customer | None) -> CommentAdded:
    return CommentAdded(**COMMON, **COMMENT, customer=author)


LAN, NAMELESS = customer(name="Lan"), customer()
CONTACT = contact_id(LAN.id)
THREAD: dict[str, Any] = {"customer": NAMELESS, "conversation_id": ConversationId("msg_1")}


def make_observe_command(name: str | None, event_id: str = "evt_1") -> ObserveCustomer:
    event = message(name)
    return observe(event, event.customer, event_id, "VN")


def rename(name: str | None, expected: int | None = None, command: str = "cmd_1") -> RenameContact:
    return RenameContact(
        command_id=command,
        organization=SHOP,
        contact_id=CONTACT,
        at=MOMENT,
        name=name,
        by=AgentId("hoa"),
        expected_version=expected,
    )


def after(*commands: OwnContactCommand) -> tuple[ContactState, list[ContactEvent]]:
    """What these commands come to, and the events on the way."""
    contact: ContactState | None = None
    events: list[ContactEvent] = []
    for command in commands:
        for event in decide(KnownThings(contact), command).events:
            assert isinstance(event, ContactEvent)
            contact = evolve(contact, event)
            events.append(event)
    assert contact is not None
    return contact, events


def fold_contact(events: list[ContactEvent]) -> ContactDocument:
    document: ContactDocument | None = None
    for event in events:
        document = fold(document, event)
    assert document is not None
    return document
