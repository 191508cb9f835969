"""Files are recognized by their content, and bounded (C9)."""

import io

import pytest

from tuyen_gateway.sheets import reading, rows
from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.rows import UnreadableSheetError
from tuyen_gateway.sheets.xlsx import XlsxWriter


def test_c9_a_file_can_be_read_again() -> None:
    workbook = io.BytesIO()
    writer = XlsxWriter("Khách")
    writer.add([("Tên",), ("Lan",)])
    writer.save(workbook)
    for file in (workbook, io.BytesIO("Tên\nLan\n".encode())):
        first = list(read_rows(file))
        assert [row.cells for row in first] == [("Tên",), ("Lan",)]
        assert list(read_rows(file)) == first


@pytest.mark.parametrize(
    "content", [b"a" + b"\n" * 20, b"a;b\n" + b";\n" * 10], ids=["bare", "wide"]
)
def test_r9_5_empty_rows_count_as_well(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SHEET_LINES", 10)
    assert len(list(read_rows(io.BytesIO(content[:10])))) == 1
    with pytest.raises(UnreadableSheetError, match="Row 11: a table has at most 10 rows"):
        list(read_rows(io.BytesIO(content)))


def test_c9_the_number_of_rows_and_bytes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SHEET_ROWS", 2)
    assert len(list(read_rows(io.BytesIO(b"a\n1\n2\n")))) == 3
    with pytest.raises(UnreadableSheetError, match="Row 4"):
        list(read_rows(io.BytesIO(b"a\n1\n2\n3\n")))
    monkeypatch.undo()
    monkeypatch.setattr(reading, "SHEET_CHARACTERS", 5)
    assert len(list(read_rows(io.BytesIO(b"ab;c\n1;2\n")))) == 2
    with pytest.raises(UnreadableSheetError, match="Row 3"):
        list(read_rows(io.BytesIO(b"ab;c\n1;2\n3;4\n")))
    monkeypatch.setattr(reading, "SHEET_BYTES", 3)
    with pytest.raises(UnreadableSheetError):
        list(read_rows(io.BytesIO(b"a\n1\n")))
