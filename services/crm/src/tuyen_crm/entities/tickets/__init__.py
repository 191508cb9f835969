"""Tickets: what a contact asks to be solved (C5)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.tickets import decide, view
from tuyen_events.crm.tickets import (
    AddTicket,
    ChangeTicket,
    RemoveTicket,
    TicketAdded,
    TicketChanged,
    TicketRemoved,
)
from tuyen_views.tickets import TICKETS_VIEW, TicketDocument
from tuyen_views.view import child_key

ENTITY: Entity[decide.TicketCommands, view.TicketEvents, TicketDocument] = Entity(
    name=decide.KIND,
    commands=(AddTicket, ChangeTicket, RemoveTicket),
    decide=decide.decide,
    events=(TicketAdded, TicketChanged, TicketRemoved),
    view=TICKETS_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
