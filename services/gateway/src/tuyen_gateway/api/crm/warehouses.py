"""Warehouses, for their managers (W1)."""

from fastapi import APIRouter

from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.access import load_scope
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import Listed
from tuyen_gateway.api.positions import inbox_position

router = APIRouter(prefix="/warehouses", tags=["contacts"])


class WarehouseView(ResponseBody):
    id: str
    name: str
    default: bool
    """New contacts from a source that no warehouse names are put here (W2)."""


@router.get("", summary="List the warehouses")
async def list_warehouses(caller: CurrentCaller, gateway: GatewayPorts) -> Listed[WarehouseView]:
    """The warehouses that the viewer manages. Every organization has the default one from its start
    (W1)."""
    scope = await load_scope(gateway, caller)
    default = WarehouseView(id=DEFAULT_WAREHOUSE, name="Kho mặc định", default=True)
    return Listed(
        items=[default] if DEFAULT_WAREHOUSE in scope.managed else [],
        next=None,
        position=await inbox_position(gateway, caller.organization),
    )
