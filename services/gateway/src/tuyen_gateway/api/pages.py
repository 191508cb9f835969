"""Pages: the channel accounts that an organization has connected."""

from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Response, status

from tuyen_channels.registry import has_page_tokens
from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.audit import AuditRecorded
from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId, OrganizationId, PageId, livechat_app_id
from tuyen_gateway.api.addresses import find_host
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    Caller,
    CurrentCaller,
    GatewayPorts,
    PathId,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.page_bodies import (
    ConnectedPage,
    PageIn,
    PageView,
    build_page_fields,
    webhook_url,
)
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import directory_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.connecting import (
    Account,
    account_of,
    disconnect,
    find_connected,
    set_credentials,
    update_subscription,
)
from tuyen_gateway.domain.audit import audit_page_token
from tuyen_gateway.domain.changes import check_page
from tuyen_gateway.domain.livechat import find_kept_status
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.visibility import sees_page
from tuyen_gateway.errors import ConflictError, InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.page_credentials import AccountCredentials

router = APIRouter(prefix="/pages", tags=["pages"])


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
    this one under another id, or if an integration of the organization has the id. A page stays the
    account with which it was connected.

    With `credentials`, or the `connection` of a login, the page can send, and an active page is
    subscribed at its channel; set inactive, it is unsubscribed. Whether that worked does not change
    the answer's status: the page's `problem` says what is wrong, and it is tried again.

    A livechat page gets an `app_id`, a `token` and a `webhook_url`; the token is only in the
    response to the first call, and later calls keep it.
    """
    external_id = _check(caller.organization.id, PageId(page_id), body, gateway)
    connect = _connect_site if has_page_tokens(body.channel) else _connect_account
    stored, token = await connect(page_id, external_id, body, caller, gateway)
    set_etag(response, stored.version)
    shown = build_page_fields(stored, gateway, setup=True)
    return ConnectedPage(**shown) if token is None else ConnectedPage(**shown, token=token)


async def _connect_site(
    page_id: str, external_id: str, body: PageIn, caller: Caller, gateway: Gateway
) -> tuple[StoredEntity[PageChanged], str | None]:
    """A livechat page, and its token if it was made."""
    tokens = gateway.site_tokens
    async with tokens.hold(external_id):
        # An id that is used again must not get its old token.
        old = tokens.stamp(external_id)
        stored, before = await _change(page_id, external_id, body, caller, gateway)
        if before is not None and old is not None:
            return stored, None
        audited = _audit_token(stored.value, caller, gateway)
        return stored, await tokens.make_first(external_id, old, audited)


async def _connect_account(
    page_id: str, external_id: str, body: PageIn, caller: Caller, gateway: Gateway
) -> tuple[StoredEntity[PageChanged], None]:
    """A page of a channel that has its own accounts. The page comes first in the log: nobody has
    credentials of an account that is not theirs."""
    organization_id = caller.organization.id
    account = Account(organization_id, body.channel, external_id)
    wanted = await _find_wanted(account, body, caller, gateway)
    if wanted is not None:
        gateway.directory.count(organization_id)
    access = gateway.page_access
    async with access.hold(account.name):
        old = access.find_set_credentials(account.name)
        stored, before = await _change(page_id, external_id, body, caller, gateway)
        if before is None and old is not None:
            await access.forget(account.name, old)  # its page was removed by a gateway that died
        renewed = False
        if wanted is not None:
            renewed = await set_credentials(gateway, stored.value, wanted, caller.viewer.agent_id)
        await update_subscription(gateway, stored.value, before=before, renewed=renewed)
    return stored, None


async def _find_wanted(
    account: Account, body: PageIn, caller: Caller, gateway: Gateway
) -> AccountCredentials | None:
    """The credentials that the request gives; None to keep those of the page."""
    if body.credentials is not None:
        return body.credentials.build()
    if body.connection is None:
        return None
    # Another gateway may have finished the login.
    await gateway.page_connections.table.require_current()
    return find_connected(gateway, account, caller.viewer.agent_id, body.connection)


def _check(organization: OrganizationId, page_id: PageId, body: PageIn, gateway: Gateway) -> str:
    """The page's id at its channel, if the request fits it. Raises InvalidError."""
    livechat = has_page_tokens(body.channel)
    for field in ("credentials", "connection") if livechat else ("reply_url", "sites"):
        if getattr(body, field):
            raise InvalidError(field, f"A {body.channel} page has none: omit it.")
    if body.credentials is not None and body.connection is not None:
        raise InvalidError("connection", "Give either `credentials` or `connection`.")
    if body.reply_url is not None:
        _check_reply_url(body.reply_url, gateway)
    if not livechat:
        if body.external_id is None:
            raise InvalidError("external_id", f"Give the page's id at {body.channel}.")
        return body.external_id
    made = livechat_app_id(organization, page_id)
    if body.external_id not in (None, made):
        raise InvalidError(
            "external_id", f"A {body.channel} page gets its id automatically: omit it."
        )
    return made


def _check_reply_url(url: str, gateway: Gateway) -> None:
    """Refuses what is inside of the operator's network for certain. A name is looked up whenever it
    is called."""
    networks = AdmittedNetworks(gateway.settings.reply_networks)
    host = (find_host(url) or "").strip("[]")
    inside = {"localhost": "127.0.0.1"}.get(host, host)
    try:
        ip_address(inside)
    except ValueError:
        return
    if not networks.admit(inside):
        raise InvalidError("reply_url", "Replies are sent to public addresses only.")


async def _change(
    page_id: str, external_id: str, body: PageIn, caller: Caller, gateway: Gateway
) -> tuple[StoredEntity[PageChanged], PageChanged | None]:
    """The page, and what it was immediately before; None if this creates it."""
    organization_id, by, now = caller.organization.id, caller.viewer.agent_id, gateway.clock.now()
    before: PageChanged | None = None

    def decide(organization: Organization) -> PageChanged:
        nonlocal before
        found = organization.pages.get(PageId(page_id))
        before = None if found is None else found.value
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
            automatic_apps=tuple(body.automatic_apps),
            reply_url=body.reply_url,
            sites=tuple(body.sites),
        )
        check_page(organization, change)
        owner = gateway.directory.find_page_of_account(change.channel, change.external_id)
        if owner not in (None, (organization_id, change.id)):
            raise ConflictError(
                f"The {change.channel} account {change.external_id!r} is connected already, here "
                "under another id or by another organization: remove it there first."
            )
        return change

    stored = await gateway.directory.change(organization_id, decide)
    return stored, before


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
        token = await gateway.site_tokens.make(app_id, _audit_token(stored.value, caller, gateway))
    return PageToken(
        app_id=app_id, token=token, webhook_url=webhook_url(gateway, stored.value.channel, app_id)
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
        items=[PageView(**_build_fields(stored, caller, gateway)) for stored in page],
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
    return PageView(**_build_fields(stored, caller, gateway))


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
    organization may connect the account from now on. What the page sent with is removed, and a
    livechat page's token ends."""
    organization = caller.organization
    page = organization.pages.get(PageId(page_id))
    if page is None:
        raise NotFoundError(f"There is no page {page_id!r}.")
    app_id = livechat_app_id(organization.id, PageId(page_id))
    account = account_of(page.value)
    async with gateway.site_tokens.hold(app_id), gateway.page_access.hold(account.name):
        token = gateway.site_tokens.stamp(app_id)
        last_set = gateway.page_access.find_set_credentials(account.name)
        version = await gateway.directory.remove(
            organization.id, "page", page_id, caller.viewer.agent_id, lambda _: None
        )
        if token is not None:
            await gateway.site_tokens.forget(app_id, token)
        await disconnect(gateway, account, last_set)
    set_etag(response, version)


def _audit_token(page: PageChanged, caller: Caller, gateway: Gateway) -> AuditRecorded:
    now = gateway.clock.now()
    return audit_page_token(page.organization, page.id, by=caller.viewer.agent_id, at=now)


def _build_fields(
    stored: StoredEntity[PageChanged], caller: Caller, gateway: Gateway
) -> dict[str, Any]:
    return build_page_fields(stored, gateway, setup=caller.may(Right.READ_SETUP))
