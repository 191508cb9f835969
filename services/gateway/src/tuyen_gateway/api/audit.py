"""The audit: who did what, when, and from what to what (O2). There is no way to change it."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field, JsonValue

from tuyen_events.audit import AuditChange
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import Administrator, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.audit import AuditEntry, AuditFilter

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
    """The agent; null for the operator, and for somebody who is not logged in."""
    action: str
    """`created`, `changed`, `removed`, `logged_in`, `login_refused`, `refused`, among others."""
    entity: str
    """What it is about: `settings`, `rule`, `page`, `agent`, `warehouse`, among others; `login`,
    `password`, and `request` for what was refused."""
    id: str
    """The entity's id; of a login the agent, of a refusal the method and address."""
    changes: list[AuditChangeView]


async def _wanted(
    caller: Administrator,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
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


@router.get("", summary="Who did what", responses=problems(403))
async def list_audit(
    wanted: Annotated[AuditFilter, Depends(_wanted)], gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[AuditEntryView]:
    """For the role `system_admin`, the newest first: `from` included, `to` excluded. It contains
    every change of what was set up, every login, and what was refused. Nobody can change it."""
    position = await gateway.audit.position(wanted.organization)
    page = await gateway.audit.list_entries(wanted, paging.limit, paging.after)
    return Listed(
        items=[_view(entry) for entry in page.items],
        next=paging.cursor(page.following),
        position=gateway.seals.mark(f"audit/{wanted.organization}", position),
    )


def _view(entry: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        at=entry.at,
        by=entry.by,
        action=entry.action,
        entity=entry.entity,
        id=entry.id,
        changes=[_view_change(change) for change in entry.changes],
    )


def _view_change(change: AuditChange) -> AuditChangeView:
    return AuditChangeView(
        field=change.field, from_=_decode(change.before), to=_decode(change.after)
    )


def _decode(value: str | None) -> JsonValue:
    return None if value is None else msgspec.json.decode(value, type=object)  # type: ignore[return-value]  # JSON
