"""At which steps of pipelines contacts are, and since when. The CRM writes it."""

from pymongo import ASCENDING, IndexModel

from tuyen_views.view import ContactPart, View


class StepDocument(ContactPart, frozen=True, kw_only=True, omit_defaults=True):
    """The step of one pipeline at which a contact is since `updated_at`."""

    pipeline_id: str
    step_id: str


BY_STEP = IndexModel(
    [("organization", ASCENDING), ("pipeline_id", ASCENDING), ("step_id", ASCENDING)],
    name="by_step",
)

STEPS_VIEW = View("crm_steps", StepDocument, (BY_STEP,))
