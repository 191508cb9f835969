"""Applies changes of the assignee to the state that decisions depend on."""

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.claims import PlaceEvent


def evolve(contact: ContactState | None, event: PlaceEvent) -> ContactState | None:
    """The contact after the event. Events of a contact that does not exist are ignored."""
    return contact and msgspec.structs.replace(
        contact,
        sequence=event.sequence,
        version=event.sequence,
        warehouse_id=event.warehouse_id,
        assignee=event.assignee,
    )
