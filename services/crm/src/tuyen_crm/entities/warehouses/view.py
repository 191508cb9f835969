"""The documents of warehouses, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.warehouses import WarehouseChanged, WarehouseRemoved
from tuyen_views.view import build_entity_fields
from tuyen_views.warehouses import WarehouseDocument

WarehouseEvents = WarehouseChanged | WarehouseRemoved

_SHOWN = ("name", "description", "members", "managers", "sources", "distribute")


def fold(document: WarehouseDocument | None, event: WarehouseEvents) -> WarehouseDocument | None:
    match event:
        case WarehouseChanged():
            shown = {name: getattr(event, name) for name in _SHOWN}
            return WarehouseDocument(**build_entity_fields(document, event), **shown)
        case WarehouseRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: WarehouseEvents, before: WarehouseDocument | None, after: WarehouseDocument | None
) -> EventDescription:
    match event:
        case WarehouseChanged() if before is None:
            vi, en = f"tạo kho “{event.name}”.", f"created the warehouse “{event.name}”."
        case WarehouseChanged():
            vi, en = f"sửa kho “{event.name}”.", f"changed the warehouse “{event.name}”."
        case WarehouseRemoved():
            name = before.name if before else event.id
            vi, en = f"xóa kho “{name}”.", f"removed the warehouse “{name}”."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
