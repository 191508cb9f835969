"""Reads and writes Excel workbooks with openpyxl, row by row, so that the memory does not grow with
the number of rows.

Formulas are not calculated: a cell has the value that the spreadsheet stored last.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import errors
from zipfile import BadZipFile
from zlib import error as UnpackingError

from defusedxml.common import DefusedXmlException
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tuyen_events.sheet_limits import SHEET_COLUMNS, SHEET_LINES
from tuyen_gateway.custom_texts import write_number
from tuyen_gateway.sheets.packing import check_packing
from tuyen_gateway.sheets.rows import SheetRow, UnreadableSheetError, number_rows

_DAY = time()
_EXACT = 2**53
"""Below this, a number of a spreadsheet is exact."""
_NO_MEMORY = errors.codes[errors.XML_ERROR_NO_MEMORY]
_BROKEN = (BadZipFile, ParseError, UnpackingError, DefusedXmlException, KeyError, ValueError)
"""The exceptions that openpyxl raises for files that are no valid workbooks."""


def read_xlsx(file: BinaryIO) -> Iterator[SheetRow]:
    """The rows of the first sheet. Raises UnreadableSheetError, also while the rows are read."""
    check_packing(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            if not book.worksheets:
                raise UnreadableSheetError("The workbook has no sheet with cells.")
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            # One row and one column more than allowed, so that too many are noticed. openpyxl
            # yields an empty row for each number that is missing, up to `max_row`.
            rows = sheet.iter_rows(
                max_row=SHEET_LINES + 1, max_col=SHEET_COLUMNS + 1, values_only=True
            )
            yield from number_rows(map(_write_values, rows))
        finally:
            book.close()
    except (*_BROKEN, TypeError, AttributeError, IndexError, EOFError) as error:
        if isinstance(error, ParseError) and error.code == _NO_MEMORY:
            raise MemoryError from error
        raise UnreadableSheetError(
            "The file is broken: open it in a spreadsheet and save it again."
        ) from error


class XlsxWriter:
    """Writes a workbook of one sheet, whose cells are all texts: nothing in it is a formula. Rows
    are on the disk until it is saved."""

    def __init__(self, title: str) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)

    def add(self, rows: Iterable[Iterable[str]]) -> None:
        for row in rows:
            cells = []
            for text in row:
                cell = WriteOnlyCell(self._sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
                cell.data_type = "s"
                cells.append(cell)
            self._sheet.append(cells)

    def save(self, file: BinaryIO) -> None:
        """Once, after the last row."""
        self._book.save(file)


def _write_values(values: tuple[object, ...]) -> Iterable[str]:
    """The texts of a row; of an empty one, none."""
    return map(_write_value, values) if any(value is not None for value in values) else ()


def _write_value(value: object) -> str:
    """The text of a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _write_float(value)
        case datetime() if value.time() == _DAY:
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _write_float(value: float) -> str:
    """Whole numbers have no decimal point: a phone number that a spreadsheet takes for a number is
    `912345678`. Others are written so that they cannot be read as another number."""
    whole = value.is_integer() and abs(value) < _EXACT
    return str(int(value)) if whole else write_number(value)
