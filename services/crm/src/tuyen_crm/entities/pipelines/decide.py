"""Handles commands about pipelines."""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.pipelines import (
    PipelineChanged,
    PipelineRemoved,
    PutPipeline,
    RemovePipeline,
)

KIND = "pipelines"

PipelineCommands = PutPipeline | RemovePipeline


def decide(known: KnownState, command: PipelineCommands) -> CommandDecision:
    match command:
        case PutPipeline():
            return put_entity(known, KIND, command, PipelineChanged)
        case RemovePipeline():
            return remove_entity(known, KIND, command, PipelineRemoved)
        case _:
            assert_never(command)
