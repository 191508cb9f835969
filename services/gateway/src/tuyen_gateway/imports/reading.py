"""Reads one row of a file as a contact, or says what is wrong with it (C9)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuyen_events.crm.contacts import Gender
from tuyen_events.custom_fields import CustomFields
from tuyen_events.limits import (
    CONTACT_EMAILS,
    CONTACT_PHONES,
    DETAIL_CHARACTERS,
    NAME_CHARACTERS,
)
from tuyen_events.phones import parse_email, parse_phones
from tuyen_gateway.custom_texts import UnreadableTextError, quote_text, read_day, read_value
from tuyen_gateway.imports.columns import CUSTOM
from tuyen_platform.text import fold_accents

_GENDERS = {
    "female": Gender.FEMALE,
    "f": Gender.FEMALE,
    "nu": Gender.FEMALE,
    "male": Gender.MALE,
    "m": Gender.MALE,
    "nam": Gender.MALE,
    "other": Gender.OTHER,
    "khac": Gender.OTHER,
}
_BETWEEN = re.compile(r"[;,\s|]+")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be imported. `column` is empty if it is no single one."""

    row: int
    column: str
    error: str


@dataclass(frozen=True, slots=True)
class RowFormat:
    """The meaning of the cells of a row. `mapping` has the field of each column."""

    mapping: Mapping[str, str]
    country: str
    custom: CustomFields


def read_contact(
    number: int, cells: Mapping[str, str], row_format: RowFormat
) -> tuple[dict[str, Any], list[RowError]]:
    """The fields of the contact in a row, and what is wrong with it. `cells` are by column. An
    empty cell says nothing."""
    fields: dict[str, Any] = {}
    errors: list[RowError] = []
    for column, field in row_format.mapping.items():
        text = cells.get(column, "")
        if not text:
            continue
        try:
            _add(fields, field, _read(field, text, row_format))
        except UnreadableTextError as error:
            errors.append(RowError(number, column, str(error)))
    if not errors and not (fields.keys() & {"name", "phones", "emails"}):
        errors.append(RowError(number, "", "There is neither a name nor a phone number nor email."))
    return fields, errors


def _add(fields: dict[str, Any], field: str, value: Any) -> None:
    if field.startswith(CUSTOM):
        fields.setdefault("custom", {})[field.removeprefix(CUSTOM)] = value
    elif field in _MOST:
        values = tuple(dict.fromkeys((*fields.get(field, ()), *value)))
        if len(values) > _MOST[field]:
            raise UnreadableTextError(f"A contact has at most {_MOST[field]} of these.")
        fields[field] = values
    else:
        fields[field] = value


_MOST = {"phones": CONTACT_PHONES, "emails": CONTACT_EMAILS}


def _read(field: str, text: str, row_format: RowFormat) -> Any:
    if field == "phones":
        return _read_phones(text, row_format.country)
    if field.startswith(CUSTOM):
        definition = row_format.custom.get(field.removeprefix(CUSTOM))
        if definition is None:
            raise UnreadableTextError(f"There is no field {field!r} any more.")
        return read_value(definition, text)
    return _READERS[field](text)


def _read_phones(text: str, country: str) -> Sequence[str]:
    phones = parse_phones(text, country)
    if not phones:
        raise UnreadableTextError(f"{quote_text(text)} is no phone number.")
    return phones


def _read_emails(text: str) -> Sequence[str]:
    emails = []
    for each in filter(None, _BETWEEN.split(text)):
        email = parse_email(each)
        if email is None:
            raise UnreadableTextError(f"{quote_text(each)} is no email.")
        emails.append(email)
    return emails


def _read_gender(text: str) -> Gender:
    gender = _GENDERS.get(fold_accents(text).strip())
    if gender is None:
        raise UnreadableTextError(f"{quote_text(text)} is no gender: female, male or other.")
    return gender


def _read_text(text: str, most: int) -> str:
    if len(text) > most:
        raise UnreadableTextError(f"It has more than {most} characters.")
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": lambda text: _read_text(text, NAME_CHARACTERS),
    "emails": _read_emails,
    "gender": _read_gender,
    "birthday": read_day,
    "address": lambda text: _read_text(text, DETAIL_CHARACTERS),
    "location": lambda text: _read_text(text, DETAIL_CHARACTERS),
}
