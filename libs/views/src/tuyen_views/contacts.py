"""Contacts. The CRM writes them; the gateway reads them, also for the names in the inbox."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.crm.contacts import CustomerOfContact, Gender
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.suggestions import Suggestion
from tuyen_events.crm.tags import fold_tag
from tuyen_events.custom_fields import CustomValue
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents
from tuyen_views.merge_proposals import ProposalOfContact
from tuyen_views.names import (
    NAME,
    SUFFIXES,
    find_anywhere,
    is_suffix,
    list_marked_suffixes,
    list_suffixes,
    match_each_part,
)
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
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    gender: Gender | None = None
    birthday: date | None = None
    address: str | None = None
    location: str | None = None
    custom: dict[str, CustomValue] = {}
    """Also values of fields that were removed, or that have another type by now."""
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
    """The contacts that were merged into this one: what belongs to them is listed with it (C2)."""
    proposals: tuple[ProposalOfContact, ...] = ()
    merged_into: ContactId | None = None
    """The contact into which this one was merged. Such a document has no content, no warehouse and
    no assignee, so that nobody's scope covers it."""
    created_at: datetime
    created_by: AgentId | None = None
    """Null for a contact that no agent created."""
    updated_at: datetime | None = None
    """Null in documents of earlier versions."""
    version: int
    sequence: int = 0
    """0 in documents of earlier versions, which are folded again from the first event."""


CONTACTS_BY_NAME, CONTACTS_BY_ADDRESS, CONTACTS_BY_EMAIL = "by_name", "by_address", "by_email"
SORT_NAME = "sort_name"
"""The beginning of the name, by which contacts are sorted."""
FOLDED_TAGS = "folded_tags"
"""The tags, as they are compared."""
AT_STEPS = "at_steps"
"""Each step with its pipeline, `retail:quoted`."""
CUSTOM_VALUES = "custom_values"
"""The value of each custom field with the field, as `find_custom` compares them."""
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
            SUFFIXES: list_marked_suffixes(document.name_folded),
            SORT_NAME: sort_name_of(document),
            FOLDED_TAGS: sorted(map(fold_tag, document.tags)),
            AT_STEPS: sorted(f"{pipeline}:{step}" for pipeline, step in document.steps.items()),
            CUSTOM_VALUES: sorted(find_custom(*each) for each in document.custom.items()),
            ADDRESS_SUFFIXES: sorted({part for one in addresses for part in list_suffixes(one)}),
        }


def find_custom(field_id: str, value: CustomValue) -> str:
    """What `CUSTOM_VALUES` has for this value of a custom field: texts are compared without accents
    and case, numbers by what they are worth."""
    if isinstance(value, str):
        return f'{field_id}="{fold_accents(value)}'
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{field_id}={msgspec.json.encode(value).decode()}"


def sort_name_of(contact: ContactDocument) -> str:
    """What contacts are sorted by when they are sorted by name."""
    return contact.name_folded[:_SORTED_CHARACTERS]


def _index(name: str, *fields: str) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in ("organization", *fields)], name=name)


class ContactSource(StrEnum):
    """What a viewer sees contacts by."""

    WAREHOUSE = "of_warehouse"
    """The contacts of a warehouse."""
    WAREHOUSE_AND_ASSIGNEE = "of_warehouse_by_assignee"
    """Those contacts in a warehouse that one agent, or nobody, has."""
    ASSIGNEE = "of_assignee"
    """The contacts that an agent has."""
    VIEWER = "of_viewer"
    """The contacts that are shared with an agent."""


_FIELDS: Mapping[ContactSource, tuple[str, ...]] = {
    ContactSource.WAREHOUSE: ("warehouse_id",),
    ContactSource.WAREHOUSE_AND_ASSIGNEE: ("warehouse_id", "assignee"),
    ContactSource.ASSIGNEE: ("assignee",),
    ContactSource.VIEWER: ("viewers",),
}
_ORDERS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "_id": (),
    SORT_NAME: ((SORT_NAME, ASCENDING),),
    "created_at": (("created_at", DESCENDING),),
    "updated_at": (("updated_at", DESCENDING),),
}


def index_in_order(source: ContactSource, order: str) -> str:
    """The name of the index that has the contacts of a source in the order of this field."""
    return source.value if order == "_id" else f"{source.value}_in_order_of_{order}"


def _ordered_index(source: ContactSource, order: str) -> IndexModel:
    """It ends with the name, so that those of many contacts are compared in the index alone. Where
    one contact has an entry for each of many agents, it does not."""
    ordered = _ORDERS[order]
    last = ordered[-1][1] if ordered else ASCENDING
    return IndexModel(
        [
            *((field, ASCENDING) for field in ("organization", *_FIELDS[source])),
            *ordered,
            ("_id", last),
            *([] if source is ContactSource.VIEWER else [(NAME, ASCENDING)]),
        ],
        name=index_in_order(source, order),
    )


CONTACT_MARKS = ("campaign_id", "care_status", FOLDED_TAGS, AT_STEPS, CUSTOM_VALUES)
"""What contacts are found by that many, or few, of a warehouse or of an agent may have."""


def index_by_mark(mark: str, source: ContactSource) -> str:
    """The name of the index that has the contacts with a mark, by their warehouses or by their
    assignees; of other sources, all contacts that have it."""
    field = "assignee" if source is ContactSource.ASSIGNEE else "warehouse_id"
    return f"by_{mark}_and_{field}"


CONTACTS_VIEW = ContactsView(
    # With another number whenever documents of the version before cannot be used any more.
    "crm_contacts_2",
    ContactDocument,
    (
        *(_ordered_index(source, order) for source in ContactSource for order in _ORDERS),
        _index("by_organization", "_id"),
        _index(CONTACTS_BY_NAME, SUFFIXES),
        _index(CONTACTS_BY_ADDRESS, ADDRESS_SUFFIXES),
        _index(CONTACTS_BY_EMAIL, "emails"),
        *(
            _index(index_by_mark(mark, source), mark, *_FIELDS[source], "_id")
            for mark in CONTACT_MARKS
            for source in (ContactSource.WAREHOUSE, ContactSource.ASSIGNEE)
        ),
        _index("by_sharing_rule", "rules.id", "rules.revision"),
        _index("by_merged", "merged"),
    ),
)
"""Every list is read in the order of an index, or by an index with the few contacts that have what
is searched, which are then sorted."""


def match_name(name: str) -> Document:
    """A query for the contacts whose name contains this, regardless of accents and case, that an
    index answers."""
    folded = fold_accents(name)
    query: Document = {SUFFIXES: find_anywhere(folded)}
    return query if is_suffix(folded) else {**query, **match_each_part(name)}


def of_organization(organization: OrganizationId, name: str | None = None) -> Document:
    """A query for the contacts of an organization; with `name`, for those whose name contains it,
    regardless of accents and case."""
    query: Document = {"organization": organization}
    return {**query, **match_name(name)} if name else query
