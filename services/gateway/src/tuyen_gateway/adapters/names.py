"""Adds to conversations what the CRM knows of their customers: the contact, after merges, and the
name of a customer whose own events contained none. The name is that of the contact, which agents
may have changed, or the one with which the channel described the customer.

Facebook names the author of a comment, but not that of a message. It is the same customer, and the
CRM has stored the name.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ContactId, CustomerId, OrganizationId, contact_id
from tuyen_events.limits import NAME_CHARACTERS, NAMED_ELSEWHERE, URL_CHARACTERS
from tuyen_gateway.adapters.queries import ListQuery, build_list_query, build_matching_query
from tuyen_gateway.domain.customer_descriptions import show_description
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import drop_too_long
from tuyen_gateway.domain.threads import Message, shorten
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.projections.collections import CONVERSATIONS
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW, of_organization
from tuyen_views.names import SUFFIXES, match_part

FREQUENT = 4_000
"""From so many conversations with a name on, they are found sooner in the order of the list. Up to
here, all of them are read: 4,000 take about as long as to find one name in 250 for a page of
fifty, which is how rare this one is among a million."""


class CustomerNames:
    """Reads the CRM's view of the contacts, and finds conversations by names."""

    def __init__(self, database: Database) -> None:
        self._contacts = database[CONTACTS_VIEW.collection]
        self._conversations = database[CONVERSATIONS]

    async def add_names(self, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
        """The rows with their contacts, and with the contact's name where the customer's events
        contain none, or with the name that the channel gave when it was asked."""
        contacts = await self._find_contacts(
            {row.organization for row in rows if row.organization is not None},
            {contact_id(row.customer.id) for row in rows if row.customer},
        )
        return [_add_contact(show_description(_add_name(row, contacts)), contacts) for row in rows]

    async def add_author_names(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages, with the contact's name where the author has none."""
        nameless = [one for one in messages if one.customer_id and not one.customer_name]
        contacts = await self._find_contacts(
            {one.organization for one in nameless},
            {contact_id(one.customer_id) for one in nameless if one.customer_id},
        )
        return [_add_author(one, contacts) for one in messages]

    async def _find_contacts(
        self, organizations: Collection[OrganizationId], own: Collection[ContactId]
    ) -> Mapping[ContactId, Document]:
        """Those of `own` that exist, by their ids; of one that was merged, the
        survivor (C2)."""
        if not own:
            return {}
        wanted = {"$in": sorted(own)}
        query: Document = {
            "$or": [
                {"_id": wanted},
                {"organization": {"$in": sorted(organizations)}, "merged": wanted},
            ]
        }
        shown = {"name": 1, "customers.picture": 1, "merged": 1}
        found = await self._contacts.find(query, shown).to_list(None)
        survivors = {each: one for one in found for each in one.get("merged", ())}
        return {ContactId(one["_id"]): one for one in found} | survivors

    async def matching(self, scope: Scope, wanted: ConversationFilter) -> list[Document]:
        """`build_matching_query`, in which a name also matches the customers of contacts with that
        name: of NAMED_ELSEWHERE contacts at most."""
        if not wanted.name:
            return build_matching_query(scope, wanted)
        customers = await self._find_customers(scope.organization, wanted.name)
        return build_matching_query(scope, wanted, customers)

    async def build_list_query(self, scope: Scope, wanted: ConversationFilter) -> ListQuery:
        """The same for a list."""
        if not wanted.name:
            return build_list_query(scope, wanted)
        customers, frequent = await asyncio.gather(
            self._find_customers(scope.organization, wanted.name),
            self._is_frequent(scope.organization, wanted.name),
        )
        return build_list_query(scope, wanted, customers, frequent=frequent)

    async def _find_customers(
        self, organization: OrganizationId, name: str
    ) -> Collection[CustomerId]:
        query = of_organization(organization, name)
        found = self._contacts.find(query, {"customers.id": 1}).limit(NAMED_ELSEWHERE)
        contacts = await found.to_list(None)
        return {CustomerId(one["id"]) for each in contacts for one in each["customers"]}

    async def _is_frequent(self, organization: OrganizationId, name: str) -> bool:
        """Whether more conversations than FREQUENT have the name. Counted in the index alone: of a
        long name, those with its end."""
        query = {"organization": organization, SUFFIXES: match_part(name)[SUFFIXES]}
        return await self._conversations.count_documents(query, limit=FREQUENT + 1) > FREQUENT


def _add_author(message: Message, contacts: Mapping[ContactId, Document]) -> Message:
    if message.customer_id is None or message.customer_name:
        return message
    name = contacts.get(contact_id(message.customer_id), {}).get("name")
    return msgspec.structs.replace(message, customer_name=shorten(name, NAME_CHARACTERS))


def _add_contact(row: InboxRow, contacts: Mapping[ContactId, Document]) -> InboxRow:
    """The row with the contact into which that of its customer was merged."""
    if row.customer is None:
        return row
    own = contact_id(row.customer.id)
    found = ContactId(contacts.get(own, {}).get("_id", own))
    return msgspec.structs.replace(row, contact_id=None if found == own else found)


def _add_name(row: InboxRow, contacts: Mapping[ContactId, Document]) -> InboxRow:
    customer = row.customer
    if customer is None or customer.name:
        return row
    contact = contacts.get(contact_id(customer.id), {})
    if contact.get("name") is None:
        return row
    pictures = [picture for one in contact["customers"] if (picture := one.get("picture"))]
    named = msgspec.structs.replace(
        customer,
        name=shorten(contact["name"], NAME_CHARACTERS),
        picture=customer.picture or drop_too_long(next(iter(pictures), None), URL_CHARACTERS),
    )
    return msgspec.structs.replace(row, customer=named)
