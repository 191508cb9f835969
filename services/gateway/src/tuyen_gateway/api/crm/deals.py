"""Deals with contacts, for viewers who see the contact (C5)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from tuyen_events.crm.deals import AddDeal, ChangeDeal, DealStage, Money, RemoveDeal
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody
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
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_views.deals import DEALS_VIEW

router = APIRouter(tags=["contacts"])


class MoneyIn(RequestBody):
    amount: str = Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")
    """A decimal number, as text."""
    currency: str = Field(pattern="^[A-Z]{3}$")
    """By its ISO 4217 code."""


class MoneyView(ResponseBody):
    amount: str
    currency: str


class _DealBody(ChildBody):
    def convert(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        value = fields.get("value")
        if not isinstance(value, MoneyIn):
            return dict(fields)
        return {**fields, "value": Money(amount=value.amount, currency=value.currency)}


class DealIn(_DealBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Sỉ 40 đôi", "value": {"amount": "18000000", "currency": "VND"}}]
        }
    )

    name: Name
    value: MoneyIn | None = None
    stage: DealStage = DealStage.OPEN
    expected_close: date | None = None
    assignee: ChosenId | None = None


class DealPatch(_DealBody):
    """Fields that are left out do not change; null empties one that may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stage": "won"}]})

    name: Name = LEFT_OUT
    value: MoneyIn | None = None
    stage: DealStage = LEFT_OUT
    expected_close: date | None = None
    assignee: ChosenId | None = None


class DealView(ChildView):
    name: str
    value: MoneyView | None
    stage: DealStage
    expected_close: date | None
    assignee: str | None


KIND = ChildKind(
    one="deal",
    many="deals",
    view=DEALS_VIEW,
    content=DealIn,
    changes=DealPatch,
    shown=DealView,
    listed=Listed[DealView],
    add=AddDeal,
    change=ChangeDeal,
    remove=RemoveDeal,
)


@router.get("/deals", summary="List the deals of all contacts", response_model=KIND.listed)
async def list_deals(
    *,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    assignee: AssigneeQuery = None,
    stage: DealStage | None = None,
) -> Listed[ChildView]:
    """Newest first, for viewers who see the contacts."""
    wanted = ChildFilter(
        held_by=read_assignee_filter(assignee, caller),
        words={} if stage is None else {"stage": stage.value},
    )
    return await list_all_children(gateway, caller, paging, KIND, wanted)


add_child_routes(router, KIND)
