"""Reads the values of custom fields from texts: the cells of files, and filters of lists (C10)."""

import re
from datetime import date, timedelta

from tuyen_events.custom_fields import (
    GREATEST_NUMBER,
    CustomValue,
    FieldDefinition,
    FieldType,
)
from tuyen_events.limits import DETAIL_CHARACTERS
from tuyen_platform.text import fold_accents

_YES = frozenset({"yes", "y", "true", "1", "x", "co", "dung"})
_NO = frozenset({"no", "n", "false", "0", "khong", "sai"})

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{1,5}", re.ASCII)
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of the spreadsheets."""

_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""A thousand and something in one half of the world, one and something in the other."""
_POINT_LAST = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?|[+-]?\d+\.\d+", re.ASCII)
_COMMA_LAST = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?|[+-]?\d+,\d+", re.ASCII)


class UnreadableTextError(Exception):
    """Explains what is wrong with a text, for its author."""


def read_value(definition: FieldDefinition, text: str) -> CustomValue:
    """The value that a cell of a file means. Raises UnreadableTextError."""
    match definition.type:
        case FieldType.TEXT:
            if len(text) > DETAIL_CHARACTERS:
                raise UnreadableTextError(f"It has more than {DETAIL_CHARACTERS} characters.")
            return text
        case FieldType.NUMBER:
            return read_number(text)
        case FieldType.DATE:
            return read_day(text).isoformat()
        case FieldType.CHOICE:
            return _read_choice(definition, text)
        case FieldType.YES_NO:
            return _read_answer(text)


def read_filter(definition: FieldDefinition, text: str) -> CustomValue:
    """The value that a filter asks for: numbers are also written as in JSON, and a choice that is
    not offered any more can be asked for. Raises UnreadableTextError."""
    match definition.type:
        case FieldType.TEXT | FieldType.CHOICE:
            return text
        case FieldType.NUMBER if _PLAIN.fullmatch(text):
            return _limit_number(float(text))
        case _:
            return read_value(definition, text)


def read_number(text: str) -> int | float:
    """A number as spreadsheets write it, in Vietnamese (1.234,5) or in English (1,234.5). What can
    be read both ways (1.234) is refused. Raises UnreadableTextError."""
    digits = re.sub(r"\s", "", text)
    if _EITHER.fullmatch(digits):
        joined = re.sub(r"[.,]", "", digits)
        parted = digits.replace(",", ".")
        raise UnreadableTextError(
            f"{quote_text(text)} can be read in two ways: write {joined} or {parted}0."
        )
    if _POINT_LAST.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _COMMA_LAST.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    if not _PLAIN.fullmatch(digits):
        raise UnreadableTextError(f"{quote_text(text)} is no number: write 1234.5 or 1234,5.")
    if _WHOLE.fullmatch(digits) and len(digits) < 20:  # noqa: PLR2004 - longer ones are too large
        return _limit_number(int(digits))
    return _limit_number(float(digits))


def write_number(value: float) -> str:
    """The number so that `read_number` reads the same, in a spreadsheet of any language."""
    text = repr(value)
    return f"{text}0" if _EITHER.fullmatch(text) else text


def read_day(text: str) -> date:
    """A date as spreadsheets write it. Raises UnreadableTextError."""
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
    raise UnreadableTextError(f"{quote_text(text)} is no date: write 1990-12-31 or 31/12/1990.")


def quote_text(text: str) -> str:
    """A text as messages for people quote it."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")  # noqa: PLR2004 - shown to people


def _limit_number(value: float) -> int | float:
    if abs(value) > GREATEST_NUMBER:
        raise UnreadableTextError(f"Numbers go up to {GREATEST_NUMBER}.")
    return int(value) if value == int(value) else value


def _read_choice(definition: FieldDefinition, text: str) -> str:
    folded = fold_accents(text)
    for choice in definition.choices:
        if fold_accents(choice) == folded:
            return choice
    raise UnreadableTextError(f"{quote_text(text)} is none of: {', '.join(definition.choices)}.")


def _read_answer(text: str) -> bool:
    word = fold_accents(text)
    if word not in _YES | _NO:
        raise UnreadableTextError(f"{quote_text(text)} is neither có (yes) nor không (no).")
    return word in _YES
