"""CSV in every encoding and with every separator (C9)."""

import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.rows import UnreadableSheetError, build_row
from tuyen_gateway.sheets.separated import MARK, write_separated

ROWS = [
    ("Tên", "Điện thoại", "Ghi chú"),
    ("Nguyễn Thị Hòa", "0912.345.678", "thích đỏ; xanh, tím"),
    ("Đặng Văn Ước", "", "hai\ndòng"),
    ("Trần “Lan”", "0168 234 5678", 'nói "vâng"'),
]
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8 with a mark": "utf-8-sig",
    "utf-16 with a mark": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}


def write(separator: str, newline: str = "\r\n") -> str:
    def quote(text: str) -> str:
        plain = not any(character in text for character in f'{separator}"\n')
        return text if plain else '"' + text.replace('"', '""') + '"'

    return newline.join(separator.join(map(quote, row)) for row in ROWS) + newline


def read(content: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_rows(io.BytesIO(content))]


@pytest.mark.parametrize(
    ("encoding", "separator", "newline"), list(product(ENCODINGS, ",;\t", ["\n", "\r\n"]))
)
def test_c9_every_encoding_and_separator_gives_the_same_rows(
    encoding: str, separator: str, newline: str
) -> None:
    content = write(separator, newline).encode(ENCODINGS[encoding])
    assert read(content) == ROWS


@pytest.mark.parametrize("separator", list(",;\t"))
def test_c9_windows_1258_is_read_as_it_was_written(separator: str) -> None:
    """There, a vowel with a tone is two characters."""
    rows = [("Tên", "Ghi chú"), ("Nguyễn Hòa", "đỏ")]
    decomposed = {"ễ": "ê\u0303", "ò": "o\u0300", "ỏ": "o\u0309", "ú": "u\u0301"}
    text = "".join(
        decomposed.get(character, character)
        for character in "\r\n".join(separator.join(row) for row in rows)
    )
    assert read(text.encode("cp1258")) == rows


def test_c9_accents_of_their_own_are_composed() -> None:
    assert read("Te\u0302n\nHo\u0300a\n".encode()) == [("Tên",), ("Hòa",)]


def test_c9_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    rows = list(read_rows(io.BytesIO(b"a,b\n\n1,2\n,\n3,4\n")))
    assert [(row.number, row.cells) for row in rows] == [
        (1, ("a", "b")),
        (3, ("1", "2")),
        (5, ("3", "4")),
    ]


def test_c9_excel_names_the_separator_in_a_first_line() -> None:
    assert read(b"sep=;\r\na,x;b\r\n1,y;2\r\n") == [("a,x", "b"), ("1,y", "2")]


def test_c9_one_column_needs_no_separator() -> None:
    assert read("Tên\nLan\nMinh".encode()) == [("Tên",), ("Lan",), ("Minh",)]


def test_c9_nothing_is_no_row() -> None:
    assert read(b"") == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"a,b\n" + b"x" * 200_000 + b",1\n", id="long cell"),
        pytest.param(b"x" * 70_000, id="long text"),
        pytest.param(b'a,b\n1,"' + b"x" * 200_000, id="open quote"),
        pytest.param(b"\xff\xfea\x00\x00", id="half a character"),
        pytest.param(b"t\x8dn\n\xc3", id="no encoding"),
        pytest.param(b",".join([b"x"] * 300), id="many columns"),
    ],
)
def test_c9_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableSheetError):
        read(content)


_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
_CELLS = st.text(_CHARACTERS, max_size=12) | st.text("'=+-@ x", max_size=6)
"""Texts, many of which look like formulas, or as if they were defused."""


@given(st.lists(st.lists(_CELLS, min_size=2, max_size=4), min_size=1, max_size=6))
def test_c9_what_was_exported_is_imported_as_the_same(rows: list[list[str]]) -> None:
    given = [["Tên", "Số", "Mã", "Nơi"], *rows]
    expected = [row.cells for each in given if (row := build_row(1, each))]
    assert read(MARK + write_separated(given)) == expected
