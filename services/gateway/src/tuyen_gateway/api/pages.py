"""Pages: the channel accounts that an organization has connected."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_channels.registry import has_page_tokens
from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId, OrganizationId, PageId, livechat_app_id
from tuyen_events.limits import AGENTS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    Caller,
    CurrentCaller,
    GatewayPorts,
    PathId,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import directory_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.words import Known
from tuyen_gateway.domain.changes import check_page
from tuyen_gateway.domain.livechat import derive_shown_status, find_kept_status
from tuyen_gateway.domain.visibility import sees_page
from tuyen_gateway.errors import ConflictError, InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/pages", tags=["pages"])

ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]


class PageIn(RequestBody):
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

    channel: Known[Channel]
    external_id: ExternalId | None = None
    """Facebook's page id, or Zalo's OA id. A livechat page gets a generated one, its app id."""
    name: Name
    staff: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """Who works on the page; applies with the setting `page_permissions` (R1.4, R7.1)."""
    status: Literal["active", "inactive"] | None = None
    """Whether the page is subscribed: events of an inactive page are not processed. If omitted, a
    livechat page keeps its status, and any other is active."""


class PageView(Versioned):
    id: str
    channel: Channel
    external_id: str
    name: str
    staff: list[str]
    status: str
    """`active` or `inactive`. A livechat page that is not inactive is `waiting` until the first
    call that is signed with its present token, and then `verified`, or `active` if it was set so
    (P1). Its events are processed from the first call on."""
    app_id: str | None = None
    """Only for livechat pages, like the address."""
    webhook_url: str | None = None


class ConnectedPage(PageView):
    token: str | None = None
    """What the site signs its calls with: only in the response that created it."""


class PageToken(ResponseBody):
    """A livechat page's new token. It is in no other response."""

    app_id: str
    token: str
    webhook_url: str


@router.put(
    "/{page_id}",
    summary="Connect or change a page",
    response_model_exclude_unset=True,
    responses=problems(403, 409),
)
async def put_page(
    page_id: PathId, body: PageIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> ConnectedPage:
    """For the role `system_admin`. A page belongs to one organization: `409` if another has it, or
    this one under another id. A page stays the account with which it was connected.

    A livechat page gets an `app_id`, a `token` and a `webhook_url`; the token is only in the
    response to the first call, and later calls keep it.
    """
    external_id = _external_id(caller.organization.id, PageId(page_id), body)
    if not has_page_tokens(body.channel):
        stored = await _change(page_id, external_id, body, caller, gateway)
        set_etag(response, stored.version)
        return ConnectedPage(**_build_fields(stored, gateway))
    tokens = gateway.site_tokens
    async with tokens.hold(external_id):
        await gateway.directory.table.current()  # includes pages that another gateway just created
        before = gateway.directory.page(caller.organization.id, PageId(page_id))
        stored = await _change(page_id, external_id, body, caller, gateway)
        set_etag(response, stored.version)
        if before is not None and tokens.has_token(external_id):
            return ConnectedPage(**_build_fields(stored, gateway))
        # An id that is used again must not get its old token.
        token = await tokens.make(external_id)
        return ConnectedPage(**_build_fields(stored, gateway), token=token)


def _external_id(organization: OrganizationId, page_id: PageId, body: PageIn) -> str:
    """The page's id at its channel. Raises InvalidError."""
    if has_page_tokens(body.channel):
        made = livechat_app_id(organization, page_id)
        if body.external_id not in (None, made):
            raise InvalidError(
                "external_id", f"A {body.channel} page gets its id automatically: omit it."
            )
        return made
    if body.external_id is None:
        raise InvalidError("external_id", f"Give the page's id at {body.channel}.")
    return body.external_id


async def _change(
    page_id: str, external_id: str, body: PageIn, caller: Caller, gateway: Gateway
) -> StoredEntity[PageChanged]:
    organization_id, by, now = caller.organization.id, caller.viewer.agent_id, gateway.clock.now()

    def decide(organization: Organization) -> PageChanged:
        change = PageChanged(
            organization=organization_id,
            by=by,
            at=now,
            id=PageId(page_id),
            channel=body.channel,
            external_id=external_id,
            name=body.name,
            staff=tuple(AgentId(agent) for agent in body.staff),
            status=body.status or find_kept_status(organization, PageId(page_id), body.channel),
        )
        check_page(organization, change)
        holder = gateway.directory.holder(change.channel, change.external_id)
        if holder not in (None, (organization_id, change.id)):
            raise ConflictError(
                f"The {change.channel} account {change.external_id!r} is connected already, here "
                "under another id or by another organization: remove it there first."
            )
        return change

    return await gateway.directory.change(organization_id, decide)


@router.post(
    "/{page_id}/token",
    status_code=status.HTTP_201_CREATED,
    summary="Give a livechat page a new token",
    responses=problems(403, 404),
)
async def renew_token(page_id: PathId, caller: Administrator, gateway: GatewayPorts) -> PageToken:
    """For the role `system_admin`. The old one ends at once: until the site signs with the new one,
    its calls are refused, and the page is `waiting`."""
    app_id = livechat_app_id(caller.organization.id, PageId(page_id))
    async with gateway.site_tokens.hold(app_id):
        stored = gateway.directory.page(caller.organization.id, PageId(page_id))
        if stored is None or not has_page_tokens(stored.value.channel):
            raise NotFoundError(f"There is no livechat page {page_id!r}.")
        gateway.directory.count(caller.organization.id)
        token = await gateway.site_tokens.make(app_id)
    return PageToken(
        app_id=app_id, token=token, webhook_url=_webhook_url(gateway, stored.value.channel, app_id)
    )


@router.get(
    "",
    summary="List the pages",
    dependencies=[AfterVersion],
    response_model_exclude_unset=True,
    responses=problems(403),
)
async def list_pages(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[PageView]:
    """The pages that the viewer may see (R7.1), in the order of their ids."""
    seen = sorted(
        (p for p in caller.organization.pages.values() if sees_page(caller.scope, p.value.id)),
        key=lambda stored: stored.value.id,
    )
    page, following = paging.cut(seen, lambda stored: stored.value.id)
    return Listed(
        items=[PageView(**_build_fields(stored, gateway)) for stored in page],
        next=following,
        position=directory_position(gateway, caller.organization.id),
    )


@router.get(
    "/{page_id}",
    summary="One page",
    dependencies=[AfterVersion],
    response_model_exclude_unset=True,
    responses=problems(403, 404),
)
async def get_page(
    page_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> PageView:
    stored = caller.organization.pages.get(PageId(page_id))
    if stored is None or not sees_page(caller.scope, stored.value.id):
        raise NotFoundError(f"There is no page {page_id!r}.")
    set_etag(response, stored.version)
    return PageView(**_build_fields(stored, gateway))


@router.delete(
    "/{page_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Disconnect a page",
    responses=problems(403, 404),
)
async def delete_page(
    page_id: PathId, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. Its events are no longer processed; its history stays. Another
    organization may connect the account from now on. A livechat page's token ends."""
    organization = caller.organization
    app_id = livechat_app_id(organization.id, PageId(page_id))
    async with gateway.site_tokens.hold(app_id):
        version = await gateway.directory.remove(
            organization.id, "page", page_id, caller.viewer.agent_id, lambda _: None
        )
        if gateway.site_tokens.has_token(app_id):
            await gateway.site_tokens.forget(app_id)
    set_etag(response, version)


def _build_fields(stored: StoredEntity[PageChanged], gateway: Gateway) -> dict[str, Any]:
    """The fields of a page's view, without those of livechat pages for other channels."""
    page = stored.value
    shown: dict[str, Any] = {
        "id": page.id,
        "channel": page.channel,
        "external_id": page.external_id,
        "name": page.name,
        "staff": list(page.staff),
        "status": derive_shown_status(page, gateway.site_tokens.is_used),
        "version": stored.version,
    }
    if has_page_tokens(page.channel):
        shown["app_id"] = page.external_id
        shown["webhook_url"] = _webhook_url(gateway, page.channel, page.external_id)
    return shown


def _webhook_url(gateway: Gateway, channel: Channel, app_id: str) -> str:
    return f"{gateway.settings.ingest_url.rstrip('/')}/webhooks/{channel}/{app_id}"
