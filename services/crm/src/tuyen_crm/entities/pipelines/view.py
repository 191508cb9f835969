"""The documents of pipelines, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.pipelines import PipelineChanged, PipelineRemoved
from tuyen_views.pipelines import PipelineDocument
from tuyen_views.view import build_entity_fields

PipelineEvents = PipelineChanged | PipelineRemoved

_SHOWN = ("name", "steps")


def fold(document: PipelineDocument | None, event: PipelineEvents) -> PipelineDocument | None:
    match event:
        case PipelineChanged():
            return PipelineDocument(
                **build_entity_fields(document, event), name=event.name, steps=event.steps
            )
        case PipelineRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: PipelineEvents, before: PipelineDocument | None, after: PipelineDocument | None
) -> EventDescription:
    match event:
        case PipelineChanged() if before is None:
            vi, en = f"tạo quy trình “{event.name}”.", f"created the pipeline “{event.name}”."
        case PipelineChanged():
            vi, en = f"sửa quy trình “{event.name}”.", f"changed the pipeline “{event.name}”."
        case PipelineRemoved():
            name = before.name if before else event.id
            vi, en = f"xóa quy trình “{name}”.", f"removed the pipeline “{name}”."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
