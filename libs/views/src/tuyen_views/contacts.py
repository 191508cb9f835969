"""Contacts. The CRM writes them; the gateway reads them, also for the names in the inbox."""

from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_platform.mongodb import Document
from tuyen_views.names import SUFFIXES, match_part
from tuyen_views.view import View


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


class ContactDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A person.

    `version` is the sequence of the last event that changed the contact itself, and `sequence` that
    of the last event of the contact or of anything that belongs to it. The contact is stored last:
    when its document has a sequence, the views contain everything up to that sequence.
    """

    id: ContactId = msgspec.field(name="_id")
    organization: OrganizationId
    name: str | None
    name_folded: str
    """For the search: without accents and case (I4)."""
    name_suffixes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    customers: tuple[CustomerOfContact, ...]
    warehouse_id: str
    assignee: AgentId | None = None
    viewers: tuple[AgentId, ...] = ()
    """Agents with whom it is shared: they read it (S1)."""
    created_at: datetime
    updated_at: datetime | None = None
    """Null in documents of earlier versions."""
    version: int
    sequence: int = 0
    """0 in documents of earlier versions, which are folded again from the first event."""


CONTACTS_VIEW = View(
    # With another number whenever documents of the version before cannot be used any more.
    "crm_contacts",
    ContactDocument,
    (
        IndexModel([("organization", ASCENDING), ("_id", ASCENDING)], name="by_organization"),
        IndexModel([("organization", ASCENDING), (SUFFIXES, ASCENDING)], name="by_name"),
        IndexModel([("organization", ASCENDING), ("tags", ASCENDING)], name="by_tags"),
    ),
)


def of_organization(organization: OrganizationId, name: str | None = None) -> Document:
    """A query for the contacts of an organization; with `name`, for those whose name contains it,
    regardless of accents and case."""
    query: Document = {"organization": organization}
    return {**query, **match_part(name)} if name else query
