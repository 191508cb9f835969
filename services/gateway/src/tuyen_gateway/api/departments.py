"""Departments and their regions, which a livechat's visitors can choose (L1, R1.5)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict

from tuyen_directory.organization import Organization, StoredEntity, region_key
from tuyen_events.directory import DepartmentChanged, RegionChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, DepartmentId, RegionId
from tuyen_gateway.api.bodies import Name, RequestBody, Versioned
from tuyen_gateway.api.dependencies import Administrator, AfterVersion, GatewayPorts, SetupReader
from tuyen_gateway.api.entities import find_existing, list_entities
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import (
    check_department_exists,
    check_department_removal,
    check_region,
    check_region_removal,
)

router = APIRouter(prefix="/departments", tags=["livechat"])

Department = Annotated[DepartmentId, Path(pattern=CHOSEN_ID_PATTERN)]
RegionParam = Annotated[RegionId, Path(pattern=CHOSEN_ID_PATTERN)]


class DepartmentIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bán hàng"}]})

    name: Name
    """Shown to visitors."""


class DepartmentView(Versioned):
    id: str
    name: str


class RegionIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Miền Bắc"}]})

    name: Name
    """Shown to visitors."""


class RegionView(Versioned):
    id: str
    """Unique within its department; agents refer to it as `department/region`."""
    department_id: str
    name: str


@router.put("/{department_id}", summary="Add or rename a department", responses=problems(403))
async def put_department(
    department_id: Department,
    body: DepartmentIn,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> DepartmentView:
    """For the role `system_admin`. Agents are added to it by their own `departments`."""
    change = DepartmentChanged(
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        id=department_id,
        name=body.name,
    )
    stored = await gateway.directory.change(caller.organization.id, lambda _: change)
    set_etag(response, stored.version)
    return _department(stored)


@router.get(
    "", summary="List the departments", dependencies=[AfterVersion], responses=problems(403)
)
async def list_departments(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[DepartmentView]:
    """For managing roles; in the order of their ids."""
    return list_entities(gateway, caller, paging, caller.organization.departments, _department)


@router.get(
    "/{department_id}",
    summary="One department",
    dependencies=[AfterVersion],
    responses=problems(403, 404),
)
async def get_department(
    department_id: Department, caller: SetupReader, response: Response
) -> DepartmentView:
    """For managing roles."""
    stored = find_existing("department", caller.organization.departments, department_id)
    set_etag(response, stored.version)
    return _department(stored)


@router.delete(
    "/{department_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a department",
    responses=problems(403, 404, 409),
)
async def delete_department(
    department_id: Department, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. `409` while a region or an agent is in it. A visitor who still
    asks for it, from a page that was already open, waits until somebody assigns them (R1.5)."""
    version = await gateway.directory.remove(
        caller.organization.id,
        "department",
        department_id,
        caller.viewer.agent_id,
        lambda organization: check_department_removal(organization, department_id),
    )
    set_etag(response, version)


@router.put(
    "/{department_id}/regions/{region_id}",
    summary="Add or rename a region",
    responses=problems(403, 404),
)
async def put_region(
    *,
    department_id: Department,
    region_id: RegionParam,
    body: RegionIn,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> RegionView:
    """For the role `system_admin`. Agents are added to it by their own `regions`. `404` if there is
    no such department."""
    change = RegionChanged(
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        department_id=department_id,
        id=region_id,
        name=body.name,
    )

    def decide(organization: Organization) -> RegionChanged:
        check_region(organization, change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _region(stored)


@router.get(
    "/{department_id}/regions",
    summary="List a department's regions",
    dependencies=[AfterVersion],
    responses=problems(403, 404),
)
async def list_regions(
    department_id: Department, caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[RegionView]:
    """For managing roles; in the order of their ids."""
    check_department_exists(caller.organization, department_id)
    own = {
        stored.value.id: stored
        for stored in caller.organization.regions.values()
        if stored.value.department_id == department_id
    }
    return list_entities(gateway, caller, paging, own, _region)


@router.get(
    "/{department_id}/regions/{region_id}",
    summary="One region",
    dependencies=[AfterVersion],
    responses=problems(403, 404),
)
async def get_region(
    department_id: Department, region_id: RegionParam, caller: SetupReader, response: Response
) -> RegionView:
    """For managing roles."""
    key = region_key(department_id, region_id)
    stored = find_existing("region", caller.organization.regions, key)
    set_etag(response, stored.version)
    return _region(stored)


@router.delete(
    "/{department_id}/regions/{region_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a region",
    responses=problems(403, 404, 409),
)
async def delete_region(
    department_id: Department,
    region_id: RegionParam,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> None:
    """For the role `system_admin`. `409` while an agent is in it."""
    key = region_key(department_id, region_id)
    version = await gateway.directory.remove(
        caller.organization.id,
        "region",
        key,
        caller.viewer.agent_id,
        lambda organization: check_region_removal(organization, key),
    )
    set_etag(response, version)


def _department(stored: StoredEntity[DepartmentChanged]) -> DepartmentView:
    department = stored.value
    return DepartmentView(id=department.id, name=department.name, version=stored.version)


def _region(stored: StoredEntity[RegionChanged]) -> RegionView:
    region = stored.value
    return RegionView(
        id=region.id,
        department_id=region.department_id,
        name=region.name,
        version=stored.version,
    )
