"""The assignee of a contact: claims, and assignments by managers and team leaders."""

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict

from tuyen_events.crm.claims import ClaimContact
from tuyen_events.ids import ContactId
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import carry_out
from tuyen_gateway.api.crm.entities import build_command_fields
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems

router = APIRouter(prefix="/warehouses/{warehouse_id}/claims", tags=["contacts"])


class ClaimIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_id": "con_1"}]})

    contact_id: ChosenId


class ClaimView(ResponseBody):
    contact_id: str
    warehouse_id: str
    agent_id: str
    version: int
    """The version of the contact."""


@router.post(
    "",
    summary="Claim a contact",
    status_code=status.HTTP_201_CREATED,
    responses=problems(403, 404, 409, 412, 429),
)
async def post_claim(
    *,
    warehouse_id: PathId,
    body: ClaimIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ClaimView:
    """For members and managers of the warehouse, for a contact in it that nobody has. Of any number
    of agents who claim it at once, one gets it; the others get `409` with that agent's id. Whoever
    has the contact already may repeat the request. For all others, the answer is `404`. If it
    was merged meanwhile, the answer names the contact into which it was merged. `If-Match` is about
    the contact."""
    by = caller.viewer.agent_id
    command = ClaimContact(
        **build_command_fields(gateway, caller, expected),
        contact_id=ContactId(body.contact_id),
        warehouse_id=warehouse_id,
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)
    return ClaimView(
        contact_id=settled.survivor or body.contact_id,
        warehouse_id=warehouse_id,
        agent_id=by,
        version=settled.version,
    )
