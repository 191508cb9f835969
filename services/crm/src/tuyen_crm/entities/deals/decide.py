"""Handles commands about deals."""

from typing import assert_never

from tuyen_crm.domain.children import change_child, put_child, remove_child
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.deals import (
    AddDeal,
    ChangeDeal,
    DealAdded,
    DealChanged,
    DealRemoved,
    RemoveDeal,
)

KIND = "deals"

DealCommands = AddDeal | ChangeDeal | RemoveDeal


def decide(known: KnownState, command: DealCommands) -> CommandDecision:
    match command:
        case AddDeal():
            return put_child(known, KIND, command, added=DealAdded, changed=DealChanged)
        case ChangeDeal():
            return change_child(known, KIND, command, DealChanged)
        case RemoveDeal():
            return remove_child(known, KIND, command, DealRemoved)
        case _:
            assert_never(command)
