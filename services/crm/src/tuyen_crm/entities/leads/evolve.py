"""What later decisions about a lead depend on."""

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.leads import LeadReceived


def evolve(contact: ContactState | None, event: LeadReceived) -> ContactState | None:
    return contact and msgspec.structs.replace(contact, sequence=event.sequence, lead=event.content)
