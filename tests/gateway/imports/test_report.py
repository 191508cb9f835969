"""What an import of a file would do (C9)."""

from dataclasses import replace

import pytest

from tuyen_gateway.imports import report
from tuyen_gateway.imports.columns import ImportableFields
from tuyen_gateway.imports.reading import RowFormat
from tuyen_gateway.imports.report import build_report
from tuyen_gateway.sheets.rows import SheetRow

FORMAT = RowFormat({"Tên": "name", "Số": "phones"}, "VN", ImportableFields(custom={}))
ROWS = (
    SheetRow(1, ("Tên", "Số")),
    SheetRow(2, ("Lan", "0912345678")),
    SheetRow(3, ("Minh", "none")),
    SheetRow(5, ("Lan Anh", "+84 912 345 678")),
    SheetRow(6, ("", "x")),
)


def test_c9_rows_are_counted_and_errors_are_named() -> None:
    found = build_report(ROWS, FORMAT)
    assert (found.rows, found.valid, found.duplicates) == (4, 2, 1)
    assert [(error.row, error.column) for error in found.errors] == [(3, "Số"), (6, "Số")]


def test_c9_a_row_that_a_contact_has_already_is_one_duplicate() -> None:
    rows = (
        SheetRow(1, ("Tên", "Số", "Số 2")),
        SheetRow(2, ("Lan", "0912345678", "0912345679")),
        SheetRow(3, ("Minh", "0912345670", "")),
        SheetRow(4, ("Lan Anh", "0912345678", "0912345671")),
        SheetRow(5, ("Hoa", "0912345671", "")),
    )
    found = build_report(rows, replace(FORMAT, mapping={**FORMAT.mapping, "Số 2": "phones"}))
    assert found.duplicates == 2
    assert found.first == {"+84912345678": 2, "+84912345679": 2, "+84912345670": 3}


def test_c9_as_many_errors_are_listed_as_a_person_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROW_ERRORS_LISTED", 1)
    found = build_report(ROWS, FORMAT)
    assert (len(found.errors), found.valid) == (1, 2)


def test_c9_a_number_that_is_shared_makes_no_row_a_duplicate() -> None:
    shared = ("+84912345678",)
    found = build_report(ROWS, FORMAT, shared)
    assert (found.valid, found.duplicates) == (2, 0)
    assert found.first == {}
