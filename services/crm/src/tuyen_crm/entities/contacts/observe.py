"""Which inbound events create a contact, or complete one.

Decides C1.
"""

from tuyen_events.crm.contacts import ObserveCustomer
from tuyen_events.event import Event
from tuyen_events.ids import contact_id, derive_command_id, is_unnamed
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    Customer,
    CustomerEvent,
    InboundEvent,
    MessageEdited,
    MessageReceived,
)
from tuyen_events.limits import CONTACT_PHONES
from tuyen_events.phones import parse_email, parse_phones
from tuyen_events.recognizing import recognize_facts


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


def observe(
    event: InboundEvent, customer: Customer, event_id: str, country: str
) -> ObserveCustomer:
    """The command that creates or completes the contact of `customer`. It is derived from the event
    and the country of the organization alone: the same event gives the same command."""
    email = parse_email(customer.email or "")
    return ObserveCustomer(
        command_id=derive_command_id(event_id, ObserveCustomer.type),
        organization=event.organization,
        contact_id=contact_id(customer.id),
        at=event.occurred_at,
        customer_id=customer.id,
        page_id=event.page_id,
        channel=event.channel,
        external_id=customer.external_id,
        name=(customer.name or "").strip() or None,
        picture=customer.picture,
        phone=customer.phone,
        email=customer.email,
        gender=customer.gender,
        location=customer.location,
        browser=customer.browser,
        page_url=_page_url(event),
        phones=parse_phones(customer.phone or "", country)[:CONTACT_PHONES],
        emails=() if email is None else (email,),
        written=recognize_facts(words_of(event), country),
        conversation_id=getattr(event, "conversation_id", None),
        caused_by=event_id,
    )


def words_of(event: Event) -> str:
    """The text of the event, if the customer wrote it: not the page's answer, and not the title of
    a button that they pressed, unless that is their own number, which Messenger offers as a
    button."""
    match event:
        case MessageReceived() if event.payload not in (None, event.text):
            return ""
        case MessageReceived() | MessageEdited() | CommentAdded() | CommentEdited():
            return event.text or ""
        case _:
            return ""


def _page_url(event: InboundEvent) -> str | None:
    visit = event.visit if isinstance(event, MessageReceived) else None
    return None if visit is None else visit.page_url
