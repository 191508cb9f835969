"""Handles commands about pipelines.

Decides C6.
"""

from collections.abc import Iterable
from functools import partial
from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.domain.entity_removal import build_contact_command, decide_removal_with_contacts
from tuyen_crm.domain.index_keys import step_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.steps.decide import decide_step
from tuyen_crm.entities.steps.names import PIPELINES, list_step_names
from tuyen_events.crm.pipelines import (
    EmptyPipeline,
    PipelineChanged,
    PipelineRemoved,
    PutPipeline,
    RemovePipeline,
)
from tuyen_events.crm.records import CrmEvent, CrmOutcome, CrmRefusal
from tuyen_events.crm.steps import SetStep
from tuyen_events.ids import ContactId

PipelineCommands = PutPipeline | EmptyPipeline | RemovePipeline


def decide(known: KnownState, command: PipelineCommands) -> CommandDecision:
    match command:
        case PutPipeline():
            return _put(known, command)
        case EmptyPipeline() | RemovePipeline():
            return _remove(known, command)
        case _:
            assert_never(command)


def _put(known: KnownState, command: PutPipeline) -> CommandDecision:
    """Refuses to remove a step at which there are contacts."""
    decision = put_entity(known, PIPELINES, command, PipelineChanged)
    kept = {step.id for step in command.steps}
    gone = [each for each in list_step_names(known, command.id) if each not in kept]
    stays = any(known.count(step_key(command.id, each)) for each in gone)
    if decision.outcome is CrmOutcome.APPLIED and stays:
        return decide_refused(CrmRefusal.STEP_NOT_EMPTY)
    return decision


def _remove(known: KnownState, command: EmptyPipeline | RemovePipeline) -> CommandDecision:
    removed = None
    if isinstance(command, RemovePipeline):
        removed = remove_entity(known, PIPELINES, command, PipelineRemoved)
    keys = [step_key(command.id, each) for each in list_step_names(known, command.id)]
    return decide_removal_with_contacts(known, keys, partial(_take_out, known, command), removed)


def _take_out(
    known: KnownState,
    command: EmptyPipeline | RemovePipeline,
    contact_id: ContactId,
    contact: ContactState,
) -> Iterable[CrmEvent]:
    leave = build_contact_command(
        command, SetStep, contact_id, pipeline_id=command.id, step_id=None
    )
    return decide_step(known, contact, leave).events
