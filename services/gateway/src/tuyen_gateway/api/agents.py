"""Agents: the staff of an organization."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.directory import AgentChanged, CrmRights
from tuyen_events.ids import AgentId
from tuyen_events.limits import PLACES_OF_AN_AGENT
from tuyen_events.vocabulary import Role
from tuyen_gateway.api.bodies import ChosenId, Name, Password, RequestBody, Username, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    Caller,
    CurrentCaller,
    GatewayPorts,
    PathId,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import directory_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_agent, check_agent_removal
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.errors import NotFoundError

router = APIRouter(prefix="/agents", tags=["staff"])

RegionKey = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}/[A-Za-z0-9._:-]{1,64}$")
]
"""A region inside a department: `sales/north`."""


class CrmRightsBody(RequestBody):
    """What the agent may do in the CRM (C11); what is omitted is allowed."""

    access: bool = True
    imports: bool = Field(default=True, alias="import")
    export: bool = True
    delete: bool = True


class AgentIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Lan", "username": "lan", "password": "…", "role": "agent"},
            ]
        }
    )

    name: Name
    username: Username
    """Unique in the organization, case-insensitive."""
    password: Password | None = None
    """If omitted, the present one stays; an agent without one cannot log in. A new one ends all of
    the agent's tokens."""
    role: Role
    departments: list[ChosenId] = Field(default=[], max_length=PLACES_OF_AN_AGENT)
    """The departments whose livechat visitors the agent gets (R1.5)."""
    regions: list[RegionKey] = Field(default=[], max_length=PLACES_OF_AN_AGENT)
    """`department/region`; the department must be in `departments`."""
    disabled: bool = False
    crm: CrmRightsBody = CrmRightsBody()


class AgentView(Versioned):
    """An agent. The role `agent` sees only the name and role of others and whether they are
    disabled; the rest is null."""

    id: str
    name: str
    role: Role
    disabled: bool
    username: str | None
    departments: list[str] | None
    regions: list[str] | None
    crm: CrmRightsBody | None


@router.put("/{agent_id}", summary="Add or change an agent", responses=problems(403, 409))
async def put_agent(
    agent_id: PathId,
    body: AgentIn,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> AgentView:
    """For the role `system_admin`. `409` if the username is taken, if callers would disable
    themselves, or if nobody with the role `system_admin` would be left. A change applies from the
    agent's next request on (R7.4)."""
    organization_id = caller.organization.id
    change = AgentChanged(
        organization=organization_id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        id=AgentId(agent_id),
        name=body.name,
        username=body.username,
        role=body.role,
        departments=tuple(body.departments),
        regions=tuple(body.regions),
        disabled=body.disabled,
        crm=CrmRights(**body.crm.model_dump()),
    )
    if body.password is not None:
        gateway.directory.count(organization_id)
    added = False

    def decide(organization: Organization) -> AgentChanged:
        nonlocal added
        before = organization.agents.get(change.id)
        added = before is None
        check_agent(organization, change)
        since = change.at if before is None else before.value.since
        return msgspec.structs.replace(change, since=since)

    stored = await gateway.directory.change(organization_id, decide)
    if body.password is not None:
        await gateway.credentials.set(
            organization_id, change.id, body.password, by=change.by, at=change.at
        )
    elif added:
        # An id that is used again must not get its old password.
        await gateway.credentials.forget(organization_id, change.id)
    if added:
        await gateway.logins.forget(organization_id, change.id)
        await gateway.desk.forget(organization_id, change.id, change.at)
    set_etag(response, stored.version)
    return _view(caller, stored)


@router.get("", summary="List the agents", dependencies=[AfterVersion], responses=problems(403))
async def list_agents(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[AgentView]:
    """All agents of the organization, in the order of their ids."""
    agents = sorted(caller.organization.agents.values(), key=lambda stored: stored.value.id)
    page, following = paging.cut(agents, lambda stored: stored.value.id)
    return Listed(
        items=[_view(caller, stored) for stored in page],
        next=following,
        position=directory_position(gateway, caller.organization.id),
    )


@router.get(
    "/{agent_id}", summary="One agent", dependencies=[AfterVersion], responses=problems(403, 404)
)
async def get_agent(agent_id: PathId, caller: CurrentCaller, response: Response) -> AgentView:
    stored = caller.organization.agents.get(AgentId(agent_id))
    if stored is None:
        raise NotFoundError(f"There is no agent {agent_id!r}.")
    set_etag(response, stored.version)
    return _view(caller, stored)


@router.delete(
    "/{agent_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove an agent",
    responses=problems(403, 404, 409),
)
async def delete_agent(
    agent_id: PathId, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. `409` for oneself and for the last one with that role.
    Conversations keep their assignee until the customer writes again (R3.4) or a manager decides.
    Pages and rules keep the id: a new agent with the same id is the same agent to them. Their own
    views and preferences are removed."""
    organization_id, gone = caller.organization.id, AgentId(agent_id)
    by = caller.viewer.agent_id
    version = await gateway.directory.remove(
        organization_id,
        "agent",
        gone,
        by,
        lambda organization: check_agent_removal(organization, gone, by),
    )
    await gateway.credentials.forget(organization_id, gone)
    await gateway.logins.forget(organization_id, gone)
    await gateway.desk.forget(organization_id, gone, gateway.clock.now())
    set_etag(response, version)


def _view(caller: Caller, stored: StoredEntity[AgentChanged]) -> AgentView:
    agent = stored.value
    whole = caller.may(Right.READ_SETUP) or agent.id == caller.viewer.agent_id
    return AgentView(
        id=agent.id,
        name=agent.name,
        role=agent.role,
        disabled=agent.disabled,
        username=agent.username if whole else None,
        departments=list(agent.departments) if whole else None,
        regions=list(agent.regions) if whole else None,
        crm=view_crm_rights(agent.crm) if whole else None,
        version=stored.version,
    )


def view_crm_rights(rights: CrmRights) -> CrmRightsBody:
    """The rights as routes show them."""
    given = msgspec.structs.asdict(rights)
    return CrmRightsBody.model_validate({"import": given.pop("imports"), **given})
