"""Presence: which agents are online (R8)."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import ConfigDict

from tuyen_events.ids import AgentId
from tuyen_events.presence import SessionSignalled
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import presence_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.errors import ForbiddenError, InvalidError
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/presence", tags=["presence"])

_SHOWN_WITHIN_S = 2.0
"""How long `PUT` waits until `GET` shows its result."""


class PresenceIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "online"}]})

    status: Presence
    session: ChosenId | None = None
    """The device or window; by default each login is one session."""
    agent_id: ChosenId | None = None
    """For managing roles: another agent. Applies to all their sessions, and opens none."""


class Heartbeat(RequestBody):
    session: ChosenId | None = None


class SessionView(ResponseBody):
    agent_id: str
    presence: Presence
    """The agent's presence over all sessions (R8.1), as far as this gateway has read."""
    session: str
    lease_s: float
    """The session ends this many seconds after its last heartbeat."""


class PresenceView(ResponseBody):
    agent_id: str
    name: str
    presence: Presence
    cause: PresenceCause | None
    """Why it last changed; null for an agent who was never online."""
    at: datetime | None


@router.put("", summary="Come online, go away, log out", responses=problems(403))
async def put_presence(
    body: PresenceIn, caller: CurrentCaller, gateway: GatewayPorts
) -> SessionView:
    """Answers once the signal is in the log, and once `GET /v1/presence` shows its result, or after
    2 s. If one session logs out, an agent with another one stays online (R8.1)."""
    signal = _signal(gateway, caller, body.status, body.session, body.agent_id)
    at = await gateway.presence.signal(signal)
    await gateway.presence.wait_until_settled(signal, at, _SHOWN_WITHIN_S)
    return _session(gateway, signal)


@router.post("/heartbeat", summary="Keep a session alive", responses=problems(403))
async def post_heartbeat(
    caller: CurrentCaller, gateway: GatewayPorts, body: Heartbeat | None = None
) -> SessionView:
    """Renews the session's lease. It does not reopen a session that has ended: use `PUT` for
    that."""
    signal = _signal(gateway, caller, None, None if body is None else body.session, None)
    await gateway.presence.signal(signal)
    return _session(gateway, signal)


@router.get("", summary="Who is online", responses=problems(403))
async def list_presence(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[PresenceView]:
    """Every agent who is not disabled, in the order of their ids."""
    organization = caller.organization
    agents = sorted(
        (stored.value for stored in organization.agents.values() if not stored.value.disabled),
        key=lambda agent: agent.id,
    )
    page, following = paging.cut(agents, lambda agent: agent.id)
    items = []
    for agent in page:
        last = gateway.presence.of(organization.id, agent.id)
        items.append(
            PresenceView(
                agent_id=agent.id,
                name=agent.name,
                presence=Presence.OFFLINE if last is None else last.presence,
                cause=None if last is None else last.cause,
                at=None if last is None else last.at,
            )
        )
    return Listed(items=items, next=following, position=presence_position(gateway, organization))


def _signal(
    gateway: Gateway,
    caller: Caller,
    status: Presence | None,
    session: str | None,
    of_agent: str | None,
) -> SessionSignalled:
    own = caller.viewer.agent_id
    agent_id = own if of_agent is None else AgentId(of_agent)
    if agent_id != own:
        if not caller.may(Right.SET_PRESENCE):
            raise ForbiddenError("Only managing roles set another agent's presence.")
        if caller.organization.active_agent(agent_id) is None:
            raise InvalidError("agent_id", f"There is no agent {agent_id!r}.")
    return SessionSignalled(
        organization=caller.organization.id,
        agent_id=agent_id,
        session=session or caller.session,
        status=status,
        lease_s=gateway.settings.presence_lease_s,
        by=None if agent_id == own else own,
        at=gateway.clock.now(),
    )


def _session(gateway: Gateway, signal: SessionSignalled) -> SessionView:
    return SessionView(
        agent_id=signal.agent_id,
        presence=gateway.presence.presence(signal.organization, signal.agent_id),
        session=signal.session,
        lease_s=signal.lease_s,
    )
