"""Logging in and out: tokens for a password, and new tokens for a refresh token."""

from contextlib import suppress
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Request, Response, status
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from tuyen_events.ids import OrganizationId
from tuyen_events.limits import ID_CHARACTERS, TOKEN_CHARACTERS
from tuyen_events.presence import SessionSignalled
from tuyen_events.vocabulary import Presence
from tuyen_gateway.api.bodies import Password, RequestBody, TypedUsername
from tuyen_gateway.api.dependencies import BearerToken, GatewayPorts, find_active_agent, find_agent
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.refusals import mark_login
from tuyen_gateway.api.sessions import (
    SESSION_RESPONSES,
    SessionHeader,
    TokenPair,
    begin_session,
    end_session,
    find_refresh_token,
)
from tuyen_gateway.domain.openid import NamedAgent
from tuyen_gateway.errors import ForbiddenError, TooManyAttemptsError, UnauthenticatedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.logins import Identity, RefreshTurn, TokenKind
from tuyen_platform.callers import name_network

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


class Logout(RequestBody):
    refresh_token: Annotated[SecretStr, StringConstraints(max_length=TOKEN_CHARACTERS)] | None = (
        None
    )


@router.post(
    "/login",
    summary="Log in with a password",
    response_model=TokenPair,
    responses={**SESSION_RESPONSES, **problems(403, 429)},
)
async def login(
    body: Login, request: Request, gateway: GatewayPorts, session: SessionHeader = None
) -> TokenPair | Response:
    """Returns an access token and a refresh token. Logging in alone does not make an agent online:
    that requires `PUT /v1/presence`.

    A wrong organization, username or password and a disabled agent all answer `401`, in the same
    time. After five wrong passwords for one username from one network address, the next attempt has
    to wait, at most a minute. Wrong passwords from elsewhere do not slow down an address from which
    somebody logged in before.
    """
    place = name_network(None if request.client is None else request.client.host)
    mark_login(request, OrganizationId(body.organization), body.username)
    async with gateway.login_throttle.attempt(body.organization, body.username, place):
        identity = await _verify(gateway, body)
    tokens = await begin_login(gateway, identity)
    return tokens if session is None else begin_session(request, gateway, tokens)


async def _verify(gateway: Gateway, body: Login) -> Identity:
    """Raises UnauthenticatedError, the same and after the same time whatever is wrong."""
    organization_id = OrganizationId(body.organization)
    organization = gateway.directory.organization(organization_id)
    agent = None if organization is None else organization.find_agent_by_username(body.username)
    agent_id = None if agent is None else agent.id
    right = await gateway.credentials.verify(organization_id, agent_id, body.password)
    stamp = None if agent_id is None else gateway.credentials.stamp(organization_id, agent_id)
    if not right or stamp is None or agent is None or agent.disabled:
        raise UnauthenticatedError("The organization, the username or the password is wrong.")
    return Identity(
        organization=organization_id, agent_id=agent.id, session=uuid4().hex, stamp=stamp
    )


@router.post(
    "/refresh",
    summary="Get new tokens for a refresh token",
    response_model=TokenPair,
    responses={**SESSION_RESPONSES, **problems(403)},
)
async def refresh(
    request: Request,
    gateway: GatewayPorts,
    session: SessionHeader = None,
    body: Refresh | None = None,
) -> TokenPair | Response:
    """Returns new tokens of the same login: the presence session stays the same. The refresh token
    is out of use from now on: whoever uses it again ends the login, with all of its tokens. Without
    a body it is that of the browser's session, whose cookies are then replaced."""
    given = find_refresh_token(request) if body is None else body.refresh_token
    if given is None:
        raise UnauthenticatedError("Send a `refresh_token`, or log in.")
    token = given.get_secret_value()
    identity = gateway.tokens.read(token, TokenKind.REFRESH)
    number = gateway.tokens.read_turn(token)
    await gateway.logins.see(identity)
    find_active_agent(gateway, identity)
    tokens = _tokens(gateway, identity, await gateway.logins.refresh(identity, number))
    by_cookie = session is not None or body is None
    return begin_session(request, gateway, tokens) if by_cookie else tokens


@router.post(
    "/logout", status_code=status.HTTP_204_NO_CONTENT, summary="End a login, and all of its tokens"
)
async def logout(
    request: Request,
    gateway: GatewayPorts,
    bearer: BearerToken,
    session: SessionHeader = None,
    body: Logout | None = None,
) -> Response:
    """Ends the login of `refresh_token` or, without one, that of the browser's session, whose
    cookies are removed, or of the bearer token. Its presence session goes offline. `204` as well
    for a login that has ended already."""
    given = None if body is None else body.refresh_token
    held = find_refresh_token(request)
    by_cookie = session is not None or held is not None
    try:
        await _end_login(gateway, held if given is None else given, bearer)
    except UnauthenticatedError:
        if not by_cookie:
            raise
        with suppress(UnauthenticatedError):  # a cookie may be damaged, and the other one be whole
            await _end_login(gateway, None, bearer)
    return end_session(request) if by_cookie else Response(status_code=status.HTTP_204_NO_CONTENT)


async def _end_login(
    gateway: Gateway, refresh_token: SecretStr | None, bearer: HTTPAuthorizationCredentials | None
) -> None:
    if refresh_token is not None:
        token, kind = refresh_token.get_secret_value(), TokenKind.REFRESH
    elif bearer is not None:
        token, kind = bearer.credentials, TokenKind.ACCESS
    else:
        raise UnauthenticatedError("Send a bearer token or a `refresh_token`.")
    identity = gateway.tokens.read(token, kind)
    await gateway.logins.end(identity)
    await _go_offline(gateway, identity)


async def _go_offline(gateway: Gateway, identity: Identity) -> None:
    """Ends the login's presence session. What is left of it ends with its lease."""
    known = gateway.presence.of(identity.organization, identity.agent_id)
    if known is None or identity.session not in known.sessions:
        return
    signal = SessionSignalled(
        organization=identity.organization,
        agent_id=identity.agent_id,
        session=identity.session,
        status=Presence.OFFLINE,
        lease_s=gateway.settings.presence_lease_s,
        at=gateway.clock.now(),
    )
    with suppress(TooManyAttemptsError):
        await gateway.presence.signal(signal)


def identify_agent(gateway: Gateway, named: NamedAgent) -> Identity:
    """A new login of the agent whom an OpenID provider named. Raises ForbiddenError if there is no
    such agent, or if they are disabled."""
    organization = gateway.directory.organization(named.organization)
    agent = None if organization is None else organization.find_agent_by_username(named.username)
    if agent is None or agent.disabled:
        raise ForbiddenError("You have no account here: ask your administrator for one.")
    stamp = gateway.credentials.stamp(named.organization, agent.id)
    return Identity(
        organization=named.organization, agent_id=agent.id, session=uuid4().hex, stamp=stamp or ""
    )


async def begin_login(gateway: Gateway, identity: Identity) -> TokenPair:
    """The tokens of a new login. Raises ForbiddenError while the organization is suspended."""
    find_agent(gateway, identity)
    turn = await gateway.logins.begin(identity)
    return _tokens(gateway, identity, turn)


def _tokens(gateway: Gateway, identity: Identity, turn: RefreshTurn) -> TokenPair:
    return TokenPair(
        access_token=gateway.tokens.issue(identity),
        expires_in=gateway.tokens.lifetimes[TokenKind.ACCESS],
        refresh_token=gateway.tokens.issue_refresh(identity, turn),
    )
