"""Contacts. The CRM writes them; the gateway reads them, also for the names in the inbox."""

import re
from datetime import datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents
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
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    customers: tuple[CustomerOfContact, ...]
    warehouse_id: str
    source: str | None = None
    """The page or integration that it came from; null if an agent made it (W3)."""
    assignee: AgentId | None = None
    viewers: tuple[AgentId, ...] = ()
    """Agents with whom it is shared: they read it (S1)."""
    created_at: datetime
    updated_at: datetime | None = None
    """Null in documents of earlier versions."""
    version: int
    sequence: int = 0
    """0 in documents of earlier versions, which are folded again from the first event."""


FRAGMENT_CHARACTERS = 12
"""Of each text, from each of its characters on, so many characters are stored for the search."""

_SEARCHED_CHARACTERS = 100
"""So much of each text can be found by a search, and so much of a name is sorted by."""

_SEARCHED = 20
"""So many phone numbers and emails of one contact, together, can be found by a part of them."""


class ContactsView(View[ContactDocument]):
    """What is searched and sorted by is stored with each contact, and is computed from it."""

    def encode(self, document: ContactDocument) -> Document:
        return {
            **super().encode(document),
            "sort_name": sort_name_of(document),
            "fragments": sorted(_find_fragments(document)),
        }


def sort_name_of(contact: ContactDocument) -> str:
    """What contacts are sorted by when they are sorted by name."""
    return contact.name_folded[:_SEARCHED_CHARACTERS]


def _find_fragments(contact: ContactDocument) -> set[str]:
    texts = [contact.name_folded, *[*contact.phones, *contact.emails][:_SEARCHED]]
    return {
        text[start : start + FRAGMENT_CHARACTERS]
        for text in (each[:_SEARCHED_CHARACTERS] for each in texts)
        for start in range(len(text))
    }


def _index(name: str, *fields: str, newest_first: str | None = None) -> IndexModel:
    ordered = [] if newest_first is None else [(newest_first, DESCENDING), ("_id", DESCENDING)]
    return IndexModel(
        [("organization", ASCENDING), *((field, ASCENDING) for field in fields), *ordered],
        name=name,
    )


CONTACTS_VIEW = ContactsView(
    "crm_contacts",
    ContactDocument,
    (
        _index("by_organization", "_id"),
        _index("by_name", "name_folded"),
        _index("of_warehouse", "warehouse_id", "_id"),
        _index("of_warehouse_by_name", "warehouse_id", "sort_name", "_id"),
        _index("of_warehouse_by_creation", "warehouse_id", newest_first="created_at"),
        _index("of_warehouse_by_change", "warehouse_id", newest_first="updated_at"),
        _index("of_assignee", "assignee", "_id"),
        _index("of_viewer", "viewers", "_id"),
        _index("by_fragment", "fragments"),
        _index("by_email", "emails"),
    ),
)
"""A list of all that a warehouse has is in the order of an index. An agent has few contacts beside
it: these are sorted when they are read."""


def of_organization(organization: OrganizationId, name: str | None = None) -> Document:
    """A query for the contacts of an organization; with `name`, for those whose name contains it,
    regardless of accents and case."""
    query: Document = {"organization": organization}
    if name:
        query["name_folded"] = {"$regex": re.escape(fold_accents(name))}
    return query
