"""The steps of pipelines at which contacts are (C6)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.steps import decide, evolve, view
from tuyen_events.crm.steps import SetStep, StepChanged
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[SetStep, StepChanged, ContactDocument] = Entity(
    name="steps",
    commands=(SetStep,),
    decide=decide.decide,
    events=(StepChanged,),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
)
