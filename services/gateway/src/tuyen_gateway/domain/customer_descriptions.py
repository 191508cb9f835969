"""Customers as their channel described them when it was asked (C1).

The name in a webhook, and a name that agents gave the contact, are preferred to the description;
both are known elsewhere.
"""

import msgspec

from tuyen_events.inbound import CustomerDescribed
from tuyen_events.limits import NAME_CHARACTERS, URL_CHARACTERS
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import CustomerDescription, drop_too_long
from tuyen_gateway.domain.threads import Direction, Message, moment_of, shorten

MESSAGES_NAMED = 50
"""How many messages of a thread are given their author's name once it is known. Those before them
are shown with the name that the row has."""


def note_description(row: InboxRow, event: CustomerDescribed, name_folded: str | None) -> InboxRow:
    """The row after its customer was described: the latest description with a name counts.

    Idempotent, and in any order with other events. `name_folded` is the name for searches.
    """
    description = CustomerDescription(
        at=moment_of(event)[1],
        name=shorten(event.customer.name, NAME_CHARACTERS),
        picture=drop_too_long(event.customer.picture, URL_CHARACTERS),
    )
    if row.description is not None and row.description.order >= description.order:
        return row
    row = msgspec.structs.replace(row, description=description)
    if row.customer_named is not None:
        return row
    return msgspec.structs.replace(row, name_folded=name_folded)


def show_description(row: InboxRow) -> InboxRow:
    """The row with its customer's name and picture from the description, where it has none of its
    own."""
    customer, description = row.customer, row.description
    if customer is None or description is None:
        return row
    shown = msgspec.structs.replace(
        customer,
        name=customer.name or description.name,
        picture=customer.picture or description.picture,
    )
    return msgspec.structs.replace(row, customer=shown)


def add_author_name(message: Message, event: CustomerDescribed) -> Message:
    """A message of the thread, which came before the description, with its author's name. Whatever
    names it already stays."""
    name = shorten(event.customer.name, NAME_CHARACTERS)
    is_theirs = message.direction is Direction.IN and message.customer_id == event.customer.id
    if not is_theirs or message.customer_name or name is None:
        return message
    return msgspec.structs.replace(message, customer_name=name)
