"""Applies the moves of contacts from step to step to the state that decisions depend on."""

from collections.abc import Mapping

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.steps import StepChanged


def evolve(contact: ContactState | None, event: StepChanged) -> ContactState | None:
    """The contact after the event: a move is a change of the contact itself."""
    return contact and msgspec.structs.replace(
        contact,
        sequence=event.sequence,
        version=event.sequence,
        steps=change_steps(contact.steps, event),
    )


def change_steps(steps: Mapping[str, str], event: StepChanged) -> dict[str, str]:
    """The steps of a contact, by pipeline, after the event."""
    others = {pipeline: step for pipeline, step in steps.items() if pipeline != event.pipeline_id}
    return others if event.step_id is None else {**others, event.pipeline_id: event.step_id}
