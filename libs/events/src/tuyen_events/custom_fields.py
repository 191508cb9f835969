"""The fields of contacts that an administrator defines, and which values fit them.

Decides C10.
"""

import math
from collections.abc import Mapping
from datetime import date

import msgspec

from tuyen_events.limits import DETAIL_CHARACTERS
from tuyen_events.vocabulary import Word

CustomValue = str | int | float | bool
"""The value of such a field. A day is written as 2026-12-31."""

GREATEST_NUMBER = 2**53
"""Every program reads whole numbers up to this one exactly."""


class FieldType(Word):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"


class FieldDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an administrator says of a field. A field of the type `choice` has `choices`, and no
    other one does."""

    name: str
    type: FieldType
    choices: tuple[str, ...] = ()
    required: bool = False
    """Whether a contact that is added manually needs a value, and nobody may empty it."""


CustomFields = Mapping[str, FieldDefinition]
"""The fields that an organization defines, by their ids."""


def is_of_type(field_type: FieldType, value: CustomValue) -> bool:
    """Whether the field can show the value: otherwise it was given before the field got this
    type. Choices that are not offered any more are shown."""
    match field_type:
        case FieldType.TEXT | FieldType.CHOICE:
            return isinstance(value, str)
        case FieldType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case FieldType.DATE:
            return isinstance(value, str) and _is_day(value)
        case FieldType.YES_NO:
            return isinstance(value, bool)


def is_fit(definition: FieldDefinition, value: CustomValue) -> bool:
    """Whether the field can get the value."""
    if not is_of_type(definition.type, value):
        return False
    if definition.type is FieldType.CHOICE:
        return value in definition.choices
    if isinstance(value, str):
        return 0 < len(value) <= DETAIL_CHARACTERS
    return math.isfinite(value) and abs(value) <= GREATEST_NUMBER


def show_values(fields: CustomFields, values: Mapping[str, CustomValue]) -> dict[str, CustomValue]:
    """The values that the fields show: those of removed fields, and of another type than the field
    has by now, are kept and hidden."""
    return {
        each: value
        for each, value in values.items()
        if each in fields and is_of_type(fields[each].type, value)
    }


def is_same_value(one: CustomValue | None, another: CustomValue | None) -> bool:
    """Whether the two are one value: for Python, true is 1."""
    return one == another and isinstance(one, bool) == isinstance(another, bool)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
