"""The names of customers whose own events contained none, from their contacts.

Facebook names the author of a comment, but not that of a message: it is the same customer, and the
CRM has kept the name.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from tuyen_events.ids import CustomerId, contact_id
from tuyen_events.limits import NAME_CHARACTERS, NAMED_ELSEWHERE, URL_CHARACTERS
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import whole
from tuyen_gateway.domain.threads import cut
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports import ConversationFilter
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.text import fold_accents


class CustomerNames:
    """Reads the CRM's collection `contacts`."""

    def __init__(self, database: Database) -> None:
        self._contacts = database["contacts"]

    async def known(self, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
        """The rows; those whose customer has no name get the contact's."""
        nameless = {
            contact_id(row.customer.id) for row in rows if row.customer and not row.customer.name
        }
        if not nameless:
            return rows
        query = {"_id": {"$in": sorted(nameless)}, "name": {"$ne": None}}
        found = self._contacts.find(query, {"name": 1, "customers.picture": 1})
        contacts = {one["_id"]: one for one in await found.to_list(None)}
        return [_named(row, contacts) for row in rows]

    async def meant(self, scope: Scope, wanted: ConversationFilter) -> ConversationFilter:
        """The filter with the customers whose contacts match its name: at most
        `NAMED_ELSEWHERE`."""
        if not wanted.name:
            return wanted
        folded = {"$regex": re.escape(fold_accents(wanted.name))}
        query = {"organization": scope.organization, "name_folded": folded}
        found = self._contacts.find(query, {"customers.id": 1}).limit(NAMED_ELSEWHERE)
        contacts = await found.to_list(None)
        customers = [CustomerId(one["id"]) for each in contacts for one in each["customers"]]
        return replace(wanted, customers=frozenset(customers))


def _named(row: InboxRow, contacts: dict[str, Document]) -> InboxRow:
    customer = row.customer
    if customer is None or customer.name:
        return row
    contact = contacts.get(contact_id(customer.id))
    if contact is None:
        return row
    pictures = [picture for one in contact["customers"] if (picture := one.get("picture"))]
    named = msgspec.structs.replace(
        customer,
        name=cut(contact["name"], NAME_CHARACTERS),
        picture=customer.picture or whole(next(iter(pictures), None), URL_CHARACTERS),
    )
    return msgspec.structs.replace(row, customer=named)
