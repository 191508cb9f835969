"""The rows of a table, and what makes a file unfit to be read."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.sheet_limits import CELL_CHARACTERS, SHEET_COLUMNS, SHEET_LINES

_DEFUSED = ("=", "+", "-", "@")
"""Spreadsheets take a text that begins with one of these for a formula."""


class UnreadableSheetError(Exception):
    """A file cannot be read as a table; the text says why, for users. `row` is where, if that is
    known."""

    def __init__(self, why: str, row: int | None = None) -> None:
        super().__init__(why if row is None else f"Row {row}: {why}")
        self.row = row


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not empty. `number` counts as a spreadsheet does, from 1."""

    number: int
    cells: tuple[str, ...]


def number_rows(lines: Iterable[Iterable[str]]) -> Iterator[SheetRow]:
    """The lines of a table that are not empty, as `build_row` has them. All lines count: a file of
    a few kilobytes can have millions of empty ones."""
    for number, cells in enumerate(lines, 1):
        if number > SHEET_LINES:
            raise UnreadableSheetError(f"a table has at most {SHEET_LINES} rows.", number)
        row = build_row(number, cells)
        if row is not None:
            yield row


def build_row(number: int, cells: Iterable[str]) -> SheetRow | None:
    """The row without the empty cells at its end, and with the texts as a person reads them:
    composed, without spaces around. None if nothing is left. Raises UnreadableSheetError for a cell
    or a row that is too long."""
    texts = [clean_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) > SHEET_COLUMNS:
        raise UnreadableSheetError(f"there are more than {SHEET_COLUMNS} columns.", number)
    if any(len(text) > CELL_CHARACTERS for text in texts):
        raise UnreadableSheetError(f"a cell has more than {CELL_CHARACTERS} characters.", number)
    return SheetRow(number, tuple(texts)) if texts else None


def clean_text(text: str) -> str:
    """Some systems write accents as characters of their own (NFD), and Windows-1258 has no other
    way."""
    return unicodedata.normalize("NFC", text.replace("\0", "")).strip()


def defuse_text(text: str) -> str:
    """The text, so that a spreadsheet shows it and calculates nothing."""
    return f"'{text}" if text.startswith(("'", *_DEFUSED)) else text


def restore_text(text: str) -> str:
    """The text that `defuse_text` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(("'", *_DEFUSED)) else text


def name_columns(heading: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns by the first row: each has another name, and none is empty. Of a
    heading that is longer than a name, only its beginning counts."""
    names: dict[str, None] = {}
    counts: dict[str, int] = {}
    for place, given in enumerate(heading):
        name = wanted = given[:NAME_CHARACTERS].rstrip() or name_place(place)
        while name in names:
            counts[wanted] = counts.get(wanted, 1) + 1
            name = f"{wanted} ({counts[wanted]})"
        names[name] = None
    return tuple(names)


def name_place(place: int) -> str:
    """What a spreadsheet calls the column: A, B, …, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
