"""Who the caller is, and what they may do: every route gets its viewer from here only.

Decides R7.4.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tuyen_directory.organization import Organization
from tuyen_events.directory import AgentChanged, IntegrationChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_events.limits import VERSION
from tuyen_events.vocabulary import IntegrationKind
from tuyen_gateway.domain.integrations import hash_token
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import Scope, Viewer, scope_of, viewer_of
from tuyen_gateway.errors import ForbiddenError, UnauthenticatedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.live import Recheck, Watch
from tuyen_gateway.ports.logins import Identity, TokenKind

PathId = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]
"""An id that a caller chose, in a path."""

_agent_token = HTTPBearer(
    auto_error=False, scheme_name="agent", description="An access token from `POST /v1/auth/login`."
)
_operator_token = HTTPBearer(
    auto_error=False, scheme_name="operator", description="The operator's `TUYEN_OPERATOR_TOKEN`."
)

_integration_token = HTTPBearer(
    auto_error=False,
    scheme_name="integration",
    description="The token of an integration, from `PUT /v1/integrations/{id}`.",
)


def gateway_of(request: Request) -> Gateway:
    """The ports of the application that serves the request."""
    gateway = request.app.state.gateway
    if not isinstance(gateway, Gateway):
        raise TypeError("the application was not made by create_app")
    return gateway


GatewayPorts = Annotated[Gateway, Depends(gateway_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller, as of this request (R7.4): who they are, their organization, what they may
    see."""

    viewer: Viewer
    scope: Scope
    organization: Organization
    session: str
    """The login that the token comes from: a device, for presence (R8.1)."""

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.viewer.role]


def find_active_agent(gateway: Gateway, identity: Identity) -> tuple[Organization, AgentChanged]:
    """The present state of the agent that a token identifies. Raises UnauthenticatedError for an
    agent who was removed or disabled, has another password since, or has logged out, ForbiddenError
    while the organization is suspended."""
    found = find_agent(gateway, identity)
    if not gateway.logins.is_valid(identity):
        raise UnauthenticatedError("This login has ended: log in again.")
    return found


def find_agent(gateway: Gateway, identity: Identity) -> tuple[Organization, AgentChanged]:
    """The agent that a token identifies, whether or not the login has ended; otherwise as
    `find_active_agent`."""
    organization = gateway.directory.organization(identity.organization)
    agent = None if organization is None else organization.active_agent(identity.agent_id)
    stamp = gateway.credentials.stamp(identity.organization, identity.agent_id)
    if organization is None or agent is None or (stamp or "") != identity.stamp:
        raise UnauthenticatedError("This login is no longer valid: log in again.")
    if organization.profile is None or organization.profile.value.suspended:
        raise ForbiddenError("The organization is suspended: ask the platform's operator.")
    return organization, agent


BearerToken = Annotated[HTTPAuthorizationCredentials | None, Depends(_agent_token)]
"""The bearer token of the request, whatever it is worth; None if there is none."""


async def identify(gateway: GatewayPorts, given: BearerToken) -> Identity:
    """The identity in the bearer token, whether or not the agent still exists, and whether or not
    the login has ended. Raises UnauthenticatedError."""
    if given is None:
        raise UnauthenticatedError("Send `Authorization: Bearer` with a token from the login.")
    identity = gateway.tokens.read(given.credentials, TokenKind.ACCESS)
    await gateway.logins.see(identity)
    return identity


CurrentIdentity = Annotated[Identity, Depends(identify)]


async def authenticate(gateway: GatewayPorts, identity: CurrentIdentity) -> Caller:
    """The caller with the bearer token. Raises UnauthenticatedError or ForbiddenError."""
    organization, agent = find_active_agent(gateway, identity)
    viewer = viewer_of(organization, agent)
    return Caller(
        viewer=viewer,
        scope=scope_of(viewer, organization.settings),
        organization=organization,
        session=identity.session,
    )


CurrentCaller = Annotated[Caller, Depends(authenticate)]


async def _rechecking(
    gateway: GatewayPorts,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_agent_token)],
) -> Recheck:
    """For what goes on after the request: authenticates the same token again."""

    async def recheck() -> Watch:
        return watch_of(await authenticate(gateway, await identify(gateway, given)))

    return recheck


CurrentRecheck = Annotated[Recheck, Depends(_rechecking)]


def watch_of(caller: Caller) -> Watch:
    """The caller as somebody who watches a live stream."""
    return Watch(viewer=caller.viewer, scope=caller.scope, organization=caller.organization)


def require_right(right: Right) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency that admits only roles that have `right`."""

    async def require(caller: CurrentCaller) -> Caller:
        check_right(caller, right)
        return caller

    return require


def check_right(caller: Caller, right: Right) -> None:
    """Raises ForbiddenError for a caller whose role does not have `right`."""
    if not caller.may(right):
        roles = ", ".join(role for role, rights in RIGHTS.items() if right in rights)
        raise ForbiddenError(
            f"The role {caller.viewer.role} may not do this; it requires one of: {roles}."
        )


Administrator = Annotated[Caller, Depends(require_right(Right.MANAGE))]
SetupReader = Annotated[Caller, Depends(require_right(Right.READ_SETUP))]
Curator = Annotated[Caller, Depends(require_right(Right.CURATE))]
Assigner = Annotated[Caller, Depends(require_right(Right.ASSIGN))]


async def require_operator(
    gateway: GatewayPorts,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_operator_token)],
) -> None:
    """Admits the platform's operator. Takes the same time for every wrong token."""
    if given is None or not is_operator(gateway, given.credentials):
        raise UnauthenticatedError("This requires the operator's token.")


def is_operator(gateway: Gateway, token: str) -> bool:
    """Whether it is the operator's token; never, if there is none."""
    expected = gateway.settings.operator_token
    if expected is None or not token:
        return False
    return hmac.compare_digest(token.encode(), expected.get_secret_value().encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationCaller:
    """An integration that sends something, as of this request."""

    organization: Organization
    integration: IntegrationChanged


def require_integration(kind: IntegrationKind) -> Callable[..., Awaitable[IntegrationCaller]]:
    """A dependency that admits integrations of this kind with their tokens, and nobody else. No
    request makes a server look anything up: the directory is in memory."""

    async def require(
        gateway: GatewayPorts,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_integration_token)],
    ) -> IntegrationCaller:
        found = None if given is None else find_integration(gateway, given.credentials)
        if found is None:
            raise UnauthenticatedError("This requires the token of an integration.")
        if found.organization.suspended:
            raise ForbiddenError("The organization is suspended: ask the platform's operator.")
        if found.integration.kind is not kind:
            raise ForbiddenError(f"The integration sends {found.integration.kind}, not {kind}.")
        return found

    return require


def find_integration(gateway: Gateway, token: str) -> IntegrationCaller | None:
    """The integration that has this token."""
    found = gateway.directory.integration(hash_token(token))
    return None if found is None else IntegrationCaller(organization=found[0], integration=found[1])


def is_known(gateway: Gateway, token: str) -> bool:
    """Whether a bearer token is an agent's, as they are now, an integration's, or the operator's.
    Here a login that has ended is as good as another: it may have begun at another gateway a moment
    ago."""
    if is_operator(gateway, token) or find_integration(gateway, token) is not None:
        return True
    try:
        find_agent(gateway, gateway.tokens.read(token, TokenKind.ACCESS))
    except (UnauthenticatedError, ForbiddenError):
        return False
    return True


async def wait_for_directory(
    gateway: GatewayPorts,
    identity: CurrentIdentity,
    after: Annotated[
        int | None,
        Query(
            ge=0,
            le=VERSION,
            description="Answer from a directory that has seen this version, or `503`.",
        ),
    ] = None,
) -> None:
    """Waits for `?after=<version>` of the caller's organization, at most 5 s; the caller is then
    looked up as of that version."""
    if after is not None:
        await gateway.directory.wait_for_version(identity.organization, after)


async def wait_for_desk(
    gateway: GatewayPorts,
    identity: CurrentIdentity,
    after: Annotated[
        int | None,
        Query(
            ge=0,
            le=VERSION,
            description="Answer from what has seen this version of a template, view or "
            "preferences, or `503`.",
        ),
    ] = None,
) -> None:
    """Waits as `wait_for_directory` does, for the desk, whose versions are separate from the
    directory's."""
    if after is not None:
        await gateway.desk.wait_for_version(identity.organization, after)


async def wait_for_all_of_directory(
    gateway: GatewayPorts,
    after: Annotated[
        int | None,
        Query(ge=0, description="Answer from a directory that has seen all that was written."),
    ] = None,
) -> None:
    """The same for the operator, with any organization's version."""
    if after is not None:
        await gateway.directory.table.require_current()


AfterVersion = Depends(wait_for_directory)
AfterDeskVersion = Depends(wait_for_desk)
AfterAnyVersion = Depends(wait_for_all_of_directory)
