"""Handles commands about warehouses.

Decides W2.
"""

from collections.abc import Iterator
from functools import partial
from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.domain.entity_removal import decide_removal_with_contacts
from tuyen_crm.domain.index_keys import warehouse_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.warehouses.placing import WAREHOUSES, find_warehouses
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
from tuyen_events.ids import ContactId

WarehouseCommands = PutWarehouse | EmptyWarehouse | RemoveWarehouse


def decide(known: KnownState, command: WarehouseCommands) -> CommandDecision:
    match command:
        case PutWarehouse():
            return _put(known, command)
        case EmptyWarehouse() | RemoveWarehouse():
            return _remove(known, command)
        case _:
            assert_never(command)


def _put(known: KnownState, command: PutWarehouse) -> CommandDecision:
    """Refuses a source that belongs to another warehouse already."""
    taken = {
        source
        for warehouse in find_warehouses(known)
        if warehouse.id != command.id
        for source in warehouse.sources
    }
    if not taken.isdisjoint(command.sources):
        return decide_refused(CrmRefusal.SOURCE_TAKEN)
    return put_entity(known, WAREHOUSES, command, WarehouseChanged)


def _remove(known: KnownState, command: EmptyWarehouse | RemoveWarehouse) -> CommandDecision:
    """Refuses to remove the default warehouse, which always exists."""
    if command.id == DEFAULT_WAREHOUSE:
        return decide_refused(CrmRefusal.NEEDED)
    removed = None
    if isinstance(command, RemoveWarehouse):
        removed = remove_entity(known, WAREHOUSES, command, WarehouseRemoved)
    keys = [warehouse_key(command.id)]
    return decide_removal_with_contacts(known, keys, partial(_move_out, command), removed)


def _move_out(
    command: EmptyWarehouse | RemoveWarehouse, contact_id: ContactId, contact: ContactState
) -> Iterator[ContactMoved]:
    """Moves a contact of a removed warehouse into the default one. Its assignee stays."""
    yield ContactMoved(
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
