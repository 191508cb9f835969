"""Contacts: the people to whom customers belong."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, Moment


class ContactCreated(Event, frozen=True, kw_only=True):
    """A customer's first event created a contact (C1), in a warehouse (W1)."""

    type: ClassVar[str] = "contact.created.v1"
    organization: OrganizationId
    contact_id: ContactId
    customer_id: CustomerId
    page_id: PageId
    channel: Channel
    external_id: str
    name: str | None = None
    picture: str | None = None
    phone: str | None = None
    """This field and the following ones are what a livechat's site sent, unchanged."""
    email: str | None = None
    gender: str | None = None
    location: str | None = None
    browser: str | None = None
    page_url: str | None = None
    warehouse_id: str
    caused_by: str
    at: Moment


class ContactNamed(Event, frozen=True, kw_only=True):
    """A later event contained the name, and perhaps the picture, that the first one lacked."""

    type: ClassVar[str] = "contact.named.v1"
    organization: OrganizationId
    contact_id: ContactId
    customer_id: CustomerId
    name: str
    picture: str | None = None
    caused_by: str
    at: Moment
