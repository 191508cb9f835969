"""Contacts: the people to whom customers belong."""

from typing import ClassVar

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.ids import AgentId, CustomerId, PageId
from tuyen_events.vocabulary import Channel

DEFAULT_WAREHOUSE = "default"
"""The warehouse of new contacts (W1): every organization has it from its start."""


class ObserveCustomer(ContactCommand, frozen=True, kw_only=True):
    """Create or complete the contact of a customer who is in an inbound event (C1).

    `caused_by` is the id of the inbound event, and `at` its time at the channel.
    """

    type: ClassVar[str] = "contact.observe.v1"
    answered: ClassVar[bool] = False
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
    staff: tuple[AgentId, ...] = ()
    """The agents of the organization who are not disabled: its warehouse may give the contact to
    one of them (W5)."""
    caused_by: str


class RenameContact(ContactCommand, frozen=True, kw_only=True):
    """Give the contact a name, or none (null)."""

    type: ClassVar[str] = "contact.rename.v1"
    name: str | None
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class ContactCreated(ContactEvent, frozen=True, kw_only=True):
    """A customer's first event created a contact (C1), in a warehouse (W1). This is the first event
    of every contact."""

    type: ClassVar[str] = "contact.created.v1"
    sequence: int = 1
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


class ContactNamed(ContactEvent, frozen=True, kw_only=True):
    """A later event of the customer contained the name, and perhaps the picture, that the first one
    lacked."""

    type: ClassVar[str] = "contact.named.v1"
    sequence: int = 2
    """Records of earlier versions do not contain it: this was always the second event."""
    customer_id: CustomerId
    name: str
    picture: str | None = None
    renamed: bool = False
    """Whether an agent had renamed the contact before: then the contact keeps that name, and only
    the customer gets this one."""


class ContactRenamed(ContactEvent, frozen=True, kw_only=True):
    """An agent gave the contact a name, or removed it (null)."""

    type: ClassVar[str] = "contact.renamed.v1"
    name: str | None
    previous_name: str | None
    by: AgentId
