"""Handles commands about tickets."""

from typing import assert_never

from tuyen_crm.domain.children import change_child, put_child, remove_child
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.tickets import (
    AddTicket,
    ChangeTicket,
    RemoveTicket,
    TicketAdded,
    TicketChanged,
    TicketRemoved,
)

KIND = "tickets"

TicketCommands = AddTicket | ChangeTicket | RemoveTicket


def decide(known: KnownState, command: TicketCommands) -> CommandDecision:
    match command:
        case AddTicket():
            return put_child(known, KIND, command, added=TicketAdded, changed=TicketChanged)
        case ChangeTicket():
            return change_child(known, KIND, command, TicketChanged)
        case RemoveTicket():
            return remove_child(known, KIND, command, TicketRemoved)
        case _:
            assert_never(command)
