"""The steps that pipelines have."""

from collections.abc import Mapping

from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.pipelines import PipelineChanged

PIPELINES = "pipelines"


def list_step_names(known: KnownState, pipeline_id: str) -> Mapping[str, str]:
    """The names of a pipeline's steps, by their ids; none of a pipeline that does not exist."""
    pipeline = known.setup(PIPELINES, pipeline_id)
    steps = pipeline.steps if isinstance(pipeline, PipelineChanged) else ()
    return {step.id: step.name for step in steps}
