"""Tickets of contacts. The CRM writes them; the gateway reads them."""

from tuyen_events.crm.tickets import TicketPriority, TicketState
from tuyen_events.ids import AgentId
from tuyen_views.view import BY_ASSIGNEE, BY_CONTACT, BY_ORGANIZATION, ChildDocument, View


class TicketDocument(ChildDocument, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket."""

    title: str
    description: str | None = None
    priority: TicketPriority
    state: TicketState
    assignee: AgentId | None = None


TICKETS_VIEW = View("crm_tickets_2", TicketDocument, (BY_CONTACT, BY_ASSIGNEE, BY_ORGANIZATION))
