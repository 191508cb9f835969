"""What a change of a contact changes beside its details: its assignee and warehouse, its campaign,
its tags and its steps.

A command that changes several of these is split into one command for each, which are decided in
order, as if they had been sent one by one.
"""

from collections.abc import Iterator
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.claims import evolve as claims
from tuyen_crm.entities.claims.decide import decide_place
from tuyen_crm.entities.merges.drafts import DecisionDraft
from tuyen_crm.entities.shares import evolve as shares
from tuyen_crm.entities.shares.decide import decide_enrollment
from tuyen_crm.entities.steps import evolve as steps
from tuyen_crm.entities.steps.decide import decide_step
from tuyen_crm.entities.tags import evolve as tags
from tuyen_crm.entities.tags.decide import decide_tag
from tuyen_events.crm.claims import PlaceContact, PlaceEvent
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import ContactEvent, CrmOutcome
from tuyen_events.crm.shares import ContactEnrolled, EnrollContact, SharingRuleEnded
from tuyen_events.crm.steps import SetStep, StepChanged
from tuyen_events.crm.tags import AddTag, RemoveTag, TagAdded, TagRemoved

_SingleCommand = PlaceContact | EnrollContact | AddTag | RemoveTag | SetStep


def apply_assignments_and_labels(
    draft: DecisionDraft, command: PatchContact
) -> CommandDecision | None:
    """Adds what follows from these commands to the draft; returns the decision about the whole
    command if one of them is refused."""
    for single in _split(command):
        contact = draft.require(command.contact_id)
        decision = _decide_single(draft.known, contact, single)
        if decision.outcome not in (CrmOutcome.APPLIED, CrmOutcome.UNCHANGED):
            return decision
        for event in decision.events:
            if isinstance(event, ContactEvent):
                draft.note(event, _evolve(draft.require(event.contact_id), event))
    return None


def keep_details(command: PatchContact) -> PatchContact:
    """The command with the changes of the contact's details alone."""
    return msgspec.structs.replace(
        command, assignee=UNSET, warehouse_id=UNSET, campaign_id=UNSET, care_status=UNSET
    )


def _split(command: PatchContact) -> Iterator[_SingleCommand]:
    """Tags are removed before others are added: a contact has only so many of them."""
    common: dict[str, Any] = {
        name: getattr(command, name)
        for name in ("command_id", "organization", "contact_id", "by", "at")
    }
    if (command.assignee, command.warehouse_id) != (UNSET, UNSET):
        yield PlaceContact(
            **common,
            assignee=command.assignee,
            warehouse_id=command.warehouse_id,
            administrator=command.administrator,
        )
    if (command.campaign_id, command.care_status) != (UNSET, UNSET):
        yield EnrollContact(
            **common, campaign_id=command.campaign_id, care_status=command.care_status
        )
    for tag in command.tags_removed:
        yield RemoveTag(**common, tag=tag)
    for tag in command.tags_added:
        yield AddTag(**common, tag=tag)
    for pipeline_id, step_id in command.steps.items():
        yield SetStep(**common, pipeline_id=pipeline_id, step_id=step_id)


def _decide_single(
    known: KnownState, contact: ContactState, command: _SingleCommand
) -> CommandDecision:
    match command:
        case PlaceContact():
            return decide_place(known, contact, command)
        case EnrollContact():
            return decide_enrollment(known, contact, command)
        case AddTag() | RemoveTag():
            return decide_tag(contact, command)
        case SetStep():
            return decide_step(known, contact, command)
        case _:
            assert_never(command)


def _evolve(contact: ContactState, event: ContactEvent) -> ContactState | None:
    match event:
        case PlaceEvent():
            return claims.evolve(contact, event)
        case ContactEnrolled() | SharingRuleEnded():
            return shares.evolve(contact, event)
        case TagAdded() | TagRemoved():
            return tags.evolve(contact, event)
        case StepChanged():
            return steps.evolve(contact, event)
        case _:
            raise TypeError(f"{event.type} does not follow from one of these commands")
