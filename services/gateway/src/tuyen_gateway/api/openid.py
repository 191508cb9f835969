"""Logging in at an OpenID provider: authorization code with PKCE."""

import secrets
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from tuyen_events.limits import TOKEN_CHARACTERS, URL_CHARACTERS
from tuyen_gateway.api.auth import begin_login, identify_agent
from tuyen_gateway.api.bodies import RequestBody, ResponseBody
from tuyen_gateway.api.dependencies import GatewayPorts
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.refusals import mark_login
from tuyen_gateway.api.sessions import (
    SESSION_RESPONSES,
    SessionHeader,
    TokenPair,
    begin_session,
)
from tuyen_gateway.domain.openid import find_named_agent
from tuyen_gateway.errors import InvalidError, NotFoundError, UnauthenticatedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.openid import AuthorizationRequest, OpenIdProvider

router = APIRouter(prefix="/auth/openid", tags=["login"])

_LASTS = timedelta(minutes=10)
_PURPOSE = "openid"
_SECRET_BYTES = 32


class OpenIdStart(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"redirect_uri": "https://inbox.example/login"}]}
    )

    redirect_uri: str = Field(max_length=URL_CHARACTERS)
    """The address to which the provider sends the browser back: one of
    `TUYEN_OPENID_REDIRECT_URIS`."""


class StartedOpenId(ResponseBody):
    authorize_url: str
    """The address to which the browser has to be sent."""
    state: str
    """Comes back as a parameter of `redirect_uri`, unchanged."""
    attempt: str
    """To be kept by the browser that began the login, for `callback`: it is in no address, so
    whoever sees one cannot complete the login."""


class OpenIdCallback(RequestBody):
    code: Annotated[SecretStr, StringConstraints(min_length=1, max_length=TOKEN_CHARACTERS)]
    state: str = Field(max_length=TOKEN_CHARACTERS)
    attempt: str = Field(max_length=TOKEN_CHARACTERS)


@router.post("/start", summary="Begin a login at the provider", responses=problems(404))
async def start_openid(body: OpenIdStart, gateway: GatewayPorts) -> StartedOpenId:
    """`404` if this installation has no OpenID provider."""
    provider = _provider(gateway)
    if body.redirect_uri not in gateway.settings.list_openid_redirects():
        raise InvalidError("redirect_uri", "This address is not among those that are allowed.")
    request = AuthorizationRequest(
        redirect_uri=body.redirect_uri,
        state=secrets.token_urlsafe(_SECRET_BYTES),
        nonce=secrets.token_urlsafe(_SECRET_BYTES),
        verifier=secrets.token_urlsafe(_SECRET_BYTES),
    )
    return StartedOpenId(
        authorize_url=await provider.build_authorize_url(request),
        state=request.state,
        attempt=gateway.cipher.encrypt(_PURPOSE, msgspec.json.encode(request).decode()),
    )


@router.post(
    "/callback",
    summary="Complete a login at the provider",
    response_model=TokenPair,
    responses={**SESSION_RESPONSES, **problems(403, 404)},
)
async def complete_openid(
    body: OpenIdCallback, request: Request, gateway: GatewayPorts, session: SessionHeader = None
) -> TokenPair | Response:
    """Exchanges the code with which the browser came back for tokens, as a login with a password
    does. The provider says who somebody is, and what they may do is set up here: `403` if there is
    no such agent. A login can be completed within ten minutes."""
    provider = _provider(gateway)
    begun = _open(gateway, body.attempt)
    if begun is None or not secrets.compare_digest(body.state.encode(), begun.state.encode()):
        raise UnauthenticatedError("This login was not begun here, or too long ago: begin again.")
    claims = await provider.exchange(begun, body.code.get_secret_value())
    named = find_named_agent(claims, gateway.settings.map_openid_claims())
    mark_login(request, named.organization, named.username)
    tokens = await begin_login(gateway, identify_agent(gateway, named))
    return tokens if session is None else begin_session(request, gateway, tokens)


def _open(gateway: Gateway, attempt: str) -> AuthorizationRequest | None:
    opened = gateway.cipher.decrypt(_PURPOSE, attempt, _LASTS)
    return None if opened is None else msgspec.json.decode(opened, type=AuthorizationRequest)


def _provider(gateway: Gateway) -> OpenIdProvider:
    if gateway.openid is None:
        raise NotFoundError("This installation has no OpenID provider: log in with a password.")
    return gateway.openid
