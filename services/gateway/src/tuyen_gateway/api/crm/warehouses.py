"""Warehouses (W1, W2): set up by administrators, listed for their managers and members."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.warehouses import EmptyWarehouse, PutWarehouse, RemoveWarehouse
from tuyen_events.limits import AGENTS, PAGES, TEXT_CHARACTERS
from tuyen_events.vocabulary import Strategy
from tuyen_gateway.api.bodies import ChosenId, Name
from tuyen_gateway.api.crm.access import load_scope, not_found
from tuyen_gateway.api.crm.entities import EntityView, build_command_fields, meta_of
from tuyen_gateway.api.crm.setup_routes import (
    SetupBody,
    SetupKind,
    add_writing_routes,
    remove_setup,
)
from tuyen_gateway.api.dependencies import (
    Administrator,
    Caller,
    CurrentCaller,
    GatewayPorts,
    PathId,
)
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_once
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.gateway import Gateway
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument

router = APIRouter(prefix="/warehouses", tags=["contacts"])

_DEFAULT_NAME = "Kho mặc định"

_LONG_AGO = datetime.fromtimestamp(0, UTC)

Description = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
]


Distribution = Literal["off", "sequential", "least_loaded"]


class WarehouseIn(SetupBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Kho miền Bắc",
                    "description": "Khách từ trang Hà Nội.",
                    "members": ["lan", "minh"],
                    "managers": ["hoa"],
                    "sources": ["trang-ha-noi"],
                    "distribute": "sequential",
                }
            ]
        }
    )

    name: Name
    description: Description | None = None
    members: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """The agents who may claim its contacts (W3)."""
    managers: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """The agents who see all of its contacts, and assign and move them. Of the default warehouse,
    every `system_admin` is one, too (W1)."""
    sources: list[ChosenId] = Field(default=[], max_length=PAGES, fail_fast=True)
    """The pages and integrations whose new contacts are put here (W2). Each belongs to one
    warehouse."""
    distribute: Distribution = "off"
    """Whether new contacts are given to the members: in turn, or to who has the
    fewest contacts of the warehouse (W5). A disabled agent gets none."""

    def convert(self, caller: Caller, _existing: Any) -> dict[str, Any]:
        check_once("sources", self.sources)
        return {
            "name": self.name,
            "description": self.description,
            "members": self.read_agents(caller, "members"),
            "managers": self.read_agents(caller, "managers"),
            "sources": tuple(self.sources),
            "distribute": None if self.distribute == "off" else Strategy(self.distribute),
        }


class WarehouseView(EntityView):
    name: str
    description: str | None
    members: list[str]
    managers: list[str]
    sources: list[str]
    distribute: str
    default: bool
    """New contacts from a source that no warehouse names are put here (W2)."""


@router.get("", summary="List the warehouses")
async def list_warehouses(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[WarehouseView]:
    """Those that the viewer manages or is a member of, in the order of their ids; for the role
    `system_admin` all. Every organization has the default one from its start (W1)."""
    organization = caller.organization.id
    page, following = paging.cut(await _list_visible(gateway, caller), lambda each: each)
    found = await gateway.crm.setup_among(WAREHOUSES_VIEW, organization, page)
    views = [_view(each) for each in found]
    if DEFAULT_WAREHOUSE in page and all(each.id != DEFAULT_WAREHOUSE for each in found):
        views = sorted([*views, _view(_begin_default(caller))], key=lambda each: each.id)
    position = await inbox_position(gateway, caller.organization)
    return Listed(items=views, next=following, position=position)


@router.get("/{warehouse_id}", summary="One warehouse", responses=problems(404))
async def get_warehouse(
    warehouse_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> WarehouseView:
    """For whom it is listed."""
    if warehouse_id not in await _list_visible(gateway, caller):
        raise not_found("warehouse", warehouse_id)
    found = await gateway.crm.setup(WAREHOUSES_VIEW, caller.organization.id, warehouse_id)
    found = found or _begin_default(caller, warehouse_id)
    if found is None:
        raise not_found("warehouse", warehouse_id)
    set_etag(response, found.sequence)
    return _view(found)


@router.delete(
    "/{warehouse_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a warehouse",
    responses=problems(403, 409, 412),
)
async def delete_warehouse(
    warehouse_id: PathId, expected: ExpectedVersion, caller: Administrator, gateway: GatewayPorts
) -> None:
    """For the role `system_admin`. Its contacts come into the default warehouse, and whoever has
    one keeps it. If they are so many that it takes longer than 5 s, the answer is `503`, and the
    request is to be repeated. The answer is the same if there is no such warehouse; it is `409` for
    the default one."""
    remove = RemoveWarehouse(**build_command_fields(gateway, caller, expected), id=warehouse_id)
    await remove_setup(gateway, remove, KIND)


async def _list_visible(gateway: Gateway, caller: Caller) -> Sequence[str]:
    """The ids of the warehouses that the caller may know of, ascending."""
    if caller.may(Right.MANAGE):
        known = await gateway.crm.setup_ids(WAREHOUSES_VIEW, caller.organization.id)
        return sorted({*known, DEFAULT_WAREHOUSE})
    scope = await load_scope(gateway, caller)
    return sorted(scope.managed | scope.joined)


def _view(warehouse: WarehouseDocument) -> WarehouseView:
    return WarehouseView(
        **meta_of(warehouse),
        name=warehouse.name,
        description=warehouse.description,
        members=list(warehouse.members),
        managers=list(warehouse.managers),
        sources=list(warehouse.sources),
        distribute=warehouse.distribute or "off",
        default=warehouse.id == DEFAULT_WAREHOUSE,
    )


def _begin_default(caller: Caller, warehouse_id: str = DEFAULT_WAREHOUSE) -> Any:
    """The default warehouse as long as nobody has set it up: it is as old as the organization. None
    for all others."""
    if warehouse_id != DEFAULT_WAREHOUSE:
        return None
    profile = caller.organization.profile
    began_at = _LONG_AGO if profile is None else profile.value.at
    return WarehouseDocument(
        key=f"{caller.organization.id}/{warehouse_id}",
        id=warehouse_id,
        organization=caller.organization.id,
        name=_DEFAULT_NAME,
        created_at=began_at,
        created_by=None,
        updated_at=began_at,
        sequence=0,
    )


KIND = SetupKind(
    one="warehouse",
    many="warehouses",
    view=WAREHOUSES_VIEW,
    content=WarehouseIn,
    shown=WarehouseView,
    listed=Listed[WarehouseView],
    put=PutWarehouse,
    remove=RemoveWarehouse,
    render=_view,
    empty=EmptyWarehouse,
    effect="`409` if another warehouse has one of the sources. Contacts that exist already stay "
    "where they are.",
    begin=_begin_default,
)
add_writing_routes(router, KIND)
