"""Warehouses: who works with which contacts (W1, W2)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.warehouses import decide, view
from tuyen_crm.entities.warehouses.placing import WAREHOUSES
from tuyen_events.crm.warehouses import (
    EmptyWarehouse,
    PutWarehouse,
    RemoveWarehouse,
    WarehouseChanged,
    WarehouseRemoved,
)
from tuyen_views.view import setup_key
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument

ENTITY: Entity[decide.WarehouseCommands, view.WarehouseEvents, WarehouseDocument] = Entity(
    name=WAREHOUSES,
    commands=(PutWarehouse, EmptyWarehouse, RemoveWarehouse),
    decide=decide.decide,
    events=(WarehouseChanged, WarehouseRemoved),
    view=WAREHOUSES_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
