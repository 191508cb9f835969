"""Logging in: tokens for a password, and new tokens for a refresh token."""

from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from tuyen_events.ids import OrganizationId
from tuyen_events.limits import ID_CHARACTERS, TOKEN_CHARACTERS
from tuyen_gateway.api.bodies import Password, RequestBody, ResponseBody, TypedUsername
from tuyen_gateway.api.dependencies import GatewayPorts, live_agent
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.login_throttle import network_of
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.logins import Identity, TokenKind

router = APIRouter(prefix="/auth", tags=["login"])


class Login(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"organization": "demo", "username": "lan", "password": "…"}]
        }
    )

    organization: str = Field(max_length=ID_CHARACTERS)
    username: TypedUsername
    password: Password


class Refresh(RequestBody):
    refresh_token: Annotated[SecretStr, StringConstraints(max_length=TOKEN_CHARACTERS)]


class TokenPair(ResponseBody):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme's name, not a secret
    expires_in: int
    """Seconds until the access token ends."""
    refresh_token: str


@router.post("/login", summary="Log in with a password", responses=problems(403, 429))
async def login(body: Login, request: Request, gateway: GatewayPorts) -> TokenPair:
    """Returns an access token and a refresh token. Logging in alone does not make an agent online:
    that requires `PUT /v1/presence`.

    A wrong organization, username or password and a disabled agent all answer `401`, in the same
    time. After five wrong passwords for one username from one network address, the next attempt has
    to wait, at most a minute. Wrong passwords from elsewhere do not slow down an address from which
    somebody logged in before.
    """
    place = network_of(None if request.client is None else request.client.host)
    async with gateway.login_throttle.attempt(body.organization, body.username, place):
        identity = await _verify(gateway, body)
    return _tokens(gateway, identity)


async def _verify(gateway: Gateway, body: Login) -> Identity:
    """Raises UnauthenticatedError, the same and after the same time whatever is wrong."""
    organization_id = OrganizationId(body.organization)
    organization = gateway.directory.organization(organization_id)
    agent = None if organization is None else organization.agent_named(body.username)
    agent_id = None if agent is None else agent.id
    right = await gateway.credentials.verify(organization_id, agent_id, body.password)
    stamp = None if agent_id is None else gateway.credentials.stamp(organization_id, agent_id)
    if not right or stamp is None or agent is None or agent.disabled:
        raise UnauthenticatedError("The organization, the username or the password is wrong.")
    return Identity(
        organization=organization_id, agent_id=agent.id, session=uuid4().hex, stamp=stamp
    )


@router.post("/refresh", summary="Get new tokens for a refresh token", responses=problems(403))
async def refresh(body: Refresh, gateway: GatewayPorts) -> TokenPair:
    """Returns new tokens of the same login: the presence session stays the same."""
    identity = gateway.tokens.read(body.refresh_token.get_secret_value(), TokenKind.REFRESH)
    return _tokens(gateway, identity)


def _tokens(gateway: Gateway, identity: Identity) -> TokenPair:
    live_agent(gateway, identity)
    return TokenPair(
        access_token=gateway.tokens.issue(identity, TokenKind.ACCESS),
        expires_in=gateway.tokens.lifetimes[TokenKind.ACCESS],
        refresh_token=gateway.tokens.issue(identity, TokenKind.REFRESH),
    )
