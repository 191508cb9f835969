"""The audit: who did what, when, and from what to what (O2). There is no way to change it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, JsonValue

from tuyen_attachments.serving import SAFE_HEADERS, begin_reading
from tuyen_directory.organization import Organization
from tuyen_events.audit import AuditChange
from tuyen_events.directory import DEFAULT_TIME_ZONE
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import Administrator, Caller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.audit import AUDIT_TABLE, AuditEntry, AuditFilter, audit_download
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.sheets.separated import MARK, write_separated

router = APIRouter(prefix="/audit", tags=["audit"])

_ENTITY = r"^[a-z_]{1,64}$"


class AuditChangeView(ResponseBody):
    """One field; null is no value."""

    field: str
    from_: JsonValue = Field(serialization_alias="from")
    to: JsonValue


class AuditEntryView(ResponseBody):
    at: datetime
    by: str | None
    """The agent; null for the operator, a refused login and a refused integration."""
    action: str
    """`created`, `changed`, `removed`, `logged_in`, `logged_out`, `login_refused`, `refused`,
    `started`, `downloaded`, among others."""
    entity: str
    """What it is about: `settings`, `rule`, `page`, `agent`, `warehouse`, among others; `login`,
    `password`, `page_token`, `template`, `export`, and `request` for what was refused."""
    id: str
    """The entity's id; of a login the agent, of a refusal the method and address."""
    changes: list[AuditChangeView]
    times: int
    """How often it happened: what was repeated within a short time is one entry."""


async def _wanted(
    caller: Administrator,
    since: Annotated[MomentIn | None, Query(alias="from")] = None,
    until: Annotated[MomentIn | None, Query(alias="to")] = None,
    by: Annotated[str | None, Query(pattern=CHOSEN_ID_PATTERN)] = None,
    entity: Annotated[str | None, Query(pattern=_ENTITY)] = None,
) -> AuditFilter:
    return AuditFilter(
        organization=caller.organization.id,
        since=since,
        until=until,
        by=None if by is None else AgentId(by),
        entity=entity,
    )


@router.get(
    "",
    summary="Who did what",
    response_model=Listed[AuditEntryView],
    responses={200: {"content": {"text/csv": {}}}, **problems(403)},
)
async def list_audit(
    wanted: Annotated[AuditFilter, Depends(_wanted)],
    caller: Administrator,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    format: Annotated[Literal["json", "csv"], Query()] = "json",
) -> Listed[AuditEntryView] | Response:
    """For the role `system_admin`, the newest first: `from` included, `to` excluded. It contains
    every change of what was set up, every login, and what was refused. Nobody can change it.

    With `format=csv`, all entries that match, from `cursor` on, are one table, with a row for each
    field that changed; `limit` has no effect. That somebody downloaded it is in the audit."""
    if format == "csv":
        return await _answer_table(wanted, caller, gateway, paging.after)
    position = await gateway.audit.position(wanted.organization)
    page = await gateway.audit.list_entries(wanted, paging.limit, paging.after)
    return Listed(
        items=[_view(entry) for entry in page.items],
        next=paging.cursor(page.following),
        position=gateway.cipher.encrypt_deterministic(f"audit/{wanted.organization}", position),
    )


def _view(entry: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        at=entry.at,
        by=entry.by,
        action=entry.action,
        entity=entry.entity,
        id=entry.id,
        changes=[_view_change(change) for change in entry.changes],
        times=entry.times,
    )


def _view_change(change: AuditChange) -> AuditChangeView:
    return AuditChangeView(
        field=change.field, from_=_decode(change.before), to=_decode(change.after)
    )


def _decode(value: str | None) -> JsonValue:
    return None if value is None else msgspec.json.decode(value, type=object)  # type: ignore[return-value]  # JSON


_COLUMNS = (
    "at",
    "local_time",
    "by",
    "name",
    "action",
    "entity",
    "id",
    "times",
    "field",
    "from",
    "to",
)
_AT_ONCE = 200


async def _answer_table(
    wanted: AuditFilter, caller: Caller, gateway: Gateway, after: str | None
) -> Response:
    content = await begin_reading(_write_table(wanted, caller.organization, gateway, after))
    organization, by = caller.organization.id, caller.viewer.agent_id
    now = gateway.clock.now()
    await gateway.audit.record(
        audit_download(organization, AUDIT_TABLE, "", by=by, at=now, rows=None)
    )
    headers = {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="audit.csv"',
    }
    return StreamingResponse(content, HTTPStatus.OK, headers, "text/csv; charset=utf-8")


async def _write_table(
    wanted: AuditFilter, organization: Organization, gateway: Gateway, after: str | None
) -> AsyncIterator[bytes]:
    """The mark of UTF-8, the heading, and the entries, some at a time."""
    profile = organization.profile
    zone = ZoneInfo(DEFAULT_TIME_ZONE if profile is None else profile.value.time_zone)
    yield MARK + write_separated([_COLUMNS])
    while True:
        page = await gateway.audit.list_entries(wanted, _AT_ONCE, after)
        yield write_separated(
            row for entry in page.items for row in _list_cells(entry, organization, zone)
        )
        after = page.following
        if after is None:
            return


def _list_cells(
    entry: AuditEntry, organization: Organization, zone: ZoneInfo
) -> Iterator[tuple[str, ...]]:
    agent = None if entry.by is None else organization.agent(entry.by)
    head = (
        entry.at.isoformat().replace("+00:00", "Z"),
        f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        entry.by or "",
        "" if agent is None else agent.name,
        entry.action,
        entry.entity,
        entry.id,
        str(entry.times),
    )
    if not entry.changes:
        yield (*head, "", "", "")
    for change in entry.changes:
        yield (*head, change.field, _show(change.before), _show(change.after))


def _show(value: str | None) -> str:
    """A text as it is, and anything else as JSON."""
    decoded = _decode(value)
    return decoded if isinstance(decoded, str) else (value or "")
