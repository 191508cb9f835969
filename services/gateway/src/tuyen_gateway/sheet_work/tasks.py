"""What is done with a file in a process of its own (C9). The output has one JSON value on each
line, so that whoever reads it has one line in memory; that of WriteWorkbook is the workbook.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

import msgspec

from tuyen_gateway.imports.reading import RowError, RowFormat
from tuyen_gateway.imports.report import build_report
from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.rows import SheetRow
from tuyen_gateway.sheets.xlsx import XlsxWriter

_FACTS = 1_000
"""How many phone numbers and emails are on one line, and are looked up at once."""


class ListRows(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Lists the rows of a file, the heading first; only the first ones if `most` says how many. To
    be read with `read_listed`."""

    most: int | None = None


class PreviewRows(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Says what an import of a file would do. `shared` are phone numbers and emails by which no row
    is a duplicate. To be read with `read_preview`."""

    row_format: RowFormat
    shared: tuple[str, ...] = ()


class WriteWorkbook(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Writes an Excel workbook of the rows that `write_lines` wrote."""

    title: str


SheetTask = ListRows | PreviewRows | WriteWorkbook


class ListedPreview(msgspec.Struct, frozen=True, kw_only=True):
    """An `ImportReport` without its phone numbers and emails, which follow."""

    rows: int
    valid: int
    errors: Sequence[RowError]
    duplicates: int


def work_on_sheet(task: SheetTask, file: BinaryIO, output: BinaryIO) -> None:
    """Raises UnreadableSheetError; what is in `output` then is of no use."""
    match task:
        case ListRows():
            for row in islice(read_rows(file), task.most):
                _write(output, row)
        case PreviewRows():
            _preview(task, file, output)
        case WriteWorkbook():
            writer, decoder = XlsxWriter(task.title), msgspec.json.Decoder(list[str])
            writer.add(map(decoder.decode, file))
            writer.save(output)


def write_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows for WriteWorkbook."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def read_listed(output: BinaryIO) -> Iterator[SheetRow]:
    """The rows that ListRows wrote."""
    decoder = msgspec.json.Decoder(SheetRow)
    return map(decoder.decode, output)


def read_preview(output: BinaryIO) -> tuple[ListedPreview, Iterator[Mapping[str, int]]]:
    """What PreviewRows wrote, and then the phone numbers and emails of the rows that are no
    duplicates of earlier ones, some at a time, each with the number of its row."""
    decoder = msgspec.json.Decoder(dict[str, int])
    return msgspec.json.decode(output.readline(), type=ListedPreview), map(decoder.decode, output)


def _preview(task: PreviewRows, file: BinaryIO, output: BinaryIO) -> None:
    report = build_report(read_rows(file), task.row_format, task.shared)
    head = ListedPreview(
        rows=report.rows,
        valid=report.valid,
        errors=report.errors,
        duplicates=report.duplicates,
    )
    _write(output, head)
    facts = iter(sorted(report.first.items()))
    while some := dict(islice(facts, _FACTS)):
        _write(output, some)


def _write(output: BinaryIO, value: object) -> None:
    output.write(msgspec.json.encode(value) + b"\n")
