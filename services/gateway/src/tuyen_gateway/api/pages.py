"""Pages: the accounts at the channels that an organization has connected."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.api.bodies import Body, ChosenId, Name, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    CurrentCaller,
    GatewayPorts,
    PathId,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_page
from tuyen_gateway.domain.directory import Organization, Stored, sees_page
from tuyen_gateway.errors import ConflictError, NotFoundError

router = APIRouter(prefix="/pages", tags=["pages"])


class PageIn(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "facebook",
                    "external_id": "105391551234567",
                    "name": "Giày Việt",
                    "staff": ["lan"],
                }
            ]
        }
    )

    channel: Literal[Channel.FACEBOOK, Channel.ZALO]
    external_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
    """Facebook's page id, or Zalo's OA id."""
    name: Name
    staff: list[ChosenId] = Field(default=[], max_length=10_000)
    """Who works on the page; counts with the setting `page_permissions` (R1.4, R7.1)."""
    status: Literal["active", "inactive"] = "active"


class PageView(Versioned):
    id: str
    channel: Channel
    external_id: str
    name: str
    staff: list[str]
    status: str


@router.put("/{page_id}", summary="Connect or change a page", responses=problems(403, 409))
async def put_page(
    page_id: PathId, body: PageIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> PageView:
    """For the role `system_admin`.

    A page belongs to one organization: `409` when another has it, or this one under another id. A
    page stays the account that it was connected as.
    """
    organization_id = caller.organization.id
    change = PageChanged(
        organization=organization_id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        id=PageId(page_id),
        channel=body.channel,
        external_id=body.external_id,
        name=body.name,
        staff=tuple(AgentId(agent) for agent in body.staff),
        status=body.status,
    )

    def decide(organization: Organization) -> PageChanged:
        check_page(organization, change)
        holder = gateway.directory.holder(change.channel, change.external_id)
        if holder not in (None, (organization_id, change.id)):
            raise ConflictError(
                f"The {change.channel} account {change.external_id!r} is connected already, here "
                "under another id or by another organization: remove it there first."
            )
        return change

    stored = await gateway.directory.change(organization_id, decide)
    set_etag(response, stored.version)
    return _view(stored)


@router.get("", summary="List the pages", dependencies=[AfterVersion], responses=problems(403))
async def list_pages(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[PageView]:
    """Those that the viewer may see (R7.1), in the order of their ids."""
    seen = sorted(
        (p for p in caller.organization.pages.values() if sees_page(caller.scope, p.value.id)),
        key=lambda stored: stored.value.id,
    )
    page, following = paging.cut(seen, lambda stored: stored.value.id)
    return Listed(
        items=[_view(stored) for stored in page],
        next=following,
        position=str(gateway.directory.copy.position()),
    )


@router.get(
    "/{page_id}", summary="One page", dependencies=[AfterVersion], responses=problems(403, 404)
)
async def get_page(page_id: PathId, caller: CurrentCaller, response: Response) -> PageView:
    stored = caller.organization.pages.get(PageId(page_id))
    if stored is None or not sees_page(caller.scope, stored.value.id):
        raise NotFoundError(f"There is no page {page_id!r}.")
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{page_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Disconnect a page",
    responses=problems(403, 404),
)
async def delete_page(
    page_id: PathId, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. Its events are no longer taken; its history stays. Another
    organization may connect the account from now on."""
    version = await gateway.directory.remove(
        caller.organization.id, "page", page_id, caller.viewer.agent_id, lambda _: None
    )
    set_etag(response, version)


def _view(stored: Stored[PageChanged]) -> PageView:
    page = stored.value
    return PageView(
        id=page.id,
        channel=page.channel,
        external_id=page.external_id,
        name=page.name,
        staff=list(page.staff),
        status=page.status,
        version=stored.version,
    )
