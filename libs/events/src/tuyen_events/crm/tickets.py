"""Tickets: what a contact asks to be solved."""

from typing import ClassVar, NewType

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ChildCommand, ChildEvent
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Word

TicketId = NewType("TicketId", str)


class TicketPriority(Word):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketState(Word):
    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


class TicketCommand(ChildCommand, frozen=True, kw_only=True):
    """A request about a ticket."""

    ticket_id: TicketId

    @property
    def child_id(self) -> str:
        return self.ticket_id


class AddTicket(TicketCommand, frozen=True, kw_only=True):
    """Add a ticket to the contact, or replace the one with that id."""

    type: ClassVar[str] = "ticket.add.v1"
    title: str
    description: str | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    state: TicketState = TicketState.OPEN
    assignee: AgentId | None = None


class ChangeTicket(TicketCommand, frozen=True, kw_only=True):
    """Change the fields that are given."""

    type: ClassVar[str] = "ticket.change.v1"
    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    priority: TicketPriority | UnsetType = UNSET
    state: TicketState | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class RemoveTicket(TicketCommand, frozen=True, kw_only=True):
    """Remove the ticket; if there is none, nothing changes."""

    type: ClassVar[str] = "ticket.remove.v1"


class TicketEvent(ChildEvent, frozen=True, kw_only=True):
    """Something that happened to a ticket."""

    ticket_id: TicketId

    @property
    def child_id(self) -> str:
        return self.ticket_id


class TicketAdded(TicketEvent, frozen=True, kw_only=True):
    """An agent added a ticket to the contact (C5)."""

    type: ClassVar[str] = "ticket.added.v1"
    title: str
    description: str | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    state: TicketState = TicketState.OPEN
    assignee: AgentId | None = None


class TicketChanged(TicketEvent, frozen=True, kw_only=True):
    """An agent changed the fields of a ticket that are given."""

    type: ClassVar[str] = "ticket.changed.v1"
    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    priority: TicketPriority | UnsetType = UNSET
    state: TicketState | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class TicketRemoved(TicketEvent, frozen=True, kw_only=True):
    """An agent removed a ticket."""

    type: ClassVar[str] = "ticket.removed.v1"
    removes: ClassVar[bool] = True
