"""Applies the events of a contact itself to the state that decisions depend on."""

from typing import assert_never

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.contacts import ContactCreated, ContactNamed, ContactRenamed


def evolve(
    contact: ContactState | None, event: ContactCreated | ContactNamed | ContactRenamed
) -> ContactState | None:
    """The contact after the event. Events of a contact that does not exist are ignored."""
    match event:
        case ContactCreated():
            return ContactState(
                sequence=event.sequence,
                version=event.sequence,
                name=event.name,
                nameless=() if event.name else (event.customer_id,),
                warehouse_id=event.warehouse_id,
            )
        case ContactNamed() | ContactRenamed() if contact is None:
            return None
        case ContactNamed():
            return msgspec.structs.replace(
                contact,
                sequence=event.sequence,
                version=event.sequence,
                name=contact.name if event.renamed else contact.name or event.name,
                nameless=tuple(each for each in contact.nameless if each != event.customer_id),
            )
        case ContactRenamed():
            return msgspec.structs.replace(
                contact,
                sequence=event.sequence,
                version=event.sequence,
                name=event.name,
                renamed=True,
            )
        case _:
            assert_never(event)
