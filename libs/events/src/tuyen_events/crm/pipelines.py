"""Pipelines: the steps by which an organization follows its contacts."""

from typing import ClassVar

import msgspec

from tuyen_events.crm.records import SetupCommand, SetupEvent


class PipelineStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a pipeline."""

    id: str
    name: str
    color: str | None = None


class PutPipeline(SetupCommand, frozen=True, kw_only=True):
    """Create the pipeline, or replace the one with that id."""

    type: ClassVar[str] = "pipeline.put.v1"
    name: str
    steps: tuple[PipelineStep, ...]


class EmptyPipeline(SetupCommand, frozen=True, kw_only=True):
    """Take some of the contacts at its steps out of the pipeline. If there are none, nothing
    changes."""

    type: ClassVar[str] = "pipeline.empty.v1"


class RemovePipeline(SetupCommand, frozen=True, kw_only=True):
    """Remove the pipeline, and take the contacts at its steps out of it; if there is none, nothing
    changes. With many contacts it has to be emptied first."""

    type: ClassVar[str] = "pipeline.remove.v1"


class PipelineChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent created or changed a pipeline (C6). The event contains all of it."""

    type: ClassVar[str] = "pipeline.changed.v1"
    name: str
    steps: tuple[PipelineStep, ...]


class PipelineRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a pipeline, which had no contacts any more."""

    type: ClassVar[str] = "pipeline.removed.v1"
    removes: ClassVar[bool] = True
