"""Contacts, for viewers who may see them (W1, W6)."""

from datetime import datetime
from typing import Literal

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict

from tuyen_events.crm.contacts import RenameContact
from tuyen_events.crm.records import CrmOutcome
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    admit_beside_conversation,
    carry_out,
    find_visible_contact,
    find_writable_contact,
    new_command_id,
)
from tuyen_gateway.api.crm.claims import PLACE_FIELDS, place_contact
from tuyen_gateway.api.crm.entities import LEFT_OUT
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.contact_visibility import Sight
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.views import VisibleContact
from tuyen_views.contacts import ContactDocument

router = APIRouter(prefix="/contacts", tags=["contacts"])


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
    created_by: str | None
    """The agent; null for a contact that was created from a channel's event."""
    updated_at: datetime
    version: int


class ClaimableContactView(ResponseBody):
    """What a member sees of a contact of their warehouse that nobody has (W3)."""

    id: str
    name: str | None
    warehouse_id: str
    source: str | None
    claimable: Literal[True] = True


class ContactPatch(RequestBody):
    """Fields that are left out do not change; null empties a field."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Chị Lan"}]})

    name: Name | None = None
    assignee: ChosenId | None = None
    """Who has the contact; null takes it back (W5)."""
    warehouse_id: ChosenId = LEFT_OUT


@router.get(
    "/{contact_id}",
    summary="One contact",
    dependencies=[Depends(admit_beside_conversation)],
    responses=problems(403, 404),
)
async def get_contact(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
    after: AfterContactVersion = None,
) -> ContactView | ClaimableContactView:
    """With `after`, once the view contains that version. Of a contact that nobody has, a member of
    its warehouse sees the name and the source (W3)."""
    contact = await find_visible_contact(gateway, caller, contact_id, after, sight=Sight.CLAIMABLE)
    if contact.sight >= Sight.READ:
        set_etag(response, contact.document.version)
    return render_contact(contact)


@router.patch("/{contact_id}", summary="Edit a contact", responses=problems(403, 404, 412, 429))
async def patch_contact(
    *,
    contact_id: PathId,
    body: ContactPatch,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ContactView:
    """Changes the fields in the body (C4). A name that is given or removed here is kept, whatever
    the channel sends later.

    `assignee` and `warehouse_id` are for the managers of its warehouse (W5), and `assignee` for the
    leader of a team in which both agents are (W7).

    With `If-Match`, the answer is `412` if another change came first. It is `503` if the CRM has
    not answered within 5 s: the change is in the log then and will be carried out.
    """
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    placed = {name: getattr(body, name) for name in body.model_fields_set & PLACE_FIELDS}
    if placed:
        contact = await place_contact(gateway, caller, contact, placed, expected)
        expected = None if expected is None else contact.version
    if "name" in body.model_fields_set:
        contact = await _build_renamed(gateway, caller, contact, body.name, expected)
    set_etag(response, contact.version)
    return _view(contact)


async def _build_renamed(
    gateway: Gateway,
    caller: Caller,
    contact: ContactDocument,
    name: str | None,
    expected: int | None,
) -> ContactDocument:
    """The contact with its new name; all else is from the view."""
    command = RenameContact(
        command_id=new_command_id(),
        organization=caller.organization.id,
        contact_id=contact.id,
        name=name,
        by=caller.viewer.agent_id,
        expected_version=expected,
        at=gateway.crm_commands.now(),
    )
    settled = await carry_out(gateway, command, "contact")
    updated_at = command.at if settled.outcome is CrmOutcome.APPLIED else contact.updated_at
    return msgspec.structs.replace(
        contact, name=name, version=settled.version, updated_at=updated_at
    )


def render_contact(contact: VisibleContact) -> ContactView | ClaimableContactView:
    """As much of the contact as its viewer sees."""
    document = contact.document
    if contact.sight >= Sight.READ:
        return _view(document)
    return ClaimableContactView(
        id=document.id,
        name=document.name,
        warehouse_id=document.warehouse_id,
        source=document.source,
    )


def _view(contact: ContactDocument) -> ContactView:
    return ContactView(
        id=contact.id,
        name=contact.name,
        phones=list(contact.phones),
        emails=list(contact.emails),
        customers=[
            ContactCustomerView.model_validate(msgspec.structs.asdict(customer))
            for customer in contact.customers
        ],
        warehouse_id=contact.warehouse_id,
        assignee=contact.assignee,
        created_at=contact.created_at,
        created_by=None,
        updated_at=contact.updated_at or contact.created_at,
        version=contact.version,
    )
