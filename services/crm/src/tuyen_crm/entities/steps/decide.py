"""Handles commands that move contacts from step to step.

Decides C6.
"""

from functools import partial

from tuyen_crm.domain.decision import (
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.survivors import decide_for_survivor
from tuyen_crm.entities.steps.names import PIPELINES, list_step_names
from tuyen_events.crm.pipelines import PipelineChanged
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.steps import SetStep, StepChanged


def decide(known: KnownState, command: SetStep) -> CommandDecision:
    return decide_for_survivor(known, command, partial(decide_step, known))


def decide_step(known: KnownState, contact: ContactState, command: SetStep) -> CommandDecision:
    """Moves a contact to a step, or out of the pipeline. A step that the pipeline does not have is
    refused; a contact can be moved out of a pipeline that does not exist any more."""
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    previous = contact.steps.get(command.pipeline_id)
    if previous == command.step_id:
        return decide_unchanged(contact.version)
    pipeline = known.setup(PIPELINES, command.pipeline_id)
    names = list_step_names(known, command.pipeline_id)
    if command.step_id is not None and command.step_id not in names:
        return decide_refused(CrmRefusal.UNKNOWN_REFERENCE, contact.version)
    moved = build_event(
        command,
        StepChanged,
        contact.sequence + 1,
        pipeline=pipeline.name if isinstance(pipeline, PipelineChanged) else command.pipeline_id,
        previous_step_id=previous,
        previous_step=previous and names.get(previous, previous),
        step=command.step_id and names[command.step_id],
    )
    return decide_applied(moved)
