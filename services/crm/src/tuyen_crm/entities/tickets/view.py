"""The documents of tickets, and the history of tickets in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import describe_child
from tuyen_events.crm.tickets import TicketAdded, TicketChanged, TicketRemoved, TicketState
from tuyen_views.tickets import TicketDocument
from tuyen_views.view import add_document, change_document

TicketEvents = TicketAdded | TicketChanged | TicketRemoved

_FIELDS = {
    "title": "subject",
    "description": "description",
    "priority": "priority",
    "state": "state",
    "assignee": "assignee",
}

_MOVED = {
    TicketState.SOLVED: ("giải quyết xong phiếu hỗ trợ", "solved the ticket"),
    TicketState.CLOSED: ("đóng phiếu hỗ trợ", "closed the ticket"),
    TicketState.PENDING: ("tạm chờ phiếu hỗ trợ", "put the ticket on hold:"),
    TicketState.OPEN: ("mở lại phiếu hỗ trợ", "reopened the ticket"),
}
"""The words for changes of the state."""


def fold(document: TicketDocument | None, event: TicketEvents) -> TicketDocument | None:
    match event:
        case TicketAdded():
            return add_document(TicketDocument, event, _FIELDS)
        case TicketChanged():
            return change_document(document, event, _FIELDS)
        case TicketRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: TicketEvents, before: TicketDocument | None, after: TicketDocument | None
) -> EventDescription:
    shown = after or before
    match event:
        case TicketAdded():
            vi, en = "thêm phiếu hỗ trợ", "added the ticket"
        case TicketChanged() if before and after and before.state is not after.state:
            vi, en = _MOVED[after.state]
        case TicketChanged():
            vi, en = "sửa phiếu hỗ trợ", "changed the ticket"
        case TicketRemoved():
            vi, en = "xóa phiếu hỗ trợ", "removed the ticket"
        case _:
            assert_never(event)
    return describe_child(event, before, after, (vi, en, shown.title if shown else None), _FIELDS)
