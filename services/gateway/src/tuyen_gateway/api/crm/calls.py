"""Calls: reported by a call center's integration, and listed with their contact (C7)."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.crm.calls import CallDirection, CallResult, RecordCall
from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome
from tuyen_events.crm_limits import CALL_LASTS_S
from tuyen_events.ids import AgentId, call_id, contact_of_call
from tuyen_events.limits import PHONE_TEXT_CHARACTERS
from tuyen_events.phones import parse_phone
from tuyen_events.vocabulary import IntegrationKind
from tuyen_gateway.api.bodies import ChosenId, RequestBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_visible_contact,
    new_command_id,
)
from tuyen_gateway.api.crm.child_routes import ChildView
from tuyen_gateway.api.crm.contact_views import country_of
from tuyen_gateway.api.crm.entities import begin_document, list_children, meta_of
from tuyen_gateway.api.crm.fields import MomentIn, ReportedId
from tuyen_gateway.api.dependencies import (
    CurrentCaller,
    GatewayPorts,
    IntegrationCaller,
    PathId,
    require_integration,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.links import Url
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.view_wait import wait_until_shown
from tuyen_views.calls import CALLS_VIEW, CallDocument

router = APIRouter(tags=["integrations"])


class CallIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "external_id": "20261121-0001",
                    "direction": "in",
                    "phone": "0912 345 678",
                    "agent_id": "lan",
                    "started_at": "2026-11-21T08:00:00Z",
                    "duration_s": 185,
                    "result": "answered",
                    "recording_url": "https://tong-dai.example/20261121-0001.mp3",
                }
            ]
        }
    )

    external_id: ReportedId
    """The same id again is the same call."""
    direction: CallDirection
    phone: Annotated[str, StringConstraints(max_length=PHONE_TEXT_CHARACTERS)]
    """The customer's, in any usual form; without a country code in that of the organization's
    country."""
    agent_id: ChosenId | None = None
    started_at: MomentIn
    duration_s: Annotated[int, Field(ge=0, le=CALL_LASTS_S)]
    result: CallResult
    recording_url: Url | None = None
    """The address of the recording on a web site, without a password in it."""


class CallView(ChildView):
    integration_id: str
    external_id: str
    direction: CallDirection
    phone: str
    """In E.164."""
    agent_id: str | None
    started_at: datetime
    duration_s: int
    result: CallResult
    recording_url: str | None


@router.post(
    "/calls",
    status_code=status.HTTP_201_CREATED,
    summary="Report a call",
    responses=problems(403, 409, 429),
)
async def post_call(
    body: CallIn,
    caller: Annotated[IntegrationCaller, Depends(require_integration(IntegrationKind.CALLS))],
    gateway: GatewayPorts,
    response: Response,
) -> CallView:
    """For an integration of the kind `calls`, with its token. The call is added to the contact that
    has the phone number; if several have it, to the one of the agent `agent_id`, or else to the
    oldest; if nobody has it, to a new contact.

    The same `external_id` again gets the same answer, and `409` if anything else of it differs.
    """
    command = await _build_command(body, caller, gateway)
    settled = await carry_out(gateway, command, "contact")
    document = await _find_document(gateway, command, settled)
    set_etag(response, document.sequence)
    return _view(document)


@router.get(
    "/contacts/{contact_id}/calls",
    summary="List the calls of a contact",
    responses=problems(404),
)
async def list_calls(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[CallView]:
    """Those that were reported last come first."""
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    return await list_children(gateway, paging, contact, CALLS_VIEW, _view)


async def _build_command(body: CallIn, caller: IntegrationCaller, gateway: Gateway) -> RecordCall:
    """Raises InvalidError for what no call can be. The agent of a call that was reported before may
    have been removed or disabled since."""
    organization, integration = caller.organization, caller.integration
    phone = parse_phone(body.phone, country_of(caller))
    if phone is None:
        raise InvalidError(
            "phone", f"{body.phone!r} is not one phone number. Send one, such as +84912345678."
        )
    made = call_id(organization.id, integration.id, body.external_id)
    if (
        body.agent_id is not None
        and organization.active_agent(AgentId(body.agent_id)) is None
        and await gateway.crm.reported_call(organization.id, made) is None
    ):
        raise InvalidError("agent_id", f"There is no active agent {body.agent_id!r}.")
    fields: dict[str, Any] = {name: getattr(body, name) for name in CallIn.model_fields}
    return RecordCall(
        **{**fields, "phone": phone},
        command_id=new_command_id(),
        organization=organization.id,
        contact_id=contact_of_call(made),
        at=gateway.crm_commands.now(),
        call_id=made,
        integration_id=integration.id,
        warehouse_id=integration.warehouse_id,
        staff=organization.crm_staff,
    )


async def _find_document(
    gateway: Gateway, command: RecordCall, settled: CrmCommandSettled
) -> CallDocument:
    """The call: as the command made it, or as the view has it if it was reported before."""
    if settled.outcome is CrmOutcome.APPLIED:
        fields = {name: getattr(command, name) for name in _OWN_FIELDS}
        return CallDocument(**begin_document(command, command.call_id, settled), **fields)
    known = partial(gateway.crm.reported_call, command.organization, command.call_id)
    return await wait_until_shown(known)


_OWN_FIELDS = frozenset(CallView.model_fields) - frozenset(ChildView.model_fields)


def _view(call: CallDocument) -> CallView:
    fields = {name: getattr(call, name) for name in _OWN_FIELDS}
    return CallView(**meta_of(call), contact_id=call.contact_id, **fields)
