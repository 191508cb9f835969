"""Reads the query of a report: its time, and the part of it that the viewer may see."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query

from tuyen_events.audit_limits import REPORT_DAYS
from tuyen_events.directory import DEFAULT_TIME_ZONE
from tuyen_gateway.api.crm.access import load_scope, require_access
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import (
    Caller,
    CurrentCaller,
    GatewayPorts,
    SetupReader,
    check_right,
)
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.rollups import quarter_of
from tuyen_gateway.errors import ForbiddenError, InvalidError
from tuyen_gateway.ports.reports import Interval, ReportSpan

_DAYS = timedelta(days=7)
_LONGEST = timedelta(days=REPORT_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """What a report is to contain, and the language of its chart."""

    caller: Caller
    span: ReportSpan
    language: Literal["vi", "en"]


async def read_report_query(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    since: Annotated[
        MomentIn | None, Query(alias="from", description="Seven days before `to` by default.")
    ] = None,
    until: Annotated[MomentIn | None, Query(alias="to", description="Now by default.")] = None,
    by: Annotated[Interval, Query()] = Interval.DAY,
) -> ReportQuery:
    """Both ends are rounded down to a quarter of an hour; what happens now is in the report."""
    end = gateway.clock.now() + timedelta(minutes=15) if until is None else until
    begin = end - _DAYS if since is None else since
    if end - begin > _LONGEST:
        raise InvalidError(
            "from", f"A report covers {REPORT_DAYS} days at most: ask for less time."
        )
    organization = caller.organization
    profile = organization.profile
    span = ReportSpan(
        organization=organization.id,
        since=quarter_of(begin),
        until=quarter_of(end),
        by=by,
        time_zone=DEFAULT_TIME_ZONE if profile is None else profile.value.time_zone,
    )
    preferred = gateway.desk.preferences(organization.id, caller.viewer.agent_id).get("language")
    english = isinstance(preferred, str) and preferred.lower().startswith("en")
    return ReportQuery(caller=caller, span=span, language="en" if english else "vi")


_Query = Annotated[ReportQuery, Depends(read_report_query)]


async def limit_to_pages(_manager: SetupReader, query: _Query) -> ReportQuery:
    """Limits a report about pages and their queues to those that the viewer may see (R7.1)."""
    return replace(query, span=replace(query.span, pages=query.caller.scope.pages))


async def require_all_pages(_manager: SetupReader, query: _Query) -> ReportQuery:
    """Numbers that are not kept by page: whoever sees only some would learn of the others."""
    if query.caller.scope.pages is not None:
        raise ForbiddenError(
            "This report is about all pages, and you see only some: read those of pages and queues."
        )
    return query


async def limit_to_warehouses(
    caller: CurrentCaller, query: _Query, gateway: GatewayPorts
) -> ReportQuery:
    """Limits a report about contacts to those in the warehouses that the viewer manages (W6)."""
    await require_access(caller)
    scope = await load_scope(gateway, caller)
    if not scope.managed:
        check_right(caller, Right.READ_SETUP)
    return replace(query, span=replace(query.span, warehouses=scope.managed))
