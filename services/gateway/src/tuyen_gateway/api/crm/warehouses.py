"""Warehouses (W1, W2): set up by administrators, listed for their managers and members."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.warehouses import EmptyWarehouse, PutWarehouse, RemoveWarehouse
from tuyen_events.ids import AgentId
from tuyen_events.limits import AGENTS, PAGES, TEXT_CHARACTERS
from tuyen_events.vocabulary import Strategy
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody
from tuyen_gateway.api.crm.access import (
    carry_out,
    check_settled,
    load_scope,
    new_command_id,
    not_found,
)
from tuyen_gateway.api.crm.entities import EntityView, command_fields, meta_of
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
from tuyen_gateway.domain.changes import check_agents, check_once
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument

router = APIRouter(prefix="/warehouses", tags=["contacts"])

_DEFAULT_NAME = "Kho mặc định"

_LONG_AGO = datetime.fromtimestamp(0, UTC)

_REMOVED_WITHIN_S = WAIT_S
"""How long one request moves the contacts of a warehouse that is removed."""

Description = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
]


Distribution = Literal["off", "sequential", "least_loaded"]


class WarehouseIn(RequestBody):
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


class WarehouseView(EntityView):
    name: str
    description: str | None
    members: list[str]
    managers: list[str]
    sources: list[str]
    distribute: str
    default: bool
    """New contacts from a source that no warehouse names are put here (W2)."""


@router.put(
    "/{warehouse_id}", summary="Add or change a warehouse", responses=problems(403, 409, 412)
)
async def put_warehouse(
    *,
    warehouse_id: PathId,
    body: WarehouseIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> WarehouseView:
    """For the role `system_admin`. `409` if another warehouse has one of the sources. Contacts that
    exist already stay where they are."""
    organization = caller.organization
    for field in ("members", "managers"):
        check_agents(organization, field, [AgentId(each) for each in getattr(body, field)])
    check_once("sources", body.sources)
    command = PutWarehouse(
        **command_fields(gateway, caller, expected),
        id=warehouse_id,
        name=body.name,
        description=body.description,
        members=tuple(AgentId(each) for each in body.members),
        managers=tuple(AgentId(each) for each in body.managers),
        sources=tuple(body.sources),
        distribute=None if body.distribute == "off" else Strategy(body.distribute),
    )
    existing = await gateway.crm.setup(WAREHOUSES_VIEW, organization.id, warehouse_id)
    settled = await carry_out(gateway, command, "warehouse")
    set_etag(response, settled.version)
    return _view(
        WarehouseDocument(
            key="",
            organization=organization.id,
            id=warehouse_id,
            name=command.name,
            description=command.description,
            members=command.members,
            managers=command.managers,
            sources=command.sources,
            distribute=command.distribute,
            created_at=existing.created_at if existing else command.at,
            created_by=existing.created_by if existing else command.by,
            updated_at=command.at,
            sequence=settled.version,
        )
    )


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
        views = sorted([*views, _view_default(caller)], key=lambda each: each.id)
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
    if found is None and warehouse_id != DEFAULT_WAREHOUSE:
        raise not_found("warehouse", warehouse_id)
    view = _view_default(caller) if found is None else _view(found)
    set_etag(response, view.version)
    return view


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
    fields = command_fields(gateway, caller, expected)
    try:
        async with asyncio.timeout(_REMOVED_WITHIN_S):
            while True:
                fields["command_id"] = new_command_id()
                remove = RemoveWarehouse(**fields, id=warehouse_id)
                settled = await gateway.crm_commands.carry_out(remove)
                if settled.refusal is not CrmRefusal.NOT_EMPTY:
                    break
                fields["command_id"] = new_command_id()
                await carry_out(gateway, EmptyWarehouse(**fields, id=warehouse_id), "warehouse")
    except TimeoutError:
        raise UnavailableError(
            "It has so many contacts that only a part of them was moved: repeat the request."
        ) from None
    check_settled(settled, remove, "warehouse")


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


def _view_default(caller: Caller) -> WarehouseView:
    """The default warehouse as long as nobody has set it up: it is as old as the organization."""
    profile = caller.organization.profile
    began_at = _LONG_AGO if profile is None else profile.value.at
    return WarehouseView(
        id=DEFAULT_WAREHOUSE,
        name=_DEFAULT_NAME,
        description=None,
        members=[],
        managers=[],
        sources=[],
        distribute="off",
        default=True,
        created_at=began_at,
        created_by=None,
        updated_at=began_at,
        version=0,
    )
