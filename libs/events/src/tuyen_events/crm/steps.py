"""The steps of pipelines at which contacts are."""

from typing import ClassVar

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.ids import AgentId


class SetStep(ContactCommand, frozen=True, kw_only=True):
    """Move the contact to a step of a pipeline, or, with null, out of the pipeline."""

    type: ClassVar[str] = "step.set.v1"
    pipeline_id: str
    step_id: str | None
    note: str | None = None
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class StepChanged(ContactEvent, frozen=True, kw_only=True):
    """An agent moved a contact from one step of a pipeline to another one (C6).

    `pipeline`, `previous_step` and `step` are the names at that time; a step is null outside the
    pipeline.
    """

    type: ClassVar[str] = "step.changed.v1"
    pipeline_id: str
    pipeline: str
    previous_step_id: str | None
    previous_step: str | None
    step_id: str | None
    step: str | None
    note: str | None = None
    by: AgentId
