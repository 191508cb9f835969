"""The steps of pipelines at which contacts are (C6)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.steps import decide, evolve, view
from tuyen_events.crm.steps import SetStep, StepChanged
from tuyen_views.steps import STEPS_VIEW, StepDocument

ENTITY: Entity[SetStep, StepChanged, StepDocument] = Entity(
    name="steps",
    commands=(SetStep,),
    decide=decide.decide,
    events=(StepChanged,),
    view=STEPS_VIEW,
    key=view.key,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
    show=view.show,
)
