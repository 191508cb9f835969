"""Which events create a contact (C1), and how events change it.

Decides C1 and W1.
"""

from datetime import datetime
from enum import Enum, auto

import msgspec

from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_events.event import Event
from tuyen_events.ids import (
    AgentId,
    ContactId,
    CustomerId,
    OrganizationId,
    PageId,
    contact_id,
    is_unnamed,
)
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    Customer,
    CustomerEvent,
    InboundEvent,
    MessageReceived,
)
from tuyen_events.vocabulary import Channel

DEFAULT_WAREHOUSE = "default"
"""The warehouse of new contacts (W1): every organization has it from its start."""


class ContactKnowledge(Enum):
    """What is known of a customer's contact."""

    ABSENT = auto()
    NAMELESS = auto()
    NAMED = auto()


class CustomerOfContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One channel identity of the person."""

    id: CustomerId
    page_id: PageId
    channel: Channel
    external_id: str
    name: str | None
    picture: str | None
    gender: str | None = None
    location: str | None = None
    browser: str | None = None
    page_url: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person. `version` rises by one with every event."""

    id: ContactId = msgspec.field(name="_id")
    organization: OrganizationId
    name: str | None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    customers: tuple[CustomerOfContact, ...]
    warehouse_id: str
    assignee: AgentId | None = None
    created_at: datetime
    version: int


def customer_of(event: Event) -> Customer | None:
    """The customer for whom the event creates a contact.

    That is the customer whose message thread it belongs to, or who wrote the comment. No contact is
    created for what the page itself did below a post, for a reaction to a post, or for a comment
    whose author the channel does not name: such a person could never be recognized. Whoever writes
    a message is a person, whatever id a site gives them.
    """
    match event:
        case CustomerEvent():
            return event.customer
        case CommentAdded() | CommentEdited():
            author = event.customer
            return None if author is None or is_unnamed(author.external_id) else author
        case _:
            return None


def decide(
    event: InboundEvent, customer: Customer, event_id: str, known: ContactKnowledge
) -> ContactCreated | ContactNamed | None:
    """What is new in an event of `customer`: a contact, or the name of one."""
    name = customer.name.strip() if customer.name else None
    match known:
        case ContactKnowledge.ABSENT:
            return ContactCreated(
                organization=event.organization,
                contact_id=contact_id(customer.id),
                customer_id=customer.id,
                page_id=event.page_id,
                channel=event.channel,
                external_id=customer.external_id,
                name=name or None,
                picture=customer.picture,
                phone=customer.phone,
                email=customer.email,
                gender=customer.gender,
                location=customer.location,
                browser=customer.browser,
                page_url=_page_url(event),
                warehouse_id=DEFAULT_WAREHOUSE,
                caused_by=event_id,
                at=event.occurred_at,
            )
        case ContactKnowledge.NAMELESS if name:
            return ContactNamed(
                organization=event.organization,
                contact_id=contact_id(customer.id),
                customer_id=customer.id,
                name=name,
                picture=customer.picture,
                caused_by=event_id,
                at=event.occurred_at,
            )
        case _:
            return None


def _page_url(event: InboundEvent) -> str | None:
    visit = event.visit if isinstance(event, MessageReceived) else None
    return None if visit is None else visit.page_url


def known_after(event: ContactCreated | ContactNamed) -> ContactKnowledge:
    return ContactKnowledge.NAMED if event.name else ContactKnowledge.NAMELESS


def evolve(contact: Contact | None, event: ContactCreated | ContactNamed) -> Contact | None:
    """The contact after the event. It is created once, and named once; a name without a contact is
    ignored."""
    match event:
        case ContactCreated():
            return _created(event) if contact is None else contact
        case ContactNamed():
            if contact is None or contact.name is not None:
                return contact
            return msgspec.structs.replace(
                contact,
                name=event.name,
                customers=tuple(
                    _named(customer, event) if customer.id == event.customer_id else customer
                    for customer in contact.customers
                ),
                version=contact.version + 1,
            )


def _created(event: ContactCreated) -> Contact:
    customer = CustomerOfContact(
        id=event.customer_id,
        page_id=event.page_id,
        channel=event.channel,
        external_id=event.external_id,
        name=event.name,
        picture=event.picture,
        gender=event.gender,
        location=event.location,
        browser=event.browser,
        page_url=event.page_url,
    )
    return Contact(
        id=event.contact_id,
        organization=event.organization,
        name=event.name,
        phones=() if event.phone is None else (event.phone,),
        emails=() if event.email is None else (event.email,),
        customers=(customer,),
        warehouse_id=event.warehouse_id,
        created_at=event.at,
        version=1,
    )


def _named(customer: CustomerOfContact, event: ContactNamed) -> CustomerOfContact:
    return msgspec.structs.replace(
        customer, name=event.name, picture=event.picture or customer.picture
    )
