"""The state that decisions about a contact, and about what belongs to it, depend on."""

import msgspec

from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import AgentId, ContactId, CustomerId


class ContactState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions about a contact depend on.

    `sequence` is that of the contact's last event, and `version` that of the last event that
    changed the contact itself. `nameless` are the customers whose names the channel has not sent
    yet. `renamed` is true once an agent has given the contact a name or removed it. `assignee` is
    the agent who has it.
    """

    sequence: int
    version: int
    name: str | None = None
    renamed: bool = False
    nameless: tuple[CustomerId, ...] = ()
    phones: tuple[str, ...] = ()
    """In E.164."""
    emails: tuple[str, ...] = ()
    """In lower case."""
    warehouse_id: str = DEFAULT_WAREHOUSE
    assignee: AgentId | None = None


class PartState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions about a part depend on: to which contact it belongs, and the sequence of that
    contact's last event that changed the part. What people wrote in it is not needed here."""

    contact_id: ContactId
    version: int


def count_only(contact: ContactState | None, event: ContactEvent) -> ContactState | None:
    """The state after an event that no later decision depends on: only the sequence changes."""
    return contact and msgspec.structs.replace(contact, sequence=event.sequence)
