"""Reads a table from whatever file it is in (C9)."""

from collections.abc import Iterator
from typing import BinaryIO

from tuyen_events.sheet_limits import SHEET_BYTES, SHEET_CHARACTERS, SHEET_ROWS
from tuyen_gateway.sheets.rows import SheetRow, UnreadableSheetError
from tuyen_gateway.sheets.separated import read_separated
from tuyen_gateway.sheets.xlsx import read_xlsx

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def read_rows(file: BinaryIO) -> Iterator[SheetRow]:
    """All rows that are not empty, the heading first. The file is recognized by its content, and
    not by its name.

    Raises UnreadableSheetError, also while the rows are read. Memory does not grow with the number
    of rows. The file can be read again afterwards.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if size > SHEET_BYTES:
        raise UnreadableSheetError(f"The file has more than {SHEET_BYTES} bytes.")
    start = file.read(4)
    file.seek(0)
    if start == _OLD_EXCEL:
        raise UnreadableSheetError("This is an old or protected workbook: save it as .xlsx.")
    rows = read_xlsx(file) if start == _ZIP else read_separated(file)
    characters = 0
    for count, row in enumerate(rows):
        characters += sum(map(len, row.cells))
        if count > SHEET_ROWS:
            raise UnreadableSheetError(f"there are more than {SHEET_ROWS} rows.", row.number)
        if characters > SHEET_CHARACTERS:
            why = f"the cells up to here have more than {SHEET_CHARACTERS} characters together."
            raise UnreadableSheetError(why, row.number)
        yield row
