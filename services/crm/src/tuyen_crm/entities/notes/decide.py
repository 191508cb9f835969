"""Handles commands about notes.

Decides C5.
"""

from tuyen_crm.domain.decision import NOT_FOUND, CommandDecision, decide_applied
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.notes import AddNote, NoteAdded


def decide(contact: ContactState | None, command: AddNote) -> CommandDecision:
    """Adds a note to a contact, whatever else changed about the contact in the meantime."""
    if contact is None:
        return NOT_FOUND
    return decide_applied(
        NoteAdded(
            organization=command.organization,
            contact_id=command.contact_id,
            sequence=contact.sequence + 1,
            note_id=command.note_id,
            text=command.text,
            by=command.by,
            caused_by=command.command_id,
            at=command.at,
        )
    )
