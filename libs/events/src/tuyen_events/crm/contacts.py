"""Contacts: the people to whom customers belong."""

from datetime import date
from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ContactCommand, ContactEvent, MergingCommand
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.suggestions import Suggestion
from tuyen_events.custom_fields import CustomValue
from tuyen_events.ids import AgentId, ContactId, ConversationId, CustomerId, PageId
from tuyen_events.vocabulary import Channel, Moment, Word

DEFAULT_WAREHOUSE = "default"
"""The warehouse of new contacts (W1): every organization has it from its start."""


class Gender(Word):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


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


class ContactContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a person: all that a merge brings together."""

    name: str | None = None
    phones: tuple[str, ...] = ()
    """In E.164."""
    emails: tuple[str, ...] = ()
    """In lower case."""
    gender: Gender | None = None
    birthday: date | None = None
    address: str | None = None
    location: str | None = None
    custom: dict[str, CustomValue] = {}
    tags: tuple[str, ...] = ()
    customers: tuple[CustomerOfContact, ...] = ()
    source: str | None = None
    """Where it came from: the id of a page, an import or an integration."""
    warehouse_id: str = DEFAULT_WAREHOUSE
    assignee: AgentId | None = None
    campaign_id: str | None = None
    care_status: CareStatus | None = None
    steps: dict[str, str] = {}
    """By pipeline."""
    shares: dict[AgentId, tuple[str, ...]] = {}
    """The agents who read it, with the rules that gave it to them; "" stands for an agent who
    shared it (S1, S2)."""
    suggestions: tuple[Suggestion, ...] = ()
    """In their order. Those whose values the contact has by now are not shown (C3)."""
    declined: tuple[str, ...] = ()
    """Phone numbers and emails that agents declined or removed, oldest first: they are not offered
    again."""


class ObserveCustomer(MergingCommand, frozen=True, kw_only=True):
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
    phones: tuple[str, ...] = ()
    """The phone number in E.164, if it is a valid one."""
    emails: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    """The phone numbers and emails in the text that the customer wrote (C3)."""
    conversation_id: ConversationId | None = None
    """The conversation of the event. Null in commands of earlier versions."""
    staff: tuple[AgentId, ...] = ()
    """The agents who can work in the CRM: its warehouse may give the contact to one of them
    (W5)."""
    caused_by: str


class AddContact(MergingCommand, frozen=True, kw_only=True):
    """Create a contact: manually, from a file, from an integration (C12)."""

    type: ClassVar[str] = "contact.add.v1"
    name: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    gender: Gender | None = None
    birthday: date | None = None
    address: str | None = None
    location: str | None = None
    custom: dict[str, CustomValue] = msgspec.field(default_factory=dict)
    source: str | None = None
    warehouse_id: str | None = None
    """Null for the warehouse of the source."""
    assignee: AgentId | None = None
    staff: tuple[AgentId, ...] = ()
    """The agents who can work in the CRM: without an assignee, its warehouse may give the contact
    to one of them (W5)."""
    by: AgentId | None = None
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""


class PatchContact(MergingCommand, frozen=True, kw_only=True):
    """Change the fields that are given, and empty those that are null: all of them, or none if one
    of them is refused. Of `custom`, each value is a field of its own."""

    type: ClassVar[str] = "contact.patch.v1"
    name: str | UnsetType | None = UNSET
    phones: tuple[str, ...] | UnsetType = UNSET
    emails: tuple[str, ...] | UnsetType = UNSET
    gender: Gender | UnsetType | None = UNSET
    birthday: date | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    location: str | UnsetType | None = UNSET
    custom: dict[str, CustomValue | None] | UnsetType = UNSET
    warehouse_id: str | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET
    campaign_id: str | UnsetType | None = UNSET
    care_status: CareStatus | UnsetType | None = UNSET
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    steps: dict[str, str | None] = msgspec.field(default_factory=dict)
    """By pipeline; null takes the contact out of it."""
    by: AgentId
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class RemoveContact(ContactCommand, frozen=True, kw_only=True):
    """Remove the contact; if there is none, nothing changes."""

    type: ClassVar[str] = "contact.remove.v1"
    by: AgentId
    expected_version: int | None = None


class RenameContact(ContactCommand, frozen=True, kw_only=True):
    """Give the contact a name, or none (null). Earlier versions sent it, instead of
    `PatchContact`."""

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
    phones: tuple[str, ...] | None = None
    """In E.164. Null in records of earlier versions, which have what the site sent alone."""
    emails: tuple[str, ...] | None = None
    warehouse_id: str


class ContactAdded(ContactEvent, frozen=True, kw_only=True):
    """A contact was created manually, from a file or by an integration (C12). This is the first
    event of such a contact."""

    type: ClassVar[str] = "contact.added.v1"
    content: ContactContent
    by: AgentId | None = None


class ContactPatched(ContactEvent, frozen=True, kw_only=True):
    """The fields that are given changed (C4); null empties one, also in `custom`. `custom_names`
    are the names that the fields in `custom` had at that time."""

    type: ClassVar[str] = "contact.patched.v1"
    name: str | UnsetType | None = UNSET
    phones: tuple[str, ...] | UnsetType = UNSET
    emails: tuple[str, ...] | UnsetType = UNSET
    gender: Gender | UnsetType | None = UNSET
    birthday: date | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    location: str | UnsetType | None = UNSET
    custom: dict[str, CustomValue | None] | UnsetType = UNSET
    custom_names: dict[str, str] = msgspec.field(default_factory=dict)
    warehouse_id: str | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET
    campaign_id: str | UnsetType | None = UNSET
    care_status: CareStatus | UnsetType | None = UNSET
    removed: tuple[str, ...] = ()
    """Phone numbers and emails that the contact had before: they are not offered again (C3)."""
    by: AgentId | None = None
    """Null for what a livechat's site sent later."""


class ContactRemoved(ContactEvent, frozen=True, kw_only=True):
    """An agent removed the contact. A later event of one of its customers creates it again, with
    the next sequence."""

    type: ClassVar[str] = "contact.removed.v1"
    merged: tuple[ContactId, ...] = ()
    """The contacts that were merged into it, and are removed with it."""
    customers: tuple[CustomerId, ...] = ()
    """The customers that belonged to it. Empty in records of earlier versions."""
    by: AgentId


class ContactMerged(ContactEvent, frozen=True, kw_only=True):
    """The contact is merged into the older contact `into` (C2)."""

    type: ClassVar[str] = "contact.merged.v1"
    into: ContactId
    merge_id: str
    by: AgentId | None = None
    """Null if it follows from a phone number or an email that both have."""


class ContactSeparated(ContactEvent, frozen=True, kw_only=True):
    """A merge was undone: the contact is one of its own again, with what it had."""

    type: ClassVar[str] = "contact.separated.v1"
    out_of: ContactId
    merge_id: str
    content: ContactContent
    merged: tuple[ContactId, ...] = ()
    """The contacts that were merged into this one."""
    created_at: Moment
    by: AgentId


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
