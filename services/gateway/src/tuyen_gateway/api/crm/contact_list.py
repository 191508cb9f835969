"""The list of contacts, for viewers who may see them."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.tags import fold_tag
from tuyen_events.crm_limits import CONTACT_FIELDS, TAG_CHARACTERS
from tuyen_events.ids import AgentId
from tuyen_events.limits import ID_CHARACTERS, NAME_CHARACTERS, QUERY_CHARACTERS
from tuyen_events.phones import parse_phone
from tuyen_gateway.api.bodies import ChosenId, RequestBody
from tuyen_gateway.api.crm.access import load_scope
from tuyen_gateway.api.crm.contact_views import (
    ClaimableContactView,
    ContactView,
    Value,
    country_of,
    render_contacts,
)
from tuyen_gateway.api.crm.custom_values import (
    CUSTOM_QUERY,
    check_custom_filter,
    gather_custom,
    list_custom_filter,
    write_filter,
)
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder, list_by_id
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/contacts", tags=["contacts"])


class ContactFilterFields(BaseModel):
    """All must match; what is omitted matches everything."""

    model_config = ConfigDict(frozen=True)

    q: str | None = Field(
        default=None,
        max_length=QUERY_CHARACTERS,
        description="A part of the name, accents ignored, of a phone number or an email.",
    )
    phone: str | None = Field(
        default=None,
        max_length=ID_CHARACTERS,
        pattern="[1-9]",
        description="A phone number, or its last digits.",
    )
    email: str | None = Field(default=None, max_length=NAME_CHARACTERS)
    tag: str | None = Field(default=None, min_length=1, max_length=TAG_CHARACTERS)
    step: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9._:-]+:[A-Za-z0-9._:-]+$",
        max_length=2 * ID_CHARACTERS + 1,
        description="A pipeline's id and the id of one of its steps: `retail:quoted`.",
    )
    campaign: str | None = Field(default=None, min_length=1, max_length=ID_CHARACTERS)
    care_status: CareStatus | None = None
    warehouse: str | None = Field(default=None, max_length=ID_CHARACTERS)
    assignee: str | None = Field(
        default=None,
        max_length=ID_CHARACTERS,
        description="An agent's id, `me`, or `none` for contacts that nobody has.",
    )

    def to_selection(self, caller: Caller, custom: Mapping[str, str]) -> ContactSelection:
        """The selection, in which `me` is replaced by the caller."""
        return ContactSelection(
            words=(self.q or "").strip(),
            phone=_read_phone(self.phone or "", country_of(caller)),
            email=(self.email or "").strip().lower(),
            tag=fold_tag((self.tag or "").strip()),
            step=self.step or "",
            custom=dict(custom),
            campaign_id=self.campaign,
            care_status=self.care_status,
            warehouse_id=self.warehouse,
            held_by=_find_holder(self.assignee, caller),
        )


class ContactSelectionIn(ContactFilterFields, RequestBody):
    """The filters of the list of contacts; all must match."""

    custom: Annotated[dict[ChosenId, Value], Field(max_length=CONTACT_FIELDS)] = Field(
        default_factory=dict
    )
    """By the id of a custom field, its value: `{"size": 41}`. `custom.size` is the same."""

    @model_validator(mode="before")
    @classmethod
    def _gather_custom(cls, given: object) -> object:
        """Takes names of the query as well, `{"custom.size": "41"}`."""
        return gather_custom(given)


async def read_selection(
    gateway: Gateway, caller: Caller, body: ContactSelectionIn
) -> ContactSelection:
    """What a body selects. Raises InvalidError for what can be no value of a custom field."""
    custom = {each: write_filter(value) for each, value in body.custom.items()}
    await check_custom_filter(gateway, caller.organization.id, custom)
    return body.to_selection(caller, custom)


class ContactListQuery(ContactFilterFields):
    sort: Literal["name", "created_at", "updated_at"] | None = Field(
        default=None,
        description="The order: by name, or the newest first; by default that of the ids.",
    )

    def to_filter(self, caller: Caller, custom: Mapping[str, str]) -> ContactFilter:
        order = ContactOrder.ID if self.sort is None else ContactOrder(self.sort)
        return replace(list_by_id(self.to_selection(caller, custom)), order=order)


def _read_phone(text: str, country: str) -> str:
    """The digits with which the numbers that are looked for end. A whole number is read as one that
    is entered, if its digits alone would not be found: `+84 (0)912 345 678`."""
    digits = re.sub(r"[^0-9]", "", text)
    phone = parse_phone(text, country)
    if phone is None or phone.endswith(digits.lstrip("0")):
        return digits
    return phone.removeprefix("+")


def _find_holder(assignee: str | None, caller: Caller) -> Holder | None:
    match assignee:
        case None:
            return None
        case "none":
            return Holder(agent_id=None)
        case "me":
            return Holder(agent_id=caller.viewer.agent_id)
        case agent_id:
            return Holder(agent_id=AgentId(agent_id))


async def _of_query(
    fields: Annotated[ContactListQuery, Query()],
    request: Request,
    caller: CurrentCaller,
    gateway: GatewayPorts,
) -> ContactFilter:
    custom = list_custom_filter(request.query_params.items())
    await check_custom_filter(gateway, caller.organization.id, custom)
    return fields.to_filter(caller, custom)


QueriedContacts = Annotated[ContactFilter, Depends(_of_query)]
"""The filter in the request's query."""


@router.get(
    "",
    summary="List contacts",
    openapi_extra={"parameters": [CUSTOM_QUERY]},
    responses=problems(422),
)
async def list_contacts(
    wanted: QueriedContacts, caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[ContactView | ClaimableContactView]:
    """The contacts that the viewer sees (W3, W6). Those that they may claim are listed with the
    name, the warehouse and the source; they are found by these only, and are left out of lists that
    are filtered or ordered by anything else.

    `custom.size=41` finds the contacts with this value of a custom field (C10): texts and choices
    are compared as a whole, without accents and case, numbers by what they are worth."""
    position = await inbox_position(gateway, caller.organization)
    scope = await load_scope(gateway, caller)
    page = await gateway.crm.contacts(scope, wanted, paging.limit, paging.after)
    return Listed(
        items=await render_contacts(gateway, caller, page.items),
        next=paging.cursor(page.following),
        position=position,
    )
