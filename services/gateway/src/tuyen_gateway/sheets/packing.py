"""Checks an XLSX file before it is unpacked (C9): a few kilobytes can contain gigabytes."""

from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from tuyen_events.sheet_limits import (
    PACKED_TIMES,
    SHARED_TEXTS_BYTES,
    SHEET_PARTS,
    SHEET_UNPACKED_BYTES,
    WHOLE_PART_BYTES,
)
from tuyen_gateway.sheets.rows import UnreadableSheetError

_SMALL_BYTES = 1024 * 1024
_ENCRYPTED = 0x1
_WORKBOOK = "xl/workbook.xml"
_SHEETS = "xl/worksheets/"
"""Only these are read row by row."""
_SHARED_TEXTS = "xl/sharedstrings.xml"

_BROKEN = "The file is broken: open it in a spreadsheet and save it again."
_BOMB = "The file contains far more than its size says: it is refused."


def check_packing(file: BinaryIO) -> None:
    """Raises UnreadableSheetError for a file that is no workbook, or that would take too much
    memory. What the directory of a ZIP file says about a part is an upper limit: more than that is
    not unpacked."""
    try:
        with ZipFile(file) as packed:
            parts = packed.infolist()
    except (BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise UnreadableSheetError(_BROKEN) from error
    finally:
        file.seek(0)
    if len(parts) > SHEET_PARTS:
        raise UnreadableSheetError(_BOMB)
    names = {part.filename.lower() for part in parts}
    if _WORKBOOK not in names:
        raise UnreadableSheetError("The file is no Excel workbook (.xlsx).")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableSheetError("The file has a password: save it without one.")
    if sum(part.file_size for part in parts) > SHEET_UNPACKED_BYTES or any(map(_is_bomb, parts)):
        raise UnreadableSheetError(_BOMB)


def _is_bomb(part: ZipInfo) -> bool:
    name = part.filename.lower()
    most = SHARED_TEXTS_BYTES if name == _SHARED_TEXTS else WHOLE_PART_BYTES
    if not name.startswith(_SHEETS) and part.file_size > most:
        return True
    return part.file_size > max(_SMALL_BYTES, PACKED_TIMES * part.compress_size)
