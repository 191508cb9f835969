"""Checks the values that contacts get in the fields that administrators define.

They are checked against the fields as they are when the command is decided: a value that fitted
when it was requested may be refused.

Decides C10.
"""

from collections.abc import Mapping, Set

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.contact_fields import ContactFieldChanged
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import (
    CustomValue,
    FieldDefinition,
    is_fit,
    is_of_type,
    is_same_value,
)
from tuyen_events.limits import CONTACT_CUSTOM_VALUES

_FIELDS = "contact_fields"

ContactValues = Mapping[str, CustomValue]
"""The values that a contact has, by the ids of their fields."""
GivenValues = Mapping[str, CustomValue | None]
"""Values that are given; null empties a field."""


def find_definition(known: KnownState, field_id: str) -> FieldDefinition | None:
    """The field as it is defined; None if there is none."""
    field = known.setup(_FIELDS, field_id)
    return field.definition if isinstance(field, ContactFieldChanged) else None


def refuse_values(
    known: KnownState, before: ContactValues, given: GivenValues
) -> CommandDecision | None:
    """The refusal of the first value that does not fit its field; None if all fit. A value that the
    contact has already is not checked, and a value of a removed field can be emptied."""
    for field_id, value in given.items():
        if field_id in before and is_same_value(before[field_id], value):
            continue
        definition = find_definition(known, field_id)
        if definition is None:
            if value is not None or field_id not in before:
                return _refuse(CrmRefusal.NO_FIELD, field_id, None)
        elif value is None:
            if definition.required:
                return _refuse(CrmRefusal.VALUE_REQUIRED, field_id, definition)
        elif not is_fit(definition, value):
            return _refuse(CrmRefusal.UNFIT_VALUE, field_id, definition)
    return None


def refuse_missing(known: KnownState, given: GivenValues) -> CommandDecision | None:
    """The refusal of a manually added contact that lacks a required value; None if it has all."""
    for field in known.list_setup(_FIELDS):
        if not isinstance(field, ContactFieldChanged) or given.get(field.id) is not None:
            continue
        if field.definition.required:
            return _refuse(CrmRefusal.VALUE_REQUIRED, field.id, field.definition)
    return None


def list_hidden(known: KnownState, before: ContactValues, given: GivenValues) -> Set[str]:
    """Those of the given fields in which the contact has a value of another type."""
    found = ((each, find_definition(known, each)) for each in given.keys() & before.keys())
    return {
        each
        for each, definition in found
        if definition is not None and not is_of_type(definition.type, before[each])
    }


def forget_removed(
    known: KnownState, before: ContactValues, given: GivenValues
) -> dict[str, CustomValue | None]:
    """The given values. If the contact would have too many values then, values of removed fields
    are emptied, too."""
    after = [each for each, value in {**before, **given}.items() if value is not None]
    over = max(len(after) - CONTACT_CUSTOM_VALUES, 0)
    removed = [each for each in after if find_definition(known, each) is None] if over else []
    return {**given, **dict.fromkeys(removed[:over])}


def name_fields(known: KnownState, given: GivenValues) -> dict[str, str]:
    """The names of the fields, by their ids, for the history."""
    found = ((each, find_definition(known, each)) for each in given)
    return {each: definition.name for each, definition in found if definition is not None}


def _refuse(
    refusal: CrmRefusal, field_id: str, definition: FieldDefinition | None
) -> CommandDecision:
    return CommandDecision(
        outcome=CrmOutcome.REFUSED,
        version=0,
        refusal=refusal,
        field_id=field_id,
        definition=definition,
    )
