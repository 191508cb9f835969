"""The assignee of a contact: claims, assignments and moves between warehouses."""

from typing import ClassVar

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.ids import AgentId


class ClaimContact(ContactCommand, frozen=True, kw_only=True):
    """Give the contact to the agent, if it is in this warehouse and nobody has it (W4)."""

    type: ClassVar[str] = "contact.claim.v1"
    warehouse_id: str
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class PlaceContact(ContactCommand, frozen=True, kw_only=True):
    """Assign the contact, take it back (null), or move it to another warehouse (W5, W7).

    Fields that are not given do not change.
    """

    type: ClassVar[str] = "contact.place.v1"
    assignee: AgentId | UnsetType | None = UNSET
    warehouse_id: str | UnsetType = UNSET
    by: AgentId
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class PlaceEvent(ContactEvent, frozen=True, kw_only=True):
    """Something that changed who has the contact, or its warehouse. Both are as they are after the
    event."""

    warehouse_id: str
    assignee: AgentId | None


class ContactClaimed(PlaceEvent, frozen=True, kw_only=True):
    """A member of its warehouse got a contact that nobody had (W4)."""

    type: ClassVar[str] = "contact.claimed.v1"


class ContactAssigned(PlaceEvent, frozen=True, kw_only=True):
    """A contact was given to an agent, or taken back (null) (W5, W7)."""

    type: ClassVar[str] = "contact.assigned.v1"
    previous_assignee: AgentId | None = None
    by: AgentId | None = None
    """Null if its warehouse distributed it."""


class ContactMoved(PlaceEvent, frozen=True, kw_only=True):
    """A contact came into another warehouse (W5). Who has it keeps it."""

    type: ClassVar[str] = "contact.moved.v1"
    previous_warehouse_id: str
    by: AgentId
