"""Contacts. The CRM writes them; the gateway reads them, also for the names in the inbox."""

from datetime import date, datetime

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.crm.contacts import CustomerOfContact, CustomValue, Gender
from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_platform.mongodb import Document
from tuyen_views.names import SUFFIXES, match_part
from tuyen_views.shares import AppliedRule, Share
from tuyen_views.view import View


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
    gender: Gender | None = None
    birthday: date | None = None
    address: str | None = None
    location: str | None = None
    custom: dict[str, CustomValue] = {}
    tags: tuple[str, ...] = ()
    customers: tuple[CustomerOfContact, ...]
    source: str | None = None
    """Where it came from: the id of a page, an import or an integration."""
    warehouse_id: str
    assignee: AgentId | None = None
    campaign_id: str | None = None
    care_status: CareStatus | None = None
    steps: dict[str, str] = {}
    """By pipeline."""
    viewers: tuple[AgentId, ...] = ()
    """Agents with whom it is shared: they read it (S1). They are the agents of `shares`."""
    shares: tuple[Share, ...] = ()
    rules: tuple[AppliedRule, ...] = ()
    merged: tuple[ContactId, ...] = ()
    """The contacts that are parts of this one: what belongs to them is listed with it (C2)."""
    merged_into: ContactId | None = None
    """The contact of which this one is a part. Such a document has no content, no warehouse and no
    assignee, so that nobody's scope covers it."""
    created_at: datetime
    created_by: AgentId | None = None
    """Null for a contact that no agent created."""
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
        IndexModel(
            [("organization", ASCENDING), ("campaign_id", ASCENDING), ("_id", ASCENDING)],
            name="by_campaign",
        ),
        IndexModel(
            [("organization", ASCENDING), ("rules.id", ASCENDING), ("rules.revision", ASCENDING)],
            name="by_sharing_rule",
        ),
    ),
)


def of_organization(organization: OrganizationId, name: str | None = None) -> Document:
    """A query for the contacts of an organization; with `name`, for those whose name contains it,
    regardless of accents and case."""
    query: Document = {"organization": organization}
    return {**query, **match_part(name)} if name else query
