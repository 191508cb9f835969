"""Routes for a livechat's widget, in the browser of an anonymous visitor, and the files of replies
for sites with a chat of their own."""

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tuyen_channels.livechat.widget import WidgetScript
from tuyen_directory.offers import find_choices
from tuyen_directory.organization import Organization
from tuyen_events.directory import PageChanged
from tuyen_events.limits import ID_CHARACTERS
from tuyen_events.vocabulary import Channel, Presence
from tuyen_gateway.api.attachments import FILE_RESPONSES, serve_attachment
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import GatewayPorts
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.livechat import INACTIVE
from tuyen_gateway.errors import NotFoundError
from tuyen_platform.file_links import FILES_PATH, LINK_CHARACTERS

PREFIX = "/livechat"

router = APIRouter(prefix=PREFIX, tags=["livechat"], responses=problems(404, 422, 503))


class OfferedRegion(ResponseBody):
    id: str
    name: str


class OfferedDepartment(ResponseBody):
    id: str
    name: str
    regions: list[OfferedRegion] | None = None
    """Omitted unless more than one region of the department has an agent online."""


class OfferedChoices(ResponseBody):
    items: list[OfferedDepartment]


async def _find_site(
    app_id: Annotated[str, Path(max_length=ID_CHARACTERS)], gateway: GatewayPorts
) -> tuple[Organization, PageChanged]:
    owner = gateway.directory.find_page_of_account(Channel.LIVECHAT, app_id)
    organization = None if owner is None else gateway.directory.organization(owner[0])
    page = None if owner is None or organization is None else organization.pages.get(owner[1])
    if (
        organization is None
        or organization.profile is None
        or organization.profile.value.suspended
        or page is None
        or page.value.status == INACTIVE
    ):
        raise NotFoundError(f"There is no livechat {app_id!r}.")
    return organization, page.value


AddressedSite = Annotated[tuple[Organization, PageChanged], Depends(_find_site)]


_build_script = cache(WidgetScript)


@router.get(
    "/{app_id}/widget.js",
    summary="The widget's script",
    response_class=Response,
    responses={200: {"content": {"text/javascript": {}}}},
    dependencies=[Depends(_find_site)],
)
async def get_script(request: Request, gateway: GatewayPorts) -> Response:
    """For everybody, from any site's pages: the script that ingest serves as well (L4). `404` for
    an app that is unknown or inactive, or whose organization is suspended."""
    script = _build_script(gateway.settings.ingest_url.rstrip("/"))
    found = script.answer(request.headers)
    return Response(found.content, found.status, found.headers)


@router.get(
    "/{app_id}/departments",
    summary="The departments that visitors can choose now",
    response_model_exclude_none=True,
)
async def list_choices(site: AddressedSite, gateway: GatewayPorts) -> OfferedChoices:
    """For everybody: no token, and from any site's pages. The departments with an agent who is
    online, not disabled, and works on the page; in the order of their ids. `404` for an app that is
    unknown or inactive, or whose organization is suspended."""
    organization, page = site
    found = find_choices(
        organization,
        page.id,
        lambda agent: gateway.presence.presence(organization.id, agent) is Presence.ONLINE,
    )
    return OfferedChoices(
        items=[
            OfferedDepartment(
                id=choice.department.id,
                name=choice.department.name,
                regions=[OfferedRegion(id=one.id, name=one.name) for one in choice.regions] or None,
            )
            for choice in found
        ]
    )


@router.get(
    f"{FILES_PATH.removeprefix(PREFIX)}/{{link}}",
    summary="A file of a reply",
    response_class=Response,
    responses={**FILE_RESPONSES, **problems(416)},
)
async def get_file(
    link: Annotated[str, Path(max_length=LINK_CHARACTERS)],
    request: Request,
    gateway: GatewayPorts,
) -> Response:
    """For everybody who has the link, which is in what is sent to a page's `reply_url` (L5), for
    thirty days. `404` for any other link, and while the organization is suspended."""
    file = gateway.file_links.read(link, gateway.clock.now())
    organization = None if file is None else gateway.directory.organization(file.organization)
    profile = None if organization is None else organization.profile
    if file is None or profile is None or profile.value.suspended:
        raise NotFoundError("There is no such file.")
    opened = await gateway.attachments.open(*file)
    if opened is None:
        raise NotFoundError("There is no such file.")
    return await serve_attachment(opened, request)


class AnySite:
    """Allows pages of any site to read the responses of this module, and no others of the
    gateway."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["GET"], allow_headers=["*"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (self._shared if shared else self._app)(scope, receive, send)
