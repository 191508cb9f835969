"""Answers to phone numbers and emails that customers wrote (C3)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict

from tuyen_events.crm.suggestions import AnswerSuggestion
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import carry_out, find_stored, find_writable_contact
from tuyen_gateway.api.crm.contact_views import ContactView, show_contact
from tuyen_gateway.api.crm.entities import build_command_fields
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems

router = APIRouter(prefix="/contacts/{contact_id}", tags=["contacts"])

SuggestionPath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class SuggestionAnswerIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"accept": True}]})

    accept: bool


@router.post(
    "/suggestions/{suggestion_id}",
    summary="Accept or decline a suggestion",
    responses=problems(308, 403, 404, 409, 412, 422, 429),
)
async def post_suggestion_answer(
    *,
    contact_id: PathId,
    suggestion_id: SuggestionPath,
    body: SuggestionAnswerIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ContactView:
    """Adds the phone number or the email to those of the contact, or declines it: then it is not
    offered for this contact again. The same answer again changes nothing.

    If another contact of the same owners, which the caller may change, has what is accepted, both
    become the older one, which is the answer. Of any other contact that has it, the answer only
    says so, in `known_elsewhere` (C2)."""
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    command = AnswerSuggestion(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.id,
        suggestion_id=suggestion_id,
        accept=body.accept,
        administrator=caller.viewer.manages_default_warehouse,
    )
    settled = await carry_out(gateway, command, "such open suggestion of the contact")
    changed = await find_stored(gateway, caller, command, settled) or contact
    set_etag(response, changed.version)
    return await show_contact(gateway, caller, changed, settled.known_elsewhere)
