"""Adds to conversations what the CRM knows of their customers: the contact, after merges, and the
name of a customer whose own events contained none. The name is that of the contact, which agents
may have changed, or the one with which the channel described the customer.

Facebook names the author of a comment, but not that of a message. It is the same customer, and the
CRM has stored the name.
"""

import asyncio
from collections.abc import Collection, Sequence

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ContactId, CustomerId, OrganizationId, contact_id
from tuyen_events.limits import (
    CONTACT_MERGES,
    NAME_CHARACTERS,
    NAMED_ELSEWHERE,
    URL_CHARACTERS,
)
from tuyen_gateway.adapters.queries import ListQuery, build_list_query, build_matching_query
from tuyen_gateway.domain.describing import show_description
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
        nameless = {
            contact_id(row.customer.id) for row in rows if row.customer and not row.customer.name
        }
        contacts = await self._find_named(nameless) if nameless else {}
        named = [show_description(_add_name(row, contacts)) for row in rows]
        return await self._add_survivors(named)

    async def _add_survivors(self, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
        """The rows with the survivors of their customers' contacts (C2)."""
        own = {contact_id(row.customer.id) for row in rows if row.customer}
        organizations = {row.organization for row in rows if row.organization is not None}
        if not own:
            return rows
        query: Document = {
            "organization": {"$in": sorted(organizations)},
            "merged": {"$in": sorted(own)},
        }
        found = await self._contacts.find(query, {"merged": 1}).to_list(None)
        survivors = {merged: ContactId(one["_id"]) for one in found for merged in one["merged"]}
        return [
            msgspec.structs.replace(row, contact_id=survivors.get(contact_id(row.customer.id)))
            if row.customer
            else row
            for row in rows
        ]

    async def add_author_names(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages, with the contact's name where the author has none."""
        nameless = {
            contact_id(one.customer_id)
            for one in messages
            if one.customer_id and not one.customer_name
        }
        if not nameless:
            return messages
        contacts = await self._find_named(nameless)
        return [_add_author(one, contacts) for one in messages]

    async def _find_named(self, wanted: Collection[ContactId]) -> dict[str, Document]:
        """The contacts with names, by the ids in `wanted`. The name of one that was merged is that
        of the contact into which it was merged (C2)."""
        named: dict[str, Document] = {}
        places: dict[str, str] = {each: each for each in wanted}
        for _ in range(CONTACT_MERGES):
            query = {"_id": {"$in": sorted(set(places.values()))}}
            shown = {"name": 1, "customers.picture": 1, "merged_into": 1}
            found = {
                one["_id"]: one for one in await self._contacts.find(query, shown).to_list(None)
            }
            stored = {each: found[at] for each, at in places.items() if at in found}
            named |= {each: one for each, one in stored.items() if one["name"] is not None}
            survivors = {each: one.get("merged_into") for each, one in stored.items()}
            places = {
                each: survivor for each, survivor in survivors.items() if survivor is not None
            }
            if not places:
                break
        return named

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


def _add_author(message: Message, contacts: dict[str, Document]) -> Message:
    if message.customer_id is None or message.customer_name:
        return message
    contact = contacts.get(contact_id(message.customer_id))
    if contact is None:
        return message
    name = shorten(contact["name"], NAME_CHARACTERS)
    return msgspec.structs.replace(message, customer_name=name)


def _add_name(row: InboxRow, contacts: dict[str, Document]) -> InboxRow:
    customer = row.customer
    if customer is None or customer.name:
        return row
    contact = contacts.get(contact_id(customer.id))
    if contact is None:
        return row
    pictures = [picture for one in contact["customers"] if (picture := one.get("picture"))]
    named = msgspec.structs.replace(
        customer,
        name=shorten(contact["name"], NAME_CHARACTERS),
        picture=customer.picture or drop_too_long(next(iter(pictures), None), URL_CHARACTERS),
    )
    return msgspec.structs.replace(row, customer=named)
