"""Handles commands about child entities: all kinds are created, changed and removed in one manner.

Decides C5.
"""

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_events.crm.records import ChildCommand, ChildEvent, CrmRefusal
from tuyen_events.crm.reminders import RemindCommand, Reminded


def put_child(
    known: KnownState,
    kind: str,
    command: ChildCommand,
    *,
    added: type[ChildEvent],
    changed: type[ChildEvent],
) -> CommandDecision:
    """Creates a child with the content of the command, or replaces the content of the one with that
    id. The id of another contact's child is refused while that one exists."""
    contact, known_child = known.contact(command.contact_id), known.child(kind, command.child_id)
    if contact is None:
        return NOT_FOUND
    if _belongs_to_another(known, known_child, command):
        return decide_refused(CrmRefusal.ID_TAKEN)
    child = _find_own(known_child, command, contact)
    version = 0 if child is None else child.version
    if command.expected_version not in (None, version):
        return decide_conflict(version)
    return decide_applied(build_event(command, changed if child else added, contact.sequence + 1))


def change_child(
    known: KnownState, kind: str, command: ChildCommand, event: type[ChildEvent]
) -> CommandDecision:
    """Changes a child of the contact."""
    contact = known.contact(command.contact_id)
    child = _find_own(known.child(kind, command.child_id), command, contact)
    if contact is None or child is None:
        return NOT_FOUND
    if command.expected_version not in (None, child.version):
        return decide_conflict(child.version)
    return decide_applied(build_event(command, event, contact.sequence + 1))


def remove_child(
    known: KnownState, kind: str, command: ChildCommand, event: type[ChildEvent]
) -> CommandDecision:
    """Removes a child of the contact; if there is none, nothing changes."""
    decision = change_child(known, kind, command, event)
    return decide_unchanged(0) if decision is NOT_FOUND else decision


def remind_of_child(
    known: KnownState, kind: str, command: RemindCommand, event: type[Reminded]
) -> CommandDecision:
    """Reminds of a child, once for each time that is set, however often it is requested. Nothing
    happens if the child has changed since: it may have another time, or none."""
    contact = known.contact(command.contact_id)
    child = _find_own(known.child(kind, command.child_id), command, contact)
    if contact is None or child is None:
        return NOT_FOUND
    if child.version != command.version or child.reminded_at == command.remind_at:
        return decide_unchanged(child.version)
    return decide_applied(build_event(command, event, contact.sequence + 1))


def still_exists(child: ChildState, contact: ContactState | None) -> bool:
    """Whether a child exists whose contact is this one by now, None if there is none. With a
    contact that is removed, its children are: also if there is a contact with the same id again."""
    return contact is not None and not contact.removed and child.version > contact.began


def _belongs_to_another(known: KnownState, child: ChildState | None, command: ChildCommand) -> bool:
    if child is None or child.contact_id == command.contact_id:
        return False
    return still_exists(child, known.contact(child.contact_id))


def _find_own(
    child: ChildState | None, command: ChildCommand | RemindCommand, contact: ContactState | None
) -> ChildState | None:
    """The child, if it belongs to the contact: not to another one, and not to an earlier one with
    the same id, which was removed with its children."""
    if child is None or child.contact_id != command.contact_id:
        return None
    return child if still_exists(child, contact) else None
