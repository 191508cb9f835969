"""Pipelines, and the steps at which contacts are (C6)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from tuyen_events.crm.pipelines import EmptyPipeline, PipelineStep, PutPipeline, RemovePipeline
from tuyen_events.crm_limits import PIPELINE_STEPS
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import carry_out, not_found
from tuyen_gateway.api.crm.entities import (
    EntityView,
    command_fields,
    list_setup,
    meta_of,
    remove_emptied,
)
from tuyen_gateway.api.dependencies import Administrator, CurrentCaller, GatewayPorts
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument

router = APIRouter(prefix="/pipelines", tags=["contacts"])

PipelinePath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class PipelineStepIn(RequestBody):
    id: ChosenId
    name: Name
    color: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] | None = None


class PipelineIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Bán lẻ",
                    "steps": [
                        {"id": "new", "name": "Mới"},
                        {"id": "quoted", "name": "Đã báo giá", "color": "#f2a900"},
                    ],
                }
            ]
        }
    )

    name: Name
    steps: Annotated[list[PipelineStepIn], Field(min_length=1, max_length=PIPELINE_STEPS)]

    @field_validator("steps")
    @classmethod
    def _require_different_ids(cls, steps: list[PipelineStepIn]) -> list[PipelineStepIn]:
        if len({step.id for step in steps}) < len(steps):
            raise PydanticCustomError("same_id", "Two steps have the same id.")
        return steps


class PipelineStepView(ResponseBody):
    id: str
    name: str
    color: str | None


class PipelineView(EntityView):
    name: str
    steps: list[PipelineStepView]


@router.put(
    "/{pipeline_id}", summary="Add or change a pipeline", responses=problems(403, 409, 412, 429)
)
async def put_pipeline(
    *,
    pipeline_id: PipelinePath,
    body: PipelineIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> PipelineView:
    """For the role `system_admin`. A step cannot be left out while contacts are at it: the answer
    is `409` then. `POST /v1/contacts/bulk` moves all of them to another step."""
    existing = await gateway.crm.setup(PIPELINES_VIEW, caller.organization.id, pipeline_id)
    steps = tuple(PipelineStep(id=s.id, name=s.name, color=s.color) for s in body.steps)
    command = PutPipeline(
        **command_fields(gateway, caller, expected), id=pipeline_id, name=body.name, steps=steps
    )
    settled = await carry_out(gateway, command, "pipeline")
    set_etag(response, settled.version)
    return PipelineView(
        id=pipeline_id,
        name=body.name,
        steps=[_view_step(step) for step in steps],
        created_at=existing.created_at if existing else command.at,
        created_by=existing.created_by if existing else command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the pipelines")
async def list_pipelines(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[PipelineView]:
    """In the order of their ids."""
    return await list_setup(gateway, caller.organization.id, paging, PIPELINES_VIEW, _view)


@router.get("/{pipeline_id}", summary="One pipeline", responses=problems(404))
async def get_pipeline(
    pipeline_id: PipelinePath, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> PipelineView:
    """With its steps, in their order."""
    pipeline = await gateway.crm.setup(PIPELINES_VIEW, caller.organization.id, pipeline_id)
    if pipeline is None:
        raise not_found("pipeline", pipeline_id)
    set_etag(response, pipeline.sequence)
    return _view(pipeline)


@router.delete(
    "/{pipeline_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a pipeline",
    responses=problems(403, 412, 429),
)
async def delete_pipeline(
    pipeline_id: PipelinePath,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
) -> None:
    """For the role `system_admin`. The contacts at its steps leave it. If they are so many that it
    takes longer than 5 s, the answer is `503`, and the request is to be repeated. The answer is the
    same if there is no such pipeline."""
    remove = RemovePipeline(**command_fields(gateway, caller, expected), id=pipeline_id)
    await remove_emptied(gateway, remove, EmptyPipeline, "pipeline")


def _view(pipeline: PipelineDocument) -> PipelineView:
    steps = [_view_step(step) for step in pipeline.steps]
    return PipelineView(**meta_of(pipeline), name=pipeline.name, steps=steps)


def _view_step(step: PipelineStep) -> PipelineStepView:
    return PipelineStepView(id=step.id, name=step.name, color=step.color)
