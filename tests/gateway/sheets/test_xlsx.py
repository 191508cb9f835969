"""Workbooks: what is read, and what is refused (C9)."""

import io
from datetime import date, datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from tuyen_gateway.sheets import packing, rows, xlsx
from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.rows import UnreadableSheetError, build_row
from tuyen_gateway.sheets.xlsx import XlsxWriter


def save(*rows: list[Any], merge: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_rows(io.BytesIO(content))]


def change(content: bytes, part: str, text: bytes) -> bytes:
    """The same workbook with another part."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        new.writestr(part, text)
    return file.getvalue()


NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def share(texts: bytes) -> bytes:
    """A workbook as Excel writes it: its texts are in a part of their own."""
    content = save(["x"])
    with ZipFile(io.BytesIO(content)) as packed:
        types = packed.read("[Content_Types].xml").decode()
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}"/></Types>'
    if "sharedStrings" not in types:
        content = change(
            content, "[Content_Types].xml", types.replace("</Types>", override).encode()
        )
    sheet = (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row>'
        "</sheetData></worksheet>"
    )
    content = change(content, "xl/worksheets/sheet1.xml", sheet.encode())
    return change(content, "xl/sharedStrings.xml", texts)


def place_row(number: int) -> bytes:
    """A workbook of a single row."""
    cell = f'<row r="{number}"><c t="inlineStr"><is><t>Lan</t></is></c></row>'
    sheet = f'<worksheet xmlns="{NAMESPACE}"><sheetData>{cell}</sheetData></worksheet>'
    return change(save(["x"]), "xl/worksheets/sheet1.xml", sheet.encode())


def test_c9_texts_that_cells_share_are_read() -> None:
    texts = f'<sst xmlns="{NAMESPACE}"><si><t>Lan</t></si></sst>'
    assert read(share(texts.encode())) == [("Lan",)]


def test_c9_values_of_every_kind_become_texts() -> None:
    day = datetime(1990, 12, 31)  # noqa: DTZ001 - a spreadsheet has no zones
    content = save(
        ["Tên", "Số", "Ngày", "Giờ", "Đúng", "Lẻ"],
        ["Ho\u0300a", 912345678.0, day, datetime(1990, 12, 31, 8, 30), True, 1.5],  # noqa: DTZ001
        [None, 912345678, date(1990, 12, 31), None, False],
    )
    assert read(content) == [
        ("Tên", "Số", "Ngày", "Giờ", "Đúng", "Lẻ"),
        ("Hòa", "912345678", "1990-12-31", "1990-12-31T08:30:00", "true", "1.5"),
        ("", "912345678", "1990-12-31", "", "false"),
    ]


def test_c9_a_formula_is_not_calculated() -> None:
    assert read(save(["Tên", "Số"], ["Lan", '=HYPERLINK("http://evil.example")'])) == [
        ("Tên", "Số"),
        ("Lan",),
    ]


def test_c9_merged_cells_have_their_first_value_and_are_empty_otherwise() -> None:
    content = save(["Tên", "Số", "Nơi"], ["Lan", "ẩn", "Huế"], merge="A2:B2")
    assert read(content) == [("Tên", "Số", "Nơi"), ("Lan", "", "Huế")]


def test_c9_empty_rows_are_counted_and_left_out() -> None:
    rows = list(read_rows(io.BytesIO(save(["Tên"], [], [None], ["Lan"]))))
    assert [(row.number, row.cells) for row in rows] == [(1, ("Tên",)), (4, ("Lan",))]


def test_c9_what_was_exported_is_imported_as_the_same() -> None:
    rows = [("Tên", "Số"), ("=1+1", "+84912345678"), ("Nguyễn “Hòa”", "a\nb"), ("\x0bx", "@y")]
    file = io.BytesIO()
    writer = XlsxWriter("Khách")
    writer.add(rows)
    writer.save(file)
    assert read(file.getvalue()) == [*rows[:3], ("x", "@y")]


_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"])
_CELLS = st.text(_CHARACTERS, max_size=12) | st.text("'=+-@ x", max_size=6)
"""Texts, many of which look like formulas, or as if a quote had been put before one."""


@given(st.lists(st.lists(_CELLS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_c9_every_text_that_was_exported_is_imported_as_the_same(rows: list[list[str]]) -> None:
    """In a workbook a text is a text: no quote is put before it, and none is taken away."""
    file = io.BytesIO()
    writer = XlsxWriter("Khách")
    writer.add(rows)
    writer.save(file)
    expected = [row.cells for each in rows if (row := build_row(1, each))]
    assert read(file.getvalue()) == expected


@pytest.mark.parametrize("number", [11, 50, 10**12])
def test_r9_5_a_row_beyond_the_last_of_a_sheet_is_refused(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so early that the rows that are missing before it are not counted one by one."""
    monkeypatch.setattr(rows, "SHEET_LINES", 10)
    monkeypatch.setattr(xlsx, "SHEET_LINES", 10)
    with pytest.raises(UnreadableSheetError, match="Row 11"):
        read(place_row(number))
    assert read(place_row(10)) == [("Lan",)]


def test_c9_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = change(save(["Tên"]), "xl/worksheets/sheet1.xml", b" " * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableSheetError, match="far more"):
        read(bomb)


def test_c9_a_cell_of_100_mb_is_refused() -> None:
    cell = (
        b"<row r='1'><c r='A1' t='inlineStr'><is><t>" + b"x" * 100_000_000 + b"</t></is></c></row>"
    )
    with pytest.raises(UnreadableSheetError):
        read(change(save(["Tên"]), "xl/worksheets/sheet1.xml", cell))


def test_c9_many_parts_and_long_shared_texts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = save(["Tên"])
    monkeypatch.setattr(packing, "WHOLE_PART_BYTES", 10)
    with pytest.raises(UnreadableSheetError):
        read(content)
    monkeypatch.undo()
    shared = share(f'<sst xmlns="{NAMESPACE}"><si><t>Lan</t></si></sst>'.encode())
    monkeypatch.setattr(packing, "SHARED_TEXTS_BYTES", 10)
    assert read(content) == [("Tên",)]
    with pytest.raises(UnreadableSheetError):
        read(shared)
    monkeypatch.undo()
    monkeypatch.setattr(packing, "SHEET_PARTS", 3)
    with pytest.raises(UnreadableSheetError):
        read(content)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    "part",
    ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"],
)
@pytest.mark.parametrize("text", [b"", b"<", b"\xff", ENTITIES], ids=["empty", "cut", "odd", "dtd"])
def test_c9_a_part_that_is_not_what_it_should_be_is_refused(part: str, text: bytes) -> None:
    with pytest.raises(UnreadableSheetError):
        read(change(share(b"<sst/>"), part, text))


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 1_000, b"\xd0\xcf\x11\xe0" + b"x" * 600]
)
def test_c9_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableSheetError):
        read(content)


def test_c9_another_zip_file_is_no_workbook() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(UnreadableSheetError, match="no Excel workbook"):
        read(file.getvalue())
