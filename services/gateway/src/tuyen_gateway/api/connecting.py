"""Logging in at a channel, to connect the pages that one has there (P1)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, ConfigDict, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_events.limits import PAGE_SECRET_CHARACTERS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.api.addresses import Address, find_host
from tuyen_gateway.api.bodies import RequestBody, ResponseBody
from tuyen_gateway.api.dependencies import Administrator, Caller, GatewayPorts
from tuyen_gateway.api.page_bodies import ConnectionState
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.words import Known
from tuyen_gateway.connecting import begin_connection, finish_connection
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/pages/connect", tags=["pages"])

_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _is_safe(address: str) -> str:
    """The code comes back at this address: on its way through a network, it has to be encrypted."""
    if not address.lower().startswith("https://") and find_host(address) not in _OWN_MACHINE:
        raise PydanticCustomError(
            "redirect_uri", "Give an address with https; http is for your own machine alone."
        )
    return address


class LoginIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"redirect_uri": "https://inbox.example/connected"}]}
    )

    redirect_uri: Annotated[Address, AfterValidator(_is_safe)]
    """The address to which the channel sends the browser afterwards, with `code` and `state`. It
    has to be among the addresses that the operator entered for the app in the channel's console."""


class LoginBegun(ResponseBody):
    authorize_url: str
    """The address to which the browser has to be sent."""
    state: str
    """Compare it with the one that comes back: they differ if somebody else sent the browser. Valid
    for an hour."""


class LoginCode(RequestBody):
    code: Annotated[SecretStr, StringConstraints(min_length=1, max_length=PAGE_SECRET_CHARACTERS)]
    state: ConnectionState


class AccountChoice(ResponseBody):
    external_id: str
    name: str


class AccountChoices(ResponseBody):
    accounts: list[AccountChoice]
    """The accounts that may be connected: `PUT /v1/pages/{page_id}` with one `external_id`, and
    with the state as `connection`."""


# In front of the routes for any channel, of which it would be one.
@router.post("/callback", summary="Finish a login at a channel", responses=problems(403, 409, 502))
async def finish_login(
    body: LoginCode, caller: Administrator, gateway: GatewayPorts
) -> AccountChoices:
    """For the role `system_admin`, and for the agent who began the login. Repeated, it answers the
    same accounts; `502` if the channel does not answer."""
    return await _finish_login(body, caller, gateway, None)


@router.post(
    "/{channel}/callback",
    summary="Finish a login at this channel",
    responses=problems(403, 409, 502),
)
async def finish_login_at(
    channel: Known[Channel], body: LoginCode, caller: Administrator, gateway: GatewayPorts
) -> AccountChoices:
    """The same, for a login that was begun at this channel; `422` for any other."""
    return await _finish_login(body, caller, gateway, channel)


async def _finish_login(
    body: LoginCode, caller: Caller, gateway: Gateway, channel: Channel | None
) -> AccountChoices:
    found = await finish_connection(
        gateway,
        caller.organization.id,
        caller.viewer.agent_id,
        body.state,
        body.code.get_secret_value(),
        channel=channel,
    )
    return AccountChoices(
        accounts=[AccountChoice(external_id=one.external_id, name=one.name) for one in found]
    )


@router.post("/{channel}", summary="Begin a login at a channel", responses=problems(403, 409))
async def begin_login(
    channel: Known[Channel], body: LoginIn, caller: Administrator, gateway: GatewayPorts
) -> LoginBegun:
    """For the role `system_admin`. `409` where the operator has set no app for the channel."""
    url, state = await begin_connection(
        gateway,
        caller.organization.id,
        caller.viewer.agent_id,
        channel,
        body.redirect_uri,
    )
    return LoginBegun(authorize_url=url, state=state)
