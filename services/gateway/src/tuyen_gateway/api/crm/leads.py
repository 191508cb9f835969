"""Leads: contacts that an integration sends (C12)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from pydantic import ConfigDict, Field

from tuyen_events.crm.leads import ReceiveLead
from tuyen_events.ids import contact_of_lead
from tuyen_events.vocabulary import IntegrationKind
from tuyen_gateway.api.bodies import Name, RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import carry_out, new_command_id
from tuyen_gateway.api.crm.contact_views import (
    Custom,
    Emails,
    Phones,
    country_of,
    read_emails,
    read_phones,
)
from tuyen_gateway.api.crm.fields import LongText, ReportedId
from tuyen_gateway.api.dependencies import GatewayPorts, IntegrationCaller, require_integration
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError

router = APIRouter(prefix="/leads", tags=["integrations"])


class LeadIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "form-17",
                    "name": "Chị Lan",
                    "phones": ["0912 345 678"],
                    "note": "Muốn được gọi buổi tối.",
                }
            ]
        }
    )

    external_id: ReportedId
    """The same id again is the same contact."""
    name: Name | None = None
    phones: Phones | None = None
    """In any usual form; without a country code in that of the organization's country."""
    emails: Emails | None = None
    custom: Custom = Field(default_factory=dict)
    """By the ids of the fields that the administrator defines."""
    note: LongText | None = None


class LeadView(ResponseBody):
    id: str
    """The contact: that of the lead, or the one that has the same phone number or email (C2)."""
    contact_id: str
    """The same, as a call names it."""
    external_id: str
    received_at: datetime
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    version: int
    """The version of the contact."""


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Send a lead",
    responses=problems(403, 429),
)
async def post_lead(
    body: LeadIn,
    caller: Annotated[IntegrationCaller, Depends(require_integration(IntegrationKind.LEADS))],
    gateway: GatewayPorts,
    response: Response,
) -> LeadView:
    """For an integration of the kind `leads`, with its token: a contact with at least one of
    `name`, `phones` and `emails`. It is merged into the contact that has one of its phone
    numbers or emails (C2).

    The same `external_id` again adds what the contact lacks. Exactly the same lead again changes
    nothing.
    """
    if not (body.name or body.phones or body.emails):
        raise InvalidError("", "Send at least one of `name`, `phones` and `emails`.")
    organization, integration = caller.organization, caller.integration
    command = ReceiveLead(
        command_id=new_command_id(),
        organization=organization.id,
        contact_id=contact_of_lead(organization.id, integration.id, body.external_id),
        at=gateway.crm_commands.now(),
        integration_id=integration.id,
        integration_name=integration.name,
        external_id=body.external_id,
        name=body.name,
        phones=read_phones(body.phones or [], country_of(caller)),
        emails=read_emails(body.emails or []),
        custom={name: value for name, value in body.custom.items() if value is not None},
        note=body.note,
        warehouse_id=integration.warehouse_id,
        staff=organization.crm_staff,
    )
    settled = await carry_out(gateway, command, "contact")
    contact_id = settled.survivor or command.contact_id
    set_etag(response, settled.version)
    return LeadView(
        id=contact_id,
        contact_id=contact_id,
        external_id=body.external_id,
        received_at=command.at,
        created_at=command.at,
        created_by=None,
        updated_at=command.at,
        version=settled.version,
    )
