"""The caller's own account and rights."""

from fastapi import APIRouter

from tuyen_events.vocabulary import Presence, Role
from tuyen_gateway.api.agents import CrmRightsBody, view_crm_rights
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import AfterVersion, CurrentCaller, GatewayPorts
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import sees_page

router = APIRouter(tags=["login"])


class Me(ResponseBody):
    agent_id: str
    organization: str
    name: str
    role: Role
    rights: list[Right]
    """The rights of the role, in addition to those that every agent has."""
    crm: CrmRightsBody
    """What the viewer may do in the CRM (C11)."""
    may_take: bool
    """Whether agents may take for themselves what nobody has (R6.6); managing roles assign it."""
    pages: list[str]
    """The pages that the viewer may see (R7.1)."""
    presence: Presence


@router.get("/me", summary="Who I am", dependencies=[AfterVersion], responses=problems(403))
async def get_me(caller: CurrentCaller, gateway: GatewayPorts) -> Me:
    viewer, organization = caller.viewer, caller.organization
    return Me(
        agent_id=viewer.agent_id,
        organization=organization.id,
        name=viewer.name,
        role=viewer.role,
        rights=sorted(RIGHTS[viewer.role]),
        crm=view_crm_rights(viewer.crm),
        may_take=organization.settings.assignment and organization.settings.take_unassigned,
        pages=sorted(page for page in organization.pages if sees_page(caller.scope, page)),
        presence=gateway.presence.presence(organization.id, viewer.agent_id),
    )
