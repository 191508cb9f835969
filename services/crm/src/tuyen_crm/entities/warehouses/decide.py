"""Handles commands about warehouses.

Decides W2.
"""

from collections.abc import Sequence
from typing import assert_never

from tuyen_crm.domain.decision import (
    CommandDecision,
    decide_applied,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.facts import in_warehouse_fact
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.entities.warehouses.placing import WAREHOUSES, list_warehouses
from tuyen_events.crm.claims import ContactMoved
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.warehouses import (
    EmptyWarehouse,
    PutWarehouse,
    RemoveWarehouse,
    WarehouseChanged,
    WarehouseRemoved,
)

_MOVED_AT_ONCE = 200
"""How many contacts one command moves. What a command changes must fit into one record."""

WarehouseCommands = PutWarehouse | EmptyWarehouse | RemoveWarehouse


def decide(known: KnownState, command: WarehouseCommands) -> CommandDecision:
    match command:
        case PutWarehouse():
            return _put(known, command)
        case EmptyWarehouse():
            return _empty(known, command)
        case RemoveWarehouse():
            return _remove(known, command)
        case _:
            assert_never(command)


def _put(known: KnownState, command: PutWarehouse) -> CommandDecision:
    """A source belongs to one warehouse."""
    taken = {
        source
        for warehouse in list_warehouses(known)
        if warehouse.id != command.id
        for source in warehouse.sources
    }
    if not taken.isdisjoint(command.sources):
        return decide_refused(CrmRefusal.SOURCE_TAKEN)
    return put_entity(known, WAREHOUSES, command, WarehouseChanged)


def _empty(known: KnownState, command: EmptyWarehouse) -> CommandDecision:
    moved = _move_out(known, command)
    return decide_applied(*moved) if moved else decide_unchanged(0)


def _remove(known: KnownState, command: RemoveWarehouse) -> CommandDecision:
    """The default warehouse always exists. No contact is in a warehouse that does not exist: with
    more contacts than one command moves, it has to be emptied first."""
    if command.id == DEFAULT_WAREHOUSE:
        return decide_refused(CrmRefusal.NEEDED)
    removed = remove_entity(known, WAREHOUSES, command, WarehouseRemoved)
    if not removed.events:
        return removed
    if len(known.find(in_warehouse_fact(command.id))) > _MOVED_AT_ONCE:
        return decide_refused(CrmRefusal.NOT_EMPTY)
    return decide_applied(*_move_out(known, command), *removed.events)


def _move_out(
    known: KnownState, command: EmptyWarehouse | RemoveWarehouse
) -> Sequence[ContactMoved]:
    """What a warehouse that is removed has comes into the default one; whoever has a contact keeps
    it."""
    return [
        ContactMoved(
            organization=command.organization,
            contact_id=contact_id,
            sequence=contact.sequence + 1,
            warehouse_id=DEFAULT_WAREHOUSE,
            previous_warehouse_id=command.id,
            assignee=contact.assignee,
            by=command.by,
            caused_by=command.command_id,
            at=command.at,
        )
        for contact_id in known.find(in_warehouse_fact(command.id))[:_MOVED_AT_ONCE]
        if (contact := known.contact(contact_id)) is not None
    ]
