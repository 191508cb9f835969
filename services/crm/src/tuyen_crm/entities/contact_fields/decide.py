"""Handles commands about fields of contacts."""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.contact_fields import (
    ContactFieldChanged,
    ContactFieldRemoved,
    PutContactField,
    RemoveContactField,
)
from tuyen_events.crm_limits import CONTACT_FIELDS

KIND = "contact_fields"

ContactFieldCommands = PutContactField | RemoveContactField


def decide(known: KnownState, command: ContactFieldCommands) -> CommandDecision:
    match command:
        case PutContactField():
            return put_entity(known, KIND, command, ContactFieldChanged, most=CONTACT_FIELDS)
        case RemoveContactField():
            return remove_entity(known, KIND, command, ContactFieldRemoved)
        case _:
            assert_never(command)
