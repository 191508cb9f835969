"""Reports what an import of a file would do (C9)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tuyen_events.sheet_limits import ROW_ERRORS_LISTED
from tuyen_gateway.imports.reading import RowError, RowFormat, read_contact
from tuyen_gateway.sheets.rows import SheetRow, name_columns


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`errors` are those of the first rows that have some, and `duplicates` the rows with a phone
    number or email of an earlier row. `first` has the phone numbers and emails of the other rows,
    each with the number of its row."""

    rows: int
    valid: int
    errors: Sequence[RowError]
    duplicates: int
    first: Mapping[str, int]


def build_report(
    rows: Iterable[SheetRow], row_format: RowFormat, shared: Collection[str] = ()
) -> ImportReport:
    """`rows` begin with the heading. `shared` are phone numbers and emails by which no row is a
    duplicate."""
    columns: Sequence[str] | None = None
    errors: list[RowError] = []
    known: set[str] = set()
    first: dict[str, int] = {}
    count = valid = duplicates = 0
    for row in rows:
        if columns is None:
            columns = name_columns(row.cells)
            continue
        count += 1
        fields, wrong = read_contact(row.number, cells_of(row, columns), row_format)
        if wrong:
            errors += wrong[: ROW_ERRORS_LISTED - len(errors)]
            continue
        valid += 1
        facts = {*fields.get("phones", ()), *fields.get("emails", ())}.difference(shared)
        if known.isdisjoint(facts):
            first |= dict.fromkeys(facts, row.number)
        else:
            duplicates += 1
        known |= facts
    return ImportReport(count, valid, errors, duplicates, first)


def cells_of(row: SheetRow, columns: Sequence[str]) -> Mapping[str, str]:
    """The cells of a row by their columns."""
    return dict(zip(columns, row.cells, strict=False))
