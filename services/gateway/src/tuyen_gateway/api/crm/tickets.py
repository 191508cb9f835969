"""Tickets of contacts, for viewers who see the contact (C5)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from tuyen_events.crm.tickets import (
    AddTicket,
    ChangeTicket,
    RemoveTicket,
    TicketPriority,
    TicketState,
)
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
from tuyen_gateway.api.crm.fields import LongText
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_views.tickets import TICKETS_VIEW

router = APIRouter(tags=["contacts"])


class TicketIn(ChildBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"subject": "Giày bong keo", "priority": "high"}]}
    )

    title: Name = Field(alias="subject")
    description: LongText | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    state: TicketState = TicketState.OPEN
    assignee: ChosenId | None = None


class TicketPatch(ChildBody):
    """Fields that are left out do not change; null empties one that may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "solved"}]})

    title: Annotated[Name, Field(alias="subject")] = LEFT_OUT
    description: LongText | None = None
    priority: TicketPriority = LEFT_OUT
    state: TicketState = LEFT_OUT
    assignee: ChosenId | None = None


class TicketView(ChildView):
    title: str = Field(alias="subject")
    description: str | None
    priority: TicketPriority
    state: TicketState
    assignee: str | None


KIND = ChildKind(
    one="ticket",
    many="tickets",
    view=TICKETS_VIEW,
    content=TicketIn,
    changes=TicketPatch,
    shown=TicketView,
    listed=Listed[TicketView],
    add=AddTicket,
    change=ChangeTicket,
    remove=RemoveTicket,
)


@router.get("/tickets", summary="List the tickets of all contacts", response_model=KIND.listed)
async def list_tickets(
    *,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    assignee: AssigneeQuery = None,
    state: TicketState | None = None,
    priority: TicketPriority | None = None,
) -> Listed[ChildView]:
    """Newest first, for viewers who see the contacts."""
    wanted = ChildFilter(
        held_by=read_assignee_filter(assignee, caller),
        words={
            **({} if state is None else {"state": state.value}),
            **({} if priority is None else {"priority": priority.value}),
        },
    )
    return await list_all_children(gateway, caller, paging, KIND, wanted)


add_child_routes(router, KIND)
