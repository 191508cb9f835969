"""Moving contacts from step to step of a pipeline, for viewers who see the contact (C6)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict

from tuyen_events.crm.steps import SetStep
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import carry_out, find_writable_contact
from tuyen_gateway.api.crm.entities import build_command_fields
from tuyen_gateway.api.crm.fields import LongText
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems

router = APIRouter(tags=["contacts"])


class StepIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"step_id": "quoted", "note": "Hẹn trả lời thứ sáu."}]}
    )

    step_id: ChosenId | None
    """Null takes the contact out of the pipeline."""
    note: LongText | None = None


class StepOfContactView(ResponseBody):
    pipeline_id: str
    step_id: str | None
    version: int
    """The contact's."""


@router.put(
    "/contacts/{contact_id}/steps/{pipeline_id}",
    summary="Move a contact to a step of a pipeline",
    responses=problems(403, 404, 409, 412, 429),
)
async def put_step(
    *,
    contact_id: PathId,
    pipeline_id: Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)],
    body: StepIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> StepOfContactView:
    """`version` and `If-Match` are those of the contact. The answer is `409` if the pipeline has no
    such step."""
    contact = await find_writable_contact(gateway, caller, contact_id)
    command = SetStep(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.document.id,
        pipeline_id=pipeline_id,
        step_id=body.step_id,
        note=body.note,
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)
    return StepOfContactView(pipeline_id=pipeline_id, step_id=body.step_id, version=settled.version)
