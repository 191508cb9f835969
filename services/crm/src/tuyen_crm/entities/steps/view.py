"""The documents of the steps at which contacts are, and the moves of contacts in words."""

from tuyen_crm.entities.contacts.view import change_contact
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.steps.evolve import change_steps
from tuyen_events.crm.steps import StepChanged
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change
from tuyen_views.steps import StepDocument
from tuyen_views.view import place_in_order


def key(event: StepChanged) -> str:
    """The `_id` of the document of a contact and a pipeline."""
    return f"{event.organization}/{event.contact_id}/{event.pipeline_id}"


def fold(document: StepDocument | None, event: StepChanged) -> StepDocument | None:
    if event.step_id is None:
        return None
    return StepDocument(
        key=key(event),
        id=f"{event.contact_id}/{event.pipeline_id}",
        organization=event.organization,
        contact_id=event.contact_id,
        place=document.place if document else place_in_order(event),
        sequence=event.sequence,
        created_at=document.created_at if document else event.at,
        created_by=document.created_by if document else event.by,
        updated_at=event.at,
        pipeline_id=event.pipeline_id,
        step_id=event.step_id,
    )


def show(document: ContactDocument, event: StepChanged) -> ContactDocument:
    """The document of the contact, with its steps."""
    return change_contact(document, event, steps=change_steps(document.steps, event))


def describe(
    event: StepChanged, _before: StepDocument | None, _after: StepDocument | None
) -> EventDescription:
    was, now, of = event.previous_step, event.step, f"“{event.pipeline}”"
    if now is None:
        vi, en = f"đưa khách ra khỏi quy trình {of}", f"took the contact out of the pipeline {of}"
    elif was is None:
        vi = f"đưa khách vào bước “{now}” của quy trình {of}"
        en = f"put the contact at the step “{now}” of the pipeline {of}"
    else:
        vi = f"chuyển khách từ bước “{was}” sang bước “{now}” của quy trình {of}"
        en = f"moved the contact from the step “{was}” to “{now}” in the pipeline {of}"
    note = f": {event.note}" if event.note else "."
    change = Change(field=f"steps.{event.pipeline_id}", before=was, after=now)
    return EventDescription(by=event.by, vi=f"{vi}{note}", en=f"{en}{note}", changes=(change,))
