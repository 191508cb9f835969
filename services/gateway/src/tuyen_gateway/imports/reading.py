"""Reads one row of a file as a contact, or says what is wrong with it (C9)."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuyen_events.crm.contacts import Gender
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.tags import fold_tag
from tuyen_events.crm_limits import TAG_CHARACTERS
from tuyen_events.ids import AgentId
from tuyen_events.limits import (
    CONTACT_EMAILS,
    CONTACT_PHONES,
    DETAIL_CHARACTERS,
    NAME_CHARACTERS,
    TAGS,
)
from tuyen_events.phones import parse_email, parse_phones
from tuyen_gateway.custom_texts import UnreadableTextError, quote_text, read_day, read_value
from tuyen_gateway.imports.columns import CUSTOM, STEP, ImportableFields
from tuyen_gateway.imports.lists import split_values
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
    fields: ImportableFields


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
    elif field.startswith(STEP):
        fields.setdefault("steps", {})[field.removeprefix(STEP)] = value
    elif field in _MOST:
        every = (*fields.get(field, ()), *value)
        unique: dict[str, str] = {}
        for each in every:
            unique.setdefault(_KEYS.get(field, str)(each), each)
        if len(unique) > _MOST[field]:
            raise UnreadableTextError(f"A contact has at most {_MOST[field]} of these.")
        fields[field] = tuple(unique.values())
    else:
        fields[field] = value


_MOST = {"phones": CONTACT_PHONES, "emails": CONTACT_EMAILS, "tags": TAGS}
_KEYS: Mapping[str, Callable[[str], str]] = {"tags": fold_tag}
"""What two equal values have in common, if it is not the value."""


def _read(field: str, text: str, row_format: RowFormat) -> Any:
    known = row_format.fields
    match field:
        case "phones":
            return _read_phones(text, row_format.country)
        case "campaign_id":
            if text not in known.campaigns:
                raise UnreadableTextError(f"There is no campaign {quote_text(text)}.")
            return text
        case "assignee":
            if text not in known.agents:
                raise UnreadableTextError(f"There is no agent {quote_text(text)} to assign it to.")
            return AgentId(text)
        case _ if field.startswith(CUSTOM):
            definition = known.custom.get(field.removeprefix(CUSTOM))
            if definition is None:
                raise UnreadableTextError(f"There is no field {field!r} any more.")
            return read_value(definition, text)
        case _ if field.startswith(STEP):
            return _read_step(known.pipelines.get(field.removeprefix(STEP), {}), text)
        case _:
            return _READERS[field](text)


def _read_step(names: Mapping[str, str], text: str) -> str:
    """The id of the step, by its id or by its name, whatever its accents and case."""
    if text in names:
        return text
    wanted = fold_accents(text).strip()
    for step_id, name in names.items():
        if fold_accents(name).strip() == wanted:
            return step_id
    raise UnreadableTextError(f"There is no step {quote_text(text)}.")


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


def _read_tags(text: str) -> Sequence[str]:
    tags = split_values(unicodedata.normalize("NFC", text))
    if any(len(tag) > TAG_CHARACTERS for tag in tags):
        raise UnreadableTextError(f"A tag has 1 to {TAG_CHARACTERS} characters.")
    return tags


def _read_status(text: str) -> CareStatus:
    try:
        return CareStatus(text)
    except ValueError:
        raise UnreadableTextError(f"{quote_text(text)} is no care status.") from None


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
    "tags": _read_tags,
    "care_status": _read_status,
    "address": lambda text: _read_text(text, DETAIL_CHARACTERS),
    "location": lambda text: _read_text(text, DETAIL_CHARACTERS),
}
