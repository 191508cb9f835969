"""Finds the contact of which another one is a part, for commands about contacts that were merged
meanwhile (C2).
"""

from typing import TypeVar

import msgspec

from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.records import ContactCommand
from tuyen_events.ids import ContactId

ContactCommandT = TypeVar("ContactCommandT", bound=ContactCommand)


def find_whole(known: KnownState, contact_id: ContactId) -> tuple[ContactId, ContactState] | None:
    """The contact, or the one of which it is a part, perhaps by several merges; None if that one
    does not exist."""
    contact = known.contact(contact_id)
    while contact is not None and contact.merged_into is not None:
        contact_id = contact.merged_into
        contact = known.contact(contact_id)
    return None if contact is None else (contact_id, contact)


def address_whole(
    known: KnownState, command: ContactCommandT
) -> tuple[ContactCommandT, ContactState] | None:
    """The command, about the contact of which its own is a part, and that contact."""
    found = find_whole(known, command.contact_id)
    if found is None:
        return None
    contact_id, contact = found
    return msgspec.structs.replace(command, contact_id=contact_id), contact
