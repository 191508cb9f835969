"""Groups: the agents who answer the visitors of certain links first (L1, R1.6)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict, Field

from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.directory import GroupChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId, GroupId
from tuyen_events.limits import AGENTS
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, Versioned
from tuyen_gateway.api.dependencies import Administrator, AfterVersion, GatewayPorts, SetupReader
from tuyen_gateway.api.entities import find_existing, list_entities
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_group, check_group_removal

router = APIRouter(prefix="/groups", tags=["livechat"])

GroupParam = Annotated[GroupId, Path(pattern=CHOSEN_ID_PATTERN)]


class GroupIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Giày", "members": ["lan", "minh"]}]}
    )

    name: Name
    members: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """Their order has no meaning: the rule that covers the page has the order of the rotation."""


class GroupView(Versioned):
    id: str
    name: str
    members: list[str]


@router.put("/{group_id}", summary="Add or change a group", responses=problems(403))
async def put_group(
    group_id: GroupParam,
    body: GroupIn,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> GroupView:
    """For the role `system_admin`. A member gets the group's visitors only while they are a
    candidate for their page at all (R1)."""
    change = GroupChanged(
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        id=group_id,
        name=body.name,
        members=tuple(AgentId(agent) for agent in body.members),
    )

    def decide(organization: Organization) -> GroupChanged:
        check_group(organization, change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _view(stored)


@router.get("", summary="List the groups", dependencies=[AfterVersion], responses=problems(403))
async def list_groups(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[GroupView]:
    """For managing roles; in the order of their ids."""
    return list_entities(gateway, caller, paging, caller.organization.groups, _view)


@router.get(
    "/{group_id}", summary="One group", dependencies=[AfterVersion], responses=problems(403, 404)
)
async def get_group(group_id: GroupParam, caller: SetupReader, response: Response) -> GroupView:
    """For managing roles."""
    stored = find_existing("group", caller.organization.groups, group_id)
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{group_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a group",
    responses=problems(403, 404, 409),
)
async def delete_group(
    group_id: GroupParam, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. `409` while a link refers to it."""
    version = await gateway.directory.remove(
        caller.organization.id,
        "group",
        group_id,
        caller.viewer.agent_id,
        lambda organization: check_group_removal(organization, group_id),
    )
    set_etag(response, version)


def _view(stored: StoredEntity[GroupChanged]) -> GroupView:
    group = stored.value
    return GroupView(
        id=group.id, name=group.name, members=list(group.members), version=stored.version
    )
