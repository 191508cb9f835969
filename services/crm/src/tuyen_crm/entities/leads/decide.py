"""Handles leads. Leads with the same id at the same source are about one contact, also if it was
merged or removed since.

Decides C12.
"""

from dataclasses import replace
from typing import Any

from tuyen_crm.domain.content import find_lacking
from tuyen_crm.domain.decision import CommandDecision, build_event, decide_unchanged
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.survivors import find_survivor
from tuyen_crm.entities.contact_fields.values import list_hidden, name_fields, refuse_values
from tuyen_crm.entities.contacts.decide import add_from_source
from tuyen_crm.entities.merges.drafts import DecisionDraft, cause_of
from tuyen_crm.entities.merges.merging import decide_merges
from tuyen_events.crm.contacts import ContactContent, ContactPatched
from tuyen_events.crm.leads import LeadReceived, ReceiveLead
from tuyen_events.crm.notes import NoteId, NoteReceived
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import ContactId, note_of_lead

_NOTES = "notes"
_GIVEN = ("name", "phones", "emails", "custom")


def decide(known: KnownState, command: ReceiveLead) -> CommandDecision:
    """A lead creates a contact. If it is sent again with other content, the contact gets what it
    lacks. If it is sent again as it was, nothing changes: what agents have removed since stays
    removed."""
    lead = known.contact(command.contact_id)
    if lead is None and not known.last_sequence(command.contact_id):
        if (unfit := refuse_values(known, {}, command.custom)) is not None:
            return unfit
        content = ContactContent(**{name: getattr(command, name) for name in _GIVEN})
        return _note(known, command, add_from_source(known, command, content))
    found = find_survivor(known, command.contact_id)
    if lead is None or found is None:
        return decide_unchanged(known.last_sequence(command.contact_id))
    contact_id, contact = found
    if lead.lead == command.content:
        survivor = None if contact_id == command.contact_id else contact_id
        return replace(decide_unchanged(contact.version), survivor=survivor)
    if (unfit := refuse_values(known, contact.custom, command.custom)) is not None:
        return unfit
    return _note(known, command, _complete(known, command, contact_id, contact))


def _complete(
    known: KnownState, command: ReceiveLead, contact_id: ContactId, contact: ContactState
) -> CommandDecision:
    """The contact gets what it lacks, and may be merged into another one because of that (C2)."""
    given = {name: getattr(command, name) for name in _GIVEN}
    hidden = list_hidden(known, contact.custom, command.custom)
    lacking = find_lacking(contact, given, overwrite=False, hidden=hidden)
    draft = DecisionDraft(known, cause_of(command))
    if lacking:
        draft.add(
            ContactPatched(
                organization=command.organization,
                contact_id=contact_id,
                sequence=contact.sequence + 1,
                caused_by=command.command_id,
                at=command.at,
                custom_names=name_fields(known, lacking.get("custom", {})),
                **lacking,
            )
        )
    merged = decide_merges(draft, contact_id, frozenset((*contact.phones, *contact.emails)))
    survivor = merged.survivor or contact_id
    return replace(merged, survivor=None if survivor == command.contact_id else survivor)


def _note(known: KnownState, command: ReceiveLead, decision: CommandDecision) -> CommandDecision:
    """The decision with two more events: the lead was received, and its text is a note. Both belong
    to the lead's own contact, also if that was merged into another one."""
    own = [event for event in decision.events if _is_about(event, command.contact_id)]
    sequence = own[-1].sequence if own else known.last_sequence(command.contact_id)
    more: list[ContactEvent] = [
        build_event(command, LeadReceived, sequence + 1, content=command.content)
    ]
    if command.note is not None:
        note_id = NoteId(note_of_lead(command.contact_id, command.note))
        if known.child(_NOTES, note_id) is None:
            about: dict[str, Any] = {"note_id": note_id, "text": command.note}
            more.append(build_event(command, NoteReceived, sequence + 2, **about))
    return replace(decision, events=(*decision.events, *more))


def _is_about(event: object, contact_id: ContactId) -> bool:
    return isinstance(event, ContactEvent) and event.contact_id == contact_id
