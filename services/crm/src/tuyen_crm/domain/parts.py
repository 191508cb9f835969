"""Handles commands about parts: all kinds are created, changed and removed in one manner.

Decides C5.
"""

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    decide_applied,
    decide_passed,
    decide_refused,
    decide_unchanged,
    follow,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState, PartState
from tuyen_events.crm.records import CrmRefusal, PartCommand, PartEvent
from tuyen_events.crm.reminders import RemindCommand, Reminded


def put_part(
    known: KnownState,
    kind: str,
    command: PartCommand,
    *,
    added: type[PartEvent],
    changed: type[PartEvent],
) -> CommandDecision:
    """Creates a part with the content of the command, or replaces the content of the one with that
    id. The id of another contact's part is refused."""
    contact, known_part = known.contact(command.contact_id), known.part(kind, command.part_id)
    if contact is None:
        return NOT_FOUND
    if known_part is not None and known_part.contact_id != command.contact_id:
        return decide_refused(CrmRefusal.ID_TAKEN)
    part = _find_own(known_part, command, contact)
    version = 0 if part is None else part.version
    if command.expected_version not in (None, version):
        return decide_passed(version)
    return decide_applied(follow(command, changed if part else added, contact.sequence + 1))


def change_part(
    known: KnownState, kind: str, command: PartCommand, event: type[PartEvent]
) -> CommandDecision:
    """Changes a part of the contact."""
    contact = known.contact(command.contact_id)
    part = _find_own(known.part(kind, command.part_id), command, contact)
    if contact is None or part is None:
        return NOT_FOUND
    if command.expected_version not in (None, part.version):
        return decide_passed(part.version)
    return decide_applied(follow(command, event, contact.sequence + 1))


def remove_part(
    known: KnownState, kind: str, command: PartCommand, event: type[PartEvent]
) -> CommandDecision:
    """Removes a part of the contact; if there is none, nothing changes."""
    decision = change_part(known, kind, command, event)
    return decide_unchanged(0) if decision is NOT_FOUND else decision


def remind_of_part(
    known: KnownState, kind: str, command: RemindCommand, event: type[Reminded]
) -> CommandDecision:
    """Reminds of a part, once for each time that is set, however often it is requested. Nothing
    happens if the part has changed since: it may have another time, or none."""
    contact = known.contact(command.contact_id)
    part = _find_own(known.part(kind, command.part_id), command, contact)
    if contact is None or part is None:
        return NOT_FOUND
    if part.version != command.version or part.reminded_at == command.remind_at:
        return decide_unchanged(part.version)
    return decide_applied(follow(command, event, contact.sequence + 1))


def _find_own(
    part: PartState | None, command: PartCommand | RemindCommand, contact: ContactState | None
) -> PartState | None:
    """The part, if it belongs to the contact: not to another one, and not to an earlier one with
    the same id, which was removed with its parts."""
    if part is None or contact is None or part.contact_id != command.contact_id:
        return None
    return part if part.version > contact.began else None
