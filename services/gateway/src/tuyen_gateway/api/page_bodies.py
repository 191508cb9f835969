"""Pages as requests and responses show them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from tuyen_channels.registry import has_page_tokens
from tuyen_directory.organization import StoredEntity
from tuyen_events.directory import PageChanged
from tuyen_events.limits import AGENTS, AUTOMATIC_APPS, PAGE_SECRET_CHARACTERS, SITES
from tuyen_events.vocabulary import Channel
from tuyen_gateway.api.addresses import Address, Origin
from tuyen_gateway.api.bodies import (
    BilingualText,
    ChosenId,
    Name,
    RequestBody,
    ResponseBody,
    Versioned,
)
from tuyen_gateway.api.words import Known
from tuyen_gateway.connecting import account_of, find_problem
from tuyen_gateway.domain.livechat import derive_shown_status
from tuyen_gateway.domain.page_secrets import is_page_secret
from tuyen_gateway.gateway import Gateway
from tuyen_platform.page_credentials import AccountCredentials

_YEARS = range(1970, 9_000)
"""Others cannot be written in every time zone."""


def _in_utc(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise PydanticCustomError("moment", "Give a time within the next years.")
    return moment.astimezone(UTC)


def _check_external_id(given: str) -> str:
    if given in (".", ".."):  # in a path, it would be a step
        raise PydanticCustomError("external_id", "Give the id that the channel gave the page.")
    return given


ExternalId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$"),
    AfterValidator(_check_external_id),
]


def _check_secret(given: SecretStr) -> SecretStr:
    if not is_page_secret(given.get_secret_value()):
        raise PydanticCustomError("page_secret", "Give a token as the channel wrote it.")
    return given


PageSecret = Annotated[
    SecretStr,
    StringConstraints(min_length=1, max_length=PAGE_SECRET_CHARACTERS),
    AfterValidator(_check_secret),
]
ConnectionState = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
AppId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class CredentialsIn(RequestBody):
    """The credentials with which the page calls its channel. No response contains them."""

    access_token: PageSecret
    refresh_token: PageSecret | None = None
    """Zalo's: it works once, so nobody else may use it from now on."""
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    """When the access token ends; omit it for one without an end."""

    def build(self) -> AccountCredentials:
        return AccountCredentials(
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=self.expires_at,
        )


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
    credentials: CredentialsIn | None = None
    """The credentials with which the page sends (P1). If omitted, it keeps those that it has."""
    connection: ConnectionState | None = None
    """In place of `credentials`: the `state` of a login at the channel that gave access to the
    account."""
    automatic_apps: list[AppId] = Field(default=[], max_length=AUTOMATIC_APPS, fail_fast=True)
    """Apps at the channel whose messages are automatic answers, by their ids there: they end no
    customer's wait (P5b)."""
    reply_url: Address | None = None
    """For a livechat page: the address to which replies to its visitors are sent (L5)."""
    sites: list[Origin] = Field(default=[], max_length=SITES, fail_fast=True)
    """For a livechat page: the sites that may show its widget (L4); if empty, every site may."""


class PageProblemView(ResponseBody):
    """Why the page cannot send, or gets no events."""

    code: str
    """Such as `not_connected`, `token_dead`, `token_expired`, `no_permission`, `blocked_by_policy`
    and `not_subscribed`; expect others."""
    text: BilingualText


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
    connected: bool | None = None
    """Whether the page has credentials to send with. Not for livechat pages."""
    until: datetime | None = None
    """For a connected page: when its access token ends; null for one without an end. A token that
    can be refreshed is refreshed before that."""
    problem: PageProblemView | None = None
    """Why the page cannot send, or gets no events; omitted if nothing is known against it."""
    automatic_apps: list[str] | None = None
    """For roles that see what was set up, like the following; omitted if there are none."""
    reply_url: str | None = None
    sites: list[str] | None = None
    app_id: str | None = None
    """Only for livechat pages, like the address."""
    webhook_url: str | None = None


class ConnectedPage(PageView):
    token: str | None = None
    """The token with which the site signs its calls. Only the response that created it contains
    it."""


def build_page_fields(
    stored: StoredEntity[PageChanged], gateway: Gateway, *, setup: bool
) -> dict[str, Any]:
    """The fields of a page's view, without those that it has not. `setup` is whether the viewer
    sees what was set up."""
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
        shown["webhook_url"] = webhook_url(gateway, page.channel, page.external_id)
    else:
        shown |= _connection_fields(page, gateway)
    if setup:
        given = {
            "automatic_apps": list(page.automatic_apps),
            "reply_url": page.reply_url,
            "sites": list(page.sites),
        }
        shown |= {name: value for name, value in given.items() if value}
    return shown


def _connection_fields(page: PageChanged, gateway: Gateway) -> dict[str, Any]:
    credentials = gateway.page_access.credentials(account_of(page).name)
    shown: dict[str, Any] = {"connected": credentials is not None}
    if credentials is not None:
        shown["until"] = credentials.expires_at
    problem = find_problem(gateway, page)
    if problem is not None:
        text = BilingualText(vi=problem.vi, en=problem.en)
        shown["problem"] = PageProblemView(code=problem.code, text=text)
    return shown


def webhook_url(gateway: Gateway, channel: Channel, app_id: str) -> str:
    return f"{gateway.settings.ingest_url.rstrip('/')}/webhooks/{channel}/{app_id}"
