"""The support team: the agents that an organization added as support users (B I.1)."""

from fastapi import APIRouter, Response
from pydantic import Field

from tuyen_events.directory import SupportTeamChanged
from tuyen_events.ids import AgentId
from tuyen_events.limits import AGENTS
from tuyen_gateway.api.bodies import Body, ChosenId, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    GatewayPorts,
    SetupReader,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_support_team
from tuyen_gateway.domain.directory import Organization

router = APIRouter(prefix="/support-team", tags=["staff"])


class SupportTeamIn(Body):
    agent_ids: list[ChosenId] = Field(max_length=AGENTS, fail_fast=True)
    """In the order in which a rule without members of its own goes round them."""


class SupportTeamView(Versioned):
    agent_ids: list[str]


@router.put("", summary="Set the support team", responses=problems(403))
async def put_support_team(
    body: SupportTeamIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> SupportTeamView:
    """For the role `system_admin`."""
    change = SupportTeamChanged(
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        agent_ids=tuple(AgentId(agent) for agent in body.agent_ids),
    )

    def decide(organization: Organization) -> SupportTeamChanged:
        check_support_team(organization, change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return SupportTeamView(agent_ids=list(stored.value.agent_ids), version=stored.version)


@router.get("", summary="The support team", dependencies=[AfterVersion], responses=problems(403))
async def get_support_team(caller: SetupReader, response: Response) -> SupportTeamView:
    """For managing roles."""
    stored = caller.organization.support_team
    version = 0 if stored is None else stored.version
    set_etag(response, version)
    agents = [] if stored is None else list(stored.value.agent_ids)
    return SupportTeamView(agent_ids=agents, version=version)
