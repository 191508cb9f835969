"""Finds the warehouse of a new contact, and who may manage or claim the contacts of a warehouse.

Decides W1 and W2.
"""

from collections.abc import Iterator

from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.warehouses import WarehouseChanged
from tuyen_events.ids import AgentId

WAREHOUSES = "warehouses"


def find_warehouse(known: KnownState, warehouse_id: str) -> WarehouseChanged | None:
    """The warehouse as it was set up last; None if it was never set up, or was removed."""
    warehouse = known.setup(WAREHOUSES, warehouse_id)
    return warehouse if isinstance(warehouse, WarehouseChanged) else None


def find_warehouses(known: KnownState) -> Iterator[WarehouseChanged]:
    """The warehouses that were set up, in the order of their ids."""
    for warehouse in known.list_setup(WAREHOUSES):
        if isinstance(warehouse, WarehouseChanged):
            yield warehouse


def has_warehouse(known: KnownState, warehouse_id: str) -> bool:
    """Every organization has the default one from its start (W1)."""
    return warehouse_id == DEFAULT_WAREHOUSE or find_warehouse(known, warehouse_id) is not None


def warehouse_for(known: KnownState, source: str) -> str:
    """The warehouse of new contacts from this page or integration (W2)."""
    for warehouse in find_warehouses(known):
        if source in warehouse.sources:
            return warehouse.id
    return DEFAULT_WAREHOUSE


def place_new(known: KnownState, source: str, wanted: str | None) -> str:
    """The warehouse of a new contact from an integration: the one that the integration names, if it
    exists, or else the one that has the integration among its sources."""
    if wanted is not None and has_warehouse(known, wanted):
        return wanted
    return warehouse_for(known, source)


def is_manager(
    known: KnownState, warehouse_id: str, agent: AgentId, *, administrator: bool
) -> bool:
    """Whether the agent manages the warehouse. Administrators manage the default one (W1)."""
    warehouse = find_warehouse(known, warehouse_id)
    if administrator and warehouse_id == DEFAULT_WAREHOUSE:
        return True
    return warehouse is not None and agent in warehouse.managers


def may_claim(known: KnownState, warehouse_id: str, agent: AgentId) -> bool:
    """Whether the agent is a member or a manager of the warehouse (W3)."""
    warehouse = find_warehouse(known, warehouse_id)
    return warehouse is not None and agent in (*warehouse.members, *warehouse.managers)
