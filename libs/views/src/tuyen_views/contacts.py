"""Contacts. The CRM writes them; the gateway reads them, also for the names in the inbox."""

from datetime import date, datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.crm.contacts import CustomerOfContact, CustomValue, Gender
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.suggestions import Suggestion
from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_platform.mongodb import Document
from tuyen_views.merge_proposals import ProposalOfContact
from tuyen_views.names import SUFFIXES, list_suffixes, match_part
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
    suggestions: tuple[Suggestion, ...] = ()
    """Read them by `list_open`."""
    declined: tuple[str, ...] = ()
    viewers: tuple[AgentId, ...] = ()
    """Agents with whom it is shared: they read it (S1). They are the agents of `shares`."""
    shares: tuple[Share, ...] = ()
    rules: tuple[AppliedRule, ...] = ()
    merged: tuple[ContactId, ...] = ()
    """The contacts that are parts of this one: what belongs to them is listed with it (C2)."""
    proposals: tuple[ProposalOfContact, ...] = ()
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


CONTACTS_BY_NAME, CONTACTS_BY_ADDRESS, CONTACTS_BY_EMAIL = "by_name", "by_address", "by_email"
CONTACTS_BY_TAG, CONTACTS_BY_STEP, CONTACTS_BY_CAMPAIGN = "by_tag", "by_step", "by_campaign"

FOLDED_TAGS = "folded_tags"
"""The tags, as they are compared."""
AT_STEPS = "at_steps"
"""Each step with its pipeline, `retail:quoted`."""
ADDRESS_SUFFIXES = "address_suffixes"
"""The suffixes of the phone numbers and emails, as `SUFFIXES` has those of the name."""

_SORTED_CHARACTERS = 100
"""So much of a name is sorted by."""

_SEARCHED = 20
"""So many phone numbers and emails of one contact, together, can be found by a part of them."""


class ContactsView(View[ContactDocument]):
    """What is searched and sorted by is stored with each contact, and is computed from it."""

    def encode(self, document: ContactDocument) -> Document:
        addresses = [*document.phones, *document.emails][:_SEARCHED]
        return {
            **super().encode(document),
            "sort_name": sort_name_of(document),
            FOLDED_TAGS: sorted(map(fold_tag, document.tags)),
            AT_STEPS: sorted(f"{pipeline}:{step}" for pipeline, step in document.steps.items()),
            ADDRESS_SUFFIXES: sorted({part for one in addresses for part in list_suffixes(one)}),
        }


def sort_name_of(contact: ContactDocument) -> str:
    """What contacts are sorted by when they are sorted by name."""
    return contact.name_folded[:_SORTED_CHARACTERS]


def _index(name: str, *fields: str, newest_first: str | None = None) -> IndexModel:
    ordered = [] if newest_first is None else [(newest_first, DESCENDING), ("_id", DESCENDING)]
    return IndexModel(
        [("organization", ASCENDING), *((field, ASCENDING) for field in fields), *ordered],
        name=name,
    )


CONTACTS_VIEW = ContactsView(
    # With another number whenever documents of the version before cannot be used any more.
    "crm_contacts",
    ContactDocument,
    (
        _index("by_organization", "_id"),
        _index(CONTACTS_BY_NAME, SUFFIXES),
        _index(CONTACTS_BY_ADDRESS, ADDRESS_SUFFIXES),
        _index(CONTACTS_BY_EMAIL, "emails"),
        _index("of_warehouse", "warehouse_id", "_id"),
        _index("of_warehouse_by_name", "warehouse_id", "sort_name", "_id"),
        _index("of_warehouse_by_creation", "warehouse_id", newest_first="created_at"),
        _index("of_warehouse_by_change", "warehouse_id", newest_first="updated_at"),
        _index("of_assignee", "assignee", "_id"),
        _index("of_viewer", "viewers", "_id"),
        _index(CONTACTS_BY_CAMPAIGN, "campaign_id", "_id"),
        _index("by_sharing_rule", "rules.id", "rules.revision"),
        _index("by_merged", "merged"),
        _index(CONTACTS_BY_TAG, FOLDED_TAGS, "_id"),
        _index(CONTACTS_BY_STEP, AT_STEPS, "_id"),
        IndexModel(
            [("organization", ASCENDING), ("proposals.id", ASCENDING)],
            name="by_proposal",
            partialFilterExpression={"proposals.id": {"$exists": True}},
        ),
    ),
)
"""A list of all that a warehouse has is in the order of an index. An agent has few contacts beside
it: these are sorted when they are read."""


def of_organization(organization: OrganizationId, name: str | None = None) -> Document:
    """A query for the contacts of an organization; with `name`, for those whose name contains it,
    regardless of accents and case."""
    query: Document = {"organization": organization}
    return {**query, **match_part(name)} if name else query
