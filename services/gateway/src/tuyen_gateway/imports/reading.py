"""Reads one row of a file as a contact, or says what is wrong with it (C9)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tuyen_events.crm.contacts import Gender
from tuyen_events.limits import (
    CONTACT_EMAILS,
    CONTACT_PHONES,
    DETAIL_CHARACTERS,
    NAME_CHARACTERS,
)
from tuyen_events.phones import parse_email, parse_phones
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
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_SERIAL = re.compile(r"\d{1,5}")
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of the spreadsheets."""
_BETWEEN = re.compile(r"[;,\s|]+")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be imported. `column` is empty if it is no single one."""

    row: int
    column: str
    error: str


class UnreadableCellError(Exception):
    """What is wrong with a cell."""


def read_contact(
    number: int, cells: Mapping[str, str], mapping: Mapping[str, str], country: str
) -> tuple[dict[str, Any], list[RowError]]:
    """The fields of the contact in a row, and what is wrong with it. `cells` are by column, and
    `mapping` is the field of each column. An empty cell says nothing."""
    fields: dict[str, Any] = {}
    errors: list[RowError] = []
    for column, field in mapping.items():
        text = cells.get(column, "")
        if not text:
            continue
        try:
            _add(fields, field, _read(field, text, country))
        except UnreadableCellError as error:
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
            raise UnreadableCellError(f"A contact has at most {_MOST[field]} of these.")
        fields[field] = values
    else:
        fields[field] = value


_MOST = {"phones": CONTACT_PHONES, "emails": CONTACT_EMAILS}


def _read(field: str, text: str, country: str) -> Any:
    if field == "phones":
        return _read_phones(text, country)
    if field.startswith(CUSTOM):
        return _read_text(text, DETAIL_CHARACTERS)
    return _READERS[field](text)


def _read_phones(text: str, country: str) -> Sequence[str]:
    phones = parse_phones(text, country)
    if not phones:
        raise UnreadableCellError(f"{_shorten(text)} is no phone number.")
    return phones


def _read_emails(text: str) -> Sequence[str]:
    emails = []
    for each in filter(None, _BETWEEN.split(text)):
        email = parse_email(each)
        if email is None:
            raise UnreadableCellError(f"{_shorten(each)} is no email.")
        emails.append(email)
    return emails


def _read_gender(text: str) -> Gender:
    gender = _GENDERS.get(fold_accents(text).strip())
    if gender is None:
        raise UnreadableCellError(f"{_shorten(text)} is no gender: female, male or other.")
    return gender


def _read_birthday(text: str) -> date:
    try:
        if (iso := _ISO.fullmatch(text)) is not None:
            year, month, day = map(int, iso.groups())
            return date(year, month, day)
        if (written := _DAY_FIRST.fullmatch(text)) is not None:
            day, month, year = map(int, written.groups())
            return date(year, month, day)
        if _SERIAL.fullmatch(text):
            return _FIRST_DAY + timedelta(days=int(text))
    except ValueError:
        pass
    raise UnreadableCellError(f"{_shorten(text)} is no date: write 1990-12-31 or 31/12/1990.")


def _read_text(text: str, most: int) -> str:
    if len(text) > most:
        raise UnreadableCellError(f"It has more than {most} characters.")
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": lambda text: _read_text(text, NAME_CHARACTERS),
    "emails": _read_emails,
    "gender": _read_gender,
    "birthday": _read_birthday,
    "address": lambda text: _read_text(text, DETAIL_CHARACTERS),
    "location": lambda text: _read_text(text, DETAIL_CHARACTERS),
}


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")  # noqa: PLR2004 - shown to people
