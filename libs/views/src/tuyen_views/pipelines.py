"""Pipelines. The CRM writes them; the gateway reads them."""

from tuyen_events.crm.pipelines import PipelineStep
from tuyen_views.view import BY_ID, SetupDocument, View


class PipelineDocument(SetupDocument, frozen=True, kw_only=True):
    """A pipeline."""

    name: str
    steps: tuple[PipelineStep, ...]


PIPELINES_VIEW = View("crm_pipelines", PipelineDocument, (BY_ID,))
