"""Pipelines, and the steps at which contacts are (C6)."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from tuyen_events.crm.pipelines import EmptyPipeline, PipelineStep, PutPipeline, RemovePipeline
from tuyen_events.crm_limits import PIPELINE_STEPS
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody
from tuyen_gateway.api.crm.entities import EntityView, meta_of
from tuyen_gateway.api.crm.setup_routes import SetupBody, SetupKind, add_setup_routes
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument

router = APIRouter(prefix="/pipelines", tags=["contacts"])


class PipelineStepIn(RequestBody):
    id: ChosenId
    name: Name
    color: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] | None = None


class PipelineIn(SetupBody):
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

    def convert(self, _caller: Caller, _existing: Any) -> dict[str, Any]:
        steps = (PipelineStep(id=s.id, name=s.name, color=s.color) for s in self.steps)
        return {"name": self.name, "steps": tuple(steps)}


class PipelineStepView(ResponseBody):
    id: str
    name: str
    color: str | None


class PipelineView(EntityView):
    name: str
    steps: list[PipelineStepView]


def _view(pipeline: PipelineDocument) -> PipelineView:
    steps = [PipelineStepView(id=s.id, name=s.name, color=s.color) for s in pipeline.steps]
    return PipelineView(**meta_of(pipeline), name=pipeline.name, steps=steps)


add_setup_routes(
    router,
    SetupKind(
        one="pipeline",
        many="pipelines",
        view=PIPELINES_VIEW,
        content=PipelineIn,
        shown=PipelineView,
        listed=Listed[PipelineView],
        put=PutPipeline,
        remove=RemovePipeline,
        render=_view,
        empty=EmptyPipeline,
        effect="A step cannot be left out while contacts are at it (`409`): `POST "
        "/v1/contacts/bulk` moves all of them to another step. The contacts at the steps of a "
        "pipeline that is removed leave it.",
    ),
    for_all=True,
)
