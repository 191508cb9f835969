"""Contacts and warehouses, for those who may see them (W1, W6).

Decides W1, W3 and W6.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from tuyen_events.ids import ContactId
from tuyen_events.limits import QUERY_CHARACTERS
from tuyen_events.vocabulary import Role
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import NotFoundError
from tuyen_gateway.ports import ContactEntry

router = APIRouter(tags=["contacts"])

DEFAULT_WAREHOUSE = "default"


class ContactCustomerView(ResponseBody):
    """One of a person's channel identities."""

    id: str
    page_id: str | None = None
    channel: str | None = None
    external_id: str | None = None
    name: str | None = None
    picture: str | None = None
    gender: str | None = None
    """This field and the following ones are what a livechat's site sent with its visitor's first
    message (C1)."""
    location: str | None = None
    browser: str | None = None
    page_url: str | None = None


class ContactView(ResponseBody):
    id: str
    name: str | None
    phones: list[str]
    emails: list[str]
    customers: list[ContactCustomerView]
    warehouse_id: str
    assignee: str | None
    created_at: datetime
    version: int


class WarehouseView(ResponseBody):
    id: str
    name: str
    default: bool
    """New contacts from a source that no warehouse names are put here (W2)."""


@router.get("/contacts", summary="List contacts")
async def list_contacts(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    q: Annotated[
        str | None,
        Query(max_length=QUERY_CHARACTERS, description="A part of the name, accents ignored."),
    ] = None,
) -> Listed[ContactView]:
    """The contacts of the warehouses that the viewer manages (W3), in the order of their ids. A
    viewer who manages none gets an empty list (W6)."""
    position = await inbox_position(gateway, caller.organization.id)
    if not _manages_default(caller):
        return Listed(items=[], next=None, position=position)
    page = await gateway.contacts.contacts(caller.organization.id, q, paging.limit, paging.after)
    return Listed(
        items=[_view(contact) for contact in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


@router.get("/contacts/{contact_id}", summary="One contact", responses=problems(404))
async def get_contact(
    contact_id: PathId, caller: CurrentCaller, gateway: GatewayPorts
) -> ContactView:
    contact = None
    if _manages_default(caller):
        contact = await gateway.contacts.contact(caller.organization.id, ContactId(contact_id))
    if contact is None:
        raise NotFoundError(f"There is no contact {contact_id!r}.")
    return _view(contact)


@router.get("/warehouses", summary="List the warehouses")
async def list_warehouses(caller: CurrentCaller, gateway: GatewayPorts) -> Listed[WarehouseView]:
    """The warehouses that the viewer manages. Every organization has the default one from its start
    (W1)."""
    default = WarehouseView(id=DEFAULT_WAREHOUSE, name="Kho mặc định", default=True)
    return Listed(
        items=[default] if _manages_default(caller) else [],
        next=None,
        position=await inbox_position(gateway, caller.organization.id),
    )


def _manages_default(caller: Caller) -> bool:
    """The default warehouse's manager is the system administrator (W1)."""
    return caller.viewer.role is Role.SYSTEM_ADMIN


def _view(contact: ContactEntry) -> ContactView:
    return ContactView(
        id=contact.id,
        name=contact.name,
        phones=list(contact.phones),
        emails=list(contact.emails),
        customers=[ContactCustomerView.model_validate(one) for one in contact.customers],
        warehouse_id=contact.warehouse_id,
        assignee=contact.assignee,
        created_at=contact.created_at,
        version=contact.version,
    )
