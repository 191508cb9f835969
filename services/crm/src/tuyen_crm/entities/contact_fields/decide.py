"""Handles commands about fields of contacts."""

from typing import assert_never

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
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.contact_fields import (
    ContactFieldChanged,
    ContactFieldRemoved,
    PatchContactField,
    PutContactField,
    RemoveContactField,
)
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm_limits import CONTACT_FIELDS

KIND = "contact_fields"

ContactFieldCommands = PutContactField | PatchContactField | RemoveContactField


def decide(known: KnownState, command: ContactFieldCommands) -> CommandDecision:
    match command:
        case PutContactField():
            if not command.definition.consistent:
                return decide_refused(CrmRefusal.WRONG_CHOICES)
            return put_entity(known, KIND, command, ContactFieldChanged, most=CONTACT_FIELDS)
        case PatchContactField():
            return _patch(known, command)
        case RemoveContactField():
            return remove_entity(known, KIND, command, ContactFieldRemoved)
        case _:
            assert_never(command)


def _patch(known: KnownState, command: PatchContactField) -> CommandDecision:
    field = known.setup(KIND, command.id)
    if not isinstance(field, ContactFieldChanged):
        return NOT_FOUND
    if command.expected_version not in (None, field.sequence):
        return decide_passed(field.sequence)
    definition = command.change.apply(field.definition)
    if not definition.consistent:
        return decide_refused(CrmRefusal.WRONG_CHOICES)
    if definition == field.definition:
        return decide_unchanged(field.sequence)
    sequence = known.setup_sequence() + 1
    return decide_applied(follow(command, ContactFieldChanged, sequence, definition=definition))
