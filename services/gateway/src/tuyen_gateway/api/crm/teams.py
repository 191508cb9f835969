"""Teams, whose leaders see and reassign what the members have (W7)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict, Field

from tuyen_events.crm.teams import PutTeam, RemoveTeam
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_events.limits import AGENTS
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody
from tuyen_gateway.api.crm.access import carry_out, not_found
from tuyen_gateway.api.crm.entities import EntityView, command_fields, list_setup, meta_of
from tuyen_gateway.api.dependencies import Administrator, GatewayPorts, SetupReader
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_agents
from tuyen_views.teams import TEAMS_VIEW, TeamDocument

router = APIRouter(prefix="/teams", tags=["contacts"])

TeamPath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class TeamIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Nhóm 1", "leaders": ["hoa"], "members": ["lan", "minh"]}]
        }
    )

    name: Name
    leaders: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """They see what the members have, and may reassign it within the team."""
    members: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)


class TeamView(EntityView):
    name: str
    leaders: list[str]
    members: list[str]


@router.put("/{team_id}", summary="Add or change a team", responses=problems(403, 409, 412, 429))
async def put_team(
    *,
    team_id: TeamPath,
    body: TeamIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> TeamView:
    """For the role `system_admin`."""
    leaders = tuple(AgentId(each) for each in body.leaders)
    members = tuple(AgentId(each) for each in body.members)
    check_agents(caller.organization, "leaders", leaders)
    check_agents(caller.organization, "members", members)
    existing = await gateway.crm.setup(TEAMS_VIEW, caller.organization.id, team_id)
    command = PutTeam(
        **command_fields(gateway, caller, expected),
        id=team_id,
        name=body.name,
        leaders=leaders,
        members=members,
    )
    settled = await carry_out(gateway, command, "team")
    set_etag(response, settled.version)
    return TeamView(
        id=team_id,
        name=body.name,
        leaders=body.leaders,
        members=body.members,
        created_at=existing.created_at if existing else command.at,
        created_by=existing.created_by if existing else command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the teams", responses=problems(403))
async def list_teams(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[TeamView]:
    """For managing roles; in the order of their ids."""
    return await list_setup(gateway, caller.organization.id, paging, TEAMS_VIEW, _view)


@router.get("/{team_id}", summary="One team", responses=problems(403, 404))
async def get_team(
    team_id: TeamPath, caller: SetupReader, gateway: GatewayPorts, response: Response
) -> TeamView:
    """For managing roles."""
    organization = caller.organization.id
    team = await gateway.crm.setup(TEAMS_VIEW, organization, team_id)
    if team is None:
        raise not_found("team", team_id)
    set_etag(response, team.sequence)
    return _view(team)


@router.delete(
    "/{team_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a team",
    responses=problems(403, 412, 429),
)
async def delete_team(
    team_id: TeamPath,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
) -> None:
    """For the role `system_admin`. The answer is the same if there is no such team."""
    command = RemoveTeam(**command_fields(gateway, caller, expected), id=team_id)
    await carry_out(gateway, command, "team")


def _view(team: TeamDocument) -> TeamView:
    return TeamView(
        **meta_of(team), name=team.name, leaders=list(team.leaders), members=list(team.members)
    )
