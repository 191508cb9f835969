"""Organizations, for the platform's operator only."""

from typing import Annotated
from zoneinfo import available_timezones

import msgspec
from fastapi import APIRouter, Depends, Response, status
from pydantic import AfterValidator, ConfigDict, StringConstraints

from tuyen_directory.organization import Organization
from tuyen_events.directory import DEFAULT_TIME_ZONE, AgentChanged, OrganizationChanged
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import ID_CHARACTERS
from tuyen_events.vocabulary import Role
from tuyen_gateway.api.bodies import ChosenId, Name, Password, RequestBody, Username, Versioned
from tuyen_gateway.api.dependencies import AfterAnyVersion, GatewayPorts, PathId, require_operator
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import operators_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import ConflictError, NotFoundError
from tuyen_gateway.gateway import Gateway

ADMIN = AgentId("admin")
"""The agent id of the `system_admin` that an organization starts with."""


def _check_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no such time zone: give one like Asia/Ho_Chi_Minh")
    return name


TimeZone = Annotated[
    str, StringConstraints(max_length=ID_CHARACTERS), AfterValidator(_check_time_zone)
]

router = APIRouter(
    prefix="/organizations", tags=["organizations"], dependencies=[Depends(require_operator)]
)


class Admin(RequestBody):
    username: Username
    password: Password


class NewOrganization(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "giay-viet",
                    "name": "Giày Việt",
                    "country": "VN",
                    "admin": {"username": "chu", "password": "…"},
                }
            ]
        }
    )

    id: ChosenId
    name: Name
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "VN"
    """ISO 3166-1; phone numbers are parsed with it."""
    time_zone: TimeZone = DEFAULT_TIME_ZONE
    """Reports are by the hours and days of this zone."""
    admin: Admin


class OrganizationPatch(RequestBody):
    """What is left out keeps its value."""

    suspended: bool | None = None
    time_zone: TimeZone | None = None


class OrganizationView(Versioned):
    id: str
    name: str
    country: str
    time_zone: str
    suspended: bool


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Create an organization and its first system_admin",
    responses={
        200: {"model": OrganizationView, "description": "It exists already, under that name"},
        **problems(409),
    },
)
async def make_organization(
    body: NewOrganization, gateway: GatewayPorts, response: Response
) -> OrganizationView:
    """The admin's agent id is `admin`. Repeating the call for an organization that exists with the
    same name, country and time zone answers `200` and changes nothing, not even its admin's
    password; others answer `409`."""
    organization_id = OrganizationId(body.id)
    await gateway.directory.table.require_current()  # another gateway may have made it a moment ago
    standing = gateway.directory.organization(organization_id)
    if standing is not None:
        view = _view(standing)
        given = (body.name, body.country, body.time_zone)
        if (view.name, view.country, view.time_zone) != given:
            raise ConflictError(f"The organization {body.id!r} exists already as {view.name!r}.")
        response.status_code = status.HTTP_200_OK
        set_etag(response, view.version)
        return view
    return await _make(gateway, organization_id, body, response)


async def _make(
    gateway: Gateway, organization_id: OrganizationId, body: NewOrganization, response: Response
) -> OrganizationView:
    """The profile is written last: without it there is no organization, and everything can be
    repeated. Of two who make it at once, one is refused."""
    now = gateway.clock.now()
    admin = AgentChanged(
        organization=organization_id,
        at=now,
        id=ADMIN,
        name=body.admin.username,
        username=body.admin.username,
        role=Role.SYSTEM_ADMIN,
    )
    profile = OrganizationChanged(
        organization=organization_id,
        at=now,
        name=body.name,
        country=body.country,
        time_zone=body.time_zone,
    )

    def begin(organization: Organization) -> AgentChanged:
        _check_new(organization)
        return admin

    def finish(organization: Organization) -> OrganizationChanged:
        _check_new(organization)
        return profile

    await gateway.directory.change(organization_id, begin)
    await gateway.credentials.set(organization_id, ADMIN, body.admin.password, by=None, at=now)
    stored = await gateway.directory.change(organization_id, finish)
    set_etag(response, stored.version)
    return _view_of(stored.value, stored.version)


def _check_new(organization: Organization) -> None:
    if organization.profile is not None:
        raise ConflictError(
            f"Somebody else made the organization {organization.id!r} at the same moment: look at "
            "it, and at its admin, before you use it."
        )


@router.get("", summary="List the organizations", dependencies=[AfterAnyVersion])
async def list_organizations(
    gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[OrganizationView]:
    page, following = paging.cut(gateway.directory.organizations(), lambda one: one.id)
    return Listed(
        items=[_view(one) for one in page],
        next=following,
        position=operators_position(gateway),
    )


@router.get(
    "/{organization_id}",
    summary="One organization",
    dependencies=[AfterAnyVersion],
    responses=problems(404),
)
async def get_organization(
    organization_id: PathId, gateway: GatewayPorts, response: Response
) -> OrganizationView:
    view = _view(_existing(gateway, organization_id))
    set_etag(response, view.version)
    return view


@router.patch(
    "/{organization_id}",
    summary="Suspend or resume an organization, or set its time zone",
    responses=problems(404),
)
async def suspend_organization(
    organization_id: PathId, body: OrganizationPatch, gateway: GatewayPorts, response: Response
) -> OrganizationView:
    """While it is suspended, none of its agents can log in, and existing tokens get `403`."""
    now, fields = gateway.clock.now(), body.model_dump(exclude_none=True)

    def decide(organization: Organization) -> OrganizationChanged:
        if organization.profile is None:
            raise _not_found(organization.id)
        return msgspec.structs.replace(organization.profile.value, at=now, **fields)

    stored = await gateway.directory.change(OrganizationId(organization_id), decide)
    set_etag(response, stored.version)
    return _view_of(stored.value, stored.version)


def _existing(gateway: Gateway, organization_id: str) -> Organization:
    found = gateway.directory.organization(OrganizationId(organization_id))
    if found is None:
        raise _not_found(organization_id)
    return found


def _not_found(organization_id: str) -> NotFoundError:
    return NotFoundError(f"There is no organization {organization_id!r}.")


def _view(organization: Organization) -> OrganizationView:
    if organization.profile is None:
        raise _not_found(organization.id)
    return _view_of(organization.profile.value, organization.profile.version)


def _view_of(profile: OrganizationChanged, version: int) -> OrganizationView:
    return OrganizationView(
        id=profile.organization,
        name=profile.name,
        country=profile.country,
        time_zone=profile.time_zone,
        suspended=profile.suspended,
        version=version,
    )
