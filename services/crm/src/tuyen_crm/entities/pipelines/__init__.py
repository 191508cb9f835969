"""Pipelines: the steps by which an organization follows its contacts (C6)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.pipelines import decide, view
from tuyen_crm.entities.steps.names import PIPELINES
from tuyen_events.crm.pipelines import (
    EmptyPipeline,
    PipelineChanged,
    PipelineRemoved,
    PutPipeline,
    RemovePipeline,
)
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.PipelineCommands, view.PipelineEvents, PipelineDocument] = Entity(
    name=PIPELINES,
    commands=(PutPipeline, EmptyPipeline, RemovePipeline),
    decide=decide.decide,
    events=(PipelineChanged, PipelineRemoved),
    view=PIPELINES_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
