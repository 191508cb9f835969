"""Texts with separated values (CSV), as spreadsheets of all times and places write them."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from tuyen_events.sheet_limits import CELL_CHARACTERS
from tuyen_gateway.sheets.rows import (
    SheetRow,
    UnreadableSheetError,
    defuse_text,
    number_rows,
    restore_text,
)

SEPARATORS = ",;\t"
MARK = codecs.BOM_UTF8
"""The mark by which Excel recognizes UTF-8."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 64 * 1024
_SAMPLE_ROWS = 20
_PART_BYTES = 256 * 1024
_NAMED = "sep="
"""Excel reads the separator from a first line `sep=;`, which is no row."""

csv.field_size_limit(2 * CELL_CHARACTERS)


def read_separated(file: BinaryIO) -> Iterator[SheetRow]:
    """The rows. Raises UnreadableSheetError, also while the rows are read."""
    encoding = guess_encoding(file)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        sample = text.read(_SAMPLE_BYTES)
        separator, begins_at = guess_separator(sample)
        text.seek(0)
        text.read(begins_at)
        reader = csv.reader(text, delimiter=separator)
        yield from number_rows(map(restore_text, cells) for cells in _read_lines(reader))
    finally:
        text.detach()


def write_separated(rows: Iterable[Iterable[str]]) -> bytes:
    """The rows in UTF-8; a file begins with `MARK`. A text that a spreadsheet would take for a
    formula is defused; `read_separated` gives the text as it was."""
    lines = io.StringIO()
    csv.writer(lines).writerows([defuse_text(text) for text in row] for row in rows)
    return lines.getvalue().encode()


def guess_encoding(file: BinaryIO) -> str:
    """By the mark at the beginning; without one UTF-16 by its zeros, UTF-8 if all of it is valid,
    and otherwise Windows-1258, the encoding of Vietnamese before Unicode."""
    start = file.read(_SAMPLE_BYTES)
    file.seek(0)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return _require(file, encoding)
    if len(start) > 1 and 0 in start[:200]:
        return _require(file, "utf-16-le" if start[1] == 0 else "utf-16-be")
    if _is_valid(file, "utf-8"):
        return "utf-8"
    return _require(file, "cp1258")


def guess_separator(sample: str) -> tuple[str, int]:
    """The separator, and where the first row begins: the separator that divides the first rows into
    the most columns, of those that divide them into equally many."""
    first = sample.split("\n", 1)[0].rstrip("\r")
    if first.lower().startswith(_NAMED) and len(first) == len(_NAMED) + 1:
        return first[-1], sample.index("\n") + 1 if "\n" in sample else len(sample)

    def rate(separator: str) -> tuple[float, int]:
        lines = io.StringIO(sample, newline="")
        rows = csv.reader(lines, delimiter=separator)
        try:
            widths = [len(row) for row, _ in zip(rows, range(_SAMPLE_ROWS), strict=False) if row]
        except csv.Error:  # it separates nothing in a text that is longer than a cell
            return (0.0, 0)
        widths = widths[:-1] if len(widths) > 1 and lines.read(1) == "" else widths
        columns = widths[0] if widths else 1
        alike = sum(width == columns for width in widths) / max(len(widths), 1)
        return (alike if columns > 1 else 0.0, columns)

    return max(SEPARATORS, key=rate), 0


def _read_lines(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    number = 0
    try:
        for number, cells in enumerate(reader, 1):  # noqa: B007 - the number of the last good line
            yield cells
    except csv.Error as error:
        raise UnreadableSheetError(
            "a cell is too long, or a quote is not closed.", number + 1
        ) from error


def _require(file: BinaryIO, encoding: str) -> str:
    if not _is_valid(file, encoding):
        raise UnreadableSheetError(
            "The encoding of the file is not known: save it as “CSV UTF-8” or as a workbook."
        )
    return encoding


def _is_valid(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while part := file.read(_PART_BYTES):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
