"""The names of customers whose own events contained none: from their contacts, to which agents may
have given another name, or as the channel described the customer.

Facebook names the author of a comment, but not that of a message: it is the same customer, and the
CRM has kept the name.
"""

from collections.abc import Collection, Sequence

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ContactId, CustomerId, contact_id
from tuyen_events.limits import NAME_CHARACTERS, NAMED_ELSEWHERE, URL_CHARACTERS
from tuyen_gateway.adapters.queries import matching_query
from tuyen_gateway.domain.describing import show_description
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import whole
from tuyen_gateway.domain.threads import Message, shorten
from tuyen_gateway.domain.visibility import Scope
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW, of_organization


class CustomerNames:
    """Reads the CRM's view of the contacts."""

    def __init__(self, database: Database) -> None:
        self._contacts = database[CONTACTS_VIEW.collection]

    async def add_names(self, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
        """The rows, with the contact's name where the customer's events contain none, or with the
        name that the channel gave when it was asked."""
        nameless = {
            contact_id(row.customer.id) for row in rows if row.customer and not row.customer.name
        }
        contacts = await self._find_named(nameless) if nameless else {}
        return [show_description(_add_name(row, contacts)) for row in rows]

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
        query = {"_id": {"$in": sorted(wanted)}, "name": {"$ne": None}}
        found = self._contacts.find(query, {"name": 1, "customers.picture": 1})
        return {one["_id"]: one for one in await found.to_list(None)}

    async def matching(self, scope: Scope, wanted: ConversationFilter) -> list[Document]:
        """`matching_query`, in which a name also matches the customers of contacts with that name:
        of NAMED_ELSEWHERE contacts at most."""
        if not wanted.name:
            return matching_query(scope, wanted)
        query = of_organization(scope.organization, wanted.name)
        found = self._contacts.find(query, {"customers.id": 1}).limit(NAMED_ELSEWHERE)
        contacts = await found.to_list(None)
        customers = {CustomerId(one["id"]) for each in contacts for one in each["customers"]}
        return matching_query(scope, wanted, customers)


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
        picture=customer.picture or whole(next(iter(pictures), None), URL_CHARACTERS),
    )
    return msgspec.structs.replace(row, customer=named)
