"""Texts of cells, and the names of columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.sheet_limits import CELL_CHARACTERS, SHEET_COLUMNS
from tuyen_gateway.sheets.rows import (
    SheetRow,
    UnreadableSheetError,
    build_row,
    defuse_text,
    name_columns,
    name_place,
    restore_text,
)


def test_c9_a_row_has_composed_texts_without_spaces_around() -> None:
    assert build_row(3, [" Nguye\u0302\u0303n ", "a\0b", "", " "]) == SheetRow(3, ("Nguyễn", "ab"))
    assert build_row(3, ["", " "]) is None


def test_c9_a_cell_and_a_row_are_bounded() -> None:
    with pytest.raises(UnreadableSheetError, match="Row 7"):
        build_row(7, ["x" * (CELL_CHARACTERS + 1)])
    with pytest.raises(UnreadableSheetError, match="columns"):
        build_row(7, ["x"] * (SHEET_COLUMNS + 1))


@pytest.mark.parametrize("text", ["=1+1", "+84912345678", "-1", "@cmd", "'=1", "'x"])
def test_c9_a_formula_is_defused(text: str) -> None:
    assert defuse_text(text)[0] == "'"
    assert restore_text(defuse_text(text)) == text


@given(st.text() | st.text("'=+-@x"))
def test_c9_what_was_defused_is_restored(text: str) -> None:
    assert restore_text(defuse_text(text)) == text


def test_r9_5_a_heading_is_no_longer_than_a_name() -> None:
    names = name_columns(["x" * CELL_CHARACTERS] * SHEET_COLUMNS)
    assert len(set(names)) == SHEET_COLUMNS
    assert names[:2] == ("x" * NAME_CHARACTERS, "x" * NAME_CHARACTERS + " (2)")
    assert max(map(len, names)) == NAME_CHARACTERS + len(f" ({SHEET_COLUMNS})")


def test_c9_each_column_has_a_name_of_its_own() -> None:
    assert name_columns(["Tên", "", "Tên", "C"]) == ("Tên", "B", "Tên (2)", "C")
    assert name_columns(["A (2)", "A", "A", "A"]) == ("A (2)", "A", "A (3)", "A (4)")
    assert [name_place(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
