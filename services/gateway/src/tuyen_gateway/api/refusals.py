"""What callers were not allowed to do, for the audit (O2).

Requests without a login, other than attempts to log in, are counted by the metrics alone. A refusal
is recorded after the answer was sent. So a refused login takes as long as one to an organization
that does not exist, for which nothing is recorded.
"""

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param
from starlette.background import BackgroundTask

from tuyen_events.audit import AuditAction, AuditRecorded
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import PLACE_CHARACTERS
from tuyen_gateway.api.dependencies import find_integration, gateway_of
from tuyen_gateway.domain.audit import LOGIN, REQUEST
from tuyen_gateway.errors import ForbiddenError, GatewayError, UnauthenticatedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.logins import TokenKind


def mark_login(request: Request, organization_id: OrganizationId, username: str) -> None:
    """Notes that the request is a login of that account."""
    request.state.login = (organization_id, username)


def find_refusal(request: Request, error: GatewayError) -> BackgroundTask | None:
    """The task that records the refusal after the answer, if `error` is one that the audit
    records."""
    gateway = gateway_of(request)
    login: tuple[OrganizationId, str] | None = getattr(request.state, "login", None)
    match error:
        case UnauthenticatedError() | ForbiddenError() if login is not None:
            refused = _describe_login(gateway, *login)
        case ForbiddenError():
            refused = _describe_request(gateway, request)
        case _:
            refused = None
    if refused is None:
        return None
    route = getattr(request.scope.get("route"), "path", "")
    what = f"{refused.entity} {refused.id}" if login else f"{request.method} {route}"
    return BackgroundTask(gateway.audit.note_refusal, refused, what)


def _describe_login(
    gateway: Gateway, organization_id: OrganizationId, username: str
) -> AuditRecorded | None:
    """A name that is no agent's is left out: it may be a password that was typed into the wrong
    field."""
    organization = gateway.directory.organization(organization_id)
    if organization is None:
        return None
    agent = organization.find_agent_by_username(username)
    return AuditRecorded(
        organization=organization_id,
        at=gateway.clock.now(),
        action=AuditAction.LOGIN_REFUSED,
        entity=LOGIN,
        id="" if agent is None else agent.id,
    )


def _describe_request(gateway: Gateway, request: Request) -> AuditRecorded | None:
    _, token = get_authorization_scheme_param(request.headers.get("authorization"))
    organization, by = _find_refused(gateway, token)
    if organization is None:
        return None
    return AuditRecorded(
        organization=organization,
        by=by,
        at=gateway.clock.now(),
        action=AuditAction.REFUSED,
        entity=REQUEST,
        id=f"{request.method} {request.url.path}"[:PLACE_CHARACTERS],
    )


def _find_refused(gateway: Gateway, token: str) -> tuple[OrganizationId | None, AgentId | None]:
    """The agent or the integration whose token it is. An integration is recorded as nobody."""
    if (integration := find_integration(gateway, token)) is not None:
        return integration.organization.id, None
    try:
        identity = gateway.tokens.read(token, TokenKind.ACCESS)
    except UnauthenticatedError:
        return None, None
    return identity.organization, identity.agent_id
