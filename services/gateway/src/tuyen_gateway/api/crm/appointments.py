"""Appointments with contacts, for viewers who see the contact (C5)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from tuyen_events.crm.appointments import (
    AddAppointment,
    AppointmentState,
    ChangeAppointment,
    RemoveAppointment,
)
from tuyen_events.crm_limits import REMIND_MINUTES
from tuyen_gateway.api.bodies import ChosenId, Name
from tuyen_gateway.api.crm.child_routes import (
    AssigneeQuery,
    ChildBody,
    ChildKind,
    ChildView,
    add_child_routes,
    list_all_children,
    read_assignee_filter,
)
from tuyen_gateway.api.crm.entities import LEFT_OUT
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_gateway.errors import InvalidError
from tuyen_views.appointments import APPOINTMENTS_VIEW

router = APIRouter(tags=["contacts"])

Minutes = Annotated[int, Field(ge=0, le=REMIND_MINUTES)]


class AppointmentIn(ChildBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Thử giày", "starts_at": "2026-12-02T02:00:00Z"}]}
    )

    title: Name
    starts_at: MomentIn
    ends_at: MomentIn | None = None
    location: Name | None = Field(default=None, alias="place")
    remind_minutes: Minutes | None = None
    """How long before its start the assignee is reminded, if it is still planned then."""
    state: AppointmentState = AppointmentState.PLANNED
    assignee: ChosenId | None = None


class AppointmentPatch(ChildBody):
    """Fields that are left out do not change; null empties one that may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "kept"}]})

    title: Name = LEFT_OUT
    starts_at: MomentIn = LEFT_OUT
    ends_at: MomentIn | None = None
    location: Name | None = Field(default=None, alias="place")
    remind_minutes: Minutes | None = None
    state: AppointmentState = LEFT_OUT
    assignee: ChosenId | None = None


class AppointmentView(ChildView):
    title: str
    starts_at: datetime
    ends_at: datetime | None
    location: str | None = Field(alias="place")
    remind_minutes: int | None
    state: AppointmentState
    assignee: str | None


def _check_times(fields: Mapping[str, Any]) -> None:
    ends_at = fields["ends_at"]
    if ends_at is not None and ends_at < fields["starts_at"]:
        raise InvalidError("ends_at", "It cannot end before it starts.")


KIND = ChildKind(
    one="appointment",
    many="appointments",
    view=APPOINTMENTS_VIEW,
    content=AppointmentIn,
    changes=AppointmentPatch,
    shown=AppointmentView,
    listed=Listed[AppointmentView],
    add=AddAppointment,
    change=ChangeAppointment,
    remove=RemoveAppointment,
    check=_check_times,
)


@router.get(
    "/appointments", summary="List the appointments of all contacts", response_model=KIND.listed
)
async def list_appointments(
    *,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    assignee: AssigneeQuery = None,
    from_: Annotated[MomentIn | None, Query(alias="from")] = None,
    to: Annotated[MomentIn | None, Query()] = None,
) -> Listed[ChildView]:
    """In the order of their starts, for viewers who see the contacts: those that start at `from` or
    later, and before `to`."""
    wanted = ChildFilter(
        held_by=read_assignee_filter(assignee, caller),
        moment="starts_at",
        since=from_,
        until=to,
        by_moment=True,
    )
    return await list_all_children(gateway, caller, paging, KIND, wanted)


add_child_routes(router, KIND)
