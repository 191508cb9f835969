"""The steps at which a contact is, in its document, and its moves in words."""

from tuyen_crm.entities.contacts.view import change_contact
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.steps.evolve import change_steps
from tuyen_events.crm.steps import StepChanged
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change


def fold(document: ContactDocument | None, event: StepChanged) -> ContactDocument | None:
    """Events of a contact that does not exist are ignored."""
    if document is None:
        return None
    return change_contact(document, event, steps=change_steps(document.steps, event))


def describe(
    event: StepChanged, _before: ContactDocument | None, _after: ContactDocument | None
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
