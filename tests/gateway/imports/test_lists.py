"""Several values in one cell (C9)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.crm_limits import TAG_CHARACTERS
from tuyen_events.sheet_limits import CELL_CHARACTERS
from tuyen_gateway.imports.lists import join_values, split_values

VALUES = st.text(st.sampled_from('ab;",\n \\x'), min_size=1, max_size=TAG_CHARACTERS // 2)


@given(st.lists(VALUES.filter(lambda value: value == value.strip())))
def test_c9_what_was_joined_is_split_into_the_same(values: list[str]) -> None:
    assert split_values(join_values(values)) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("VIP", ["VIP"]),
        (" VIP ;; sỉ\nmới; ", ["VIP", "sỉ", "mới"]),
        ('"a; b";c', ["a; b", "c"]),
        ('"a""b"', ['a"b']),
        ('"a', ['"a']),
        ('"a" b; c', ['"a" b', "c"]),
        ("", []),
    ],
)
def test_c9_cells_as_people_write_them(text: str, values: list[str]) -> None:
    assert split_values(text) == values


@pytest.mark.parametrize("part", ['"', ';"', '" ;', " ", ";", '""', '"a;'])
def test_r9_5_no_cell_takes_long_to_split(part: str) -> None:
    began = process_time()
    split_values(part * (CELL_CHARACTERS // len(part)))
    assert process_time() - began < 2
