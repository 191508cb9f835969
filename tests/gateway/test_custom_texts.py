"""C10: values of custom fields in files and in filters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.custom_fields import CustomValue, FieldDefinition, FieldType, is_fit
from tuyen_gateway.custom_texts import (
    UnreadableTextError,
    read_filter,
    read_number,
    read_value,
    write_number,
)

COLOR = FieldDefinition(name="Màu", type=FieldType.CHOICE, choices=("Đỏ", "Đen tuyền"))
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53)


def define(type_: FieldType) -> FieldDefinition:
    return COLOR if type_ is FieldType.CHOICE else FieldDefinition(name="x", type=type_)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-42", -42),
        ("+42", 42),
        ("41,5", 41.5),
        ("41.5", 41.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234\u00a0567", 1_234_567),
        ("1.234.567", 1_234_567),
        ("1,234,567", 1_234_567),
        ("0.125", 0.125),
        ("0,125", 0.125),
        ("1234.567", 1234.567),
        ("1.2340", 1.234),
        ("1e-07", 1e-7),
        ("1.5E+3", 1500),
        ("42.0", 42),
        ("-0.0", 0),
    ],
)
def test_c10_numbers_are_read_as_both_halves_of_the_world_write_them(
    text: str, value: float
) -> None:
    found = read_number(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["1.234", "-150.000", "12,345"])
def test_c10_a_number_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTextError, match=r"two ways: write -?\d+ or -?\d+\.\d{4}\."):
        read_number(text)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1,2,3", "1.23.456", "4 1.5.0", "150.000đ", "9" * 30, "1e400", "٤٢"]
)
def test_c10_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTextError):
        read_number(text)


@given(NUMBERS)
def test_c10_a_number_that_is_written_is_read_as_the_same(value: float) -> None:
    assert read_number(write_number(value)) == value


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (FieldType.TEXT, "1.234", "1.234"),
        (FieldType.DATE, "31/12/2026", "2026-12-31"),
        (FieldType.DATE, "46387", "2026-12-31"),
        (FieldType.DATE, "2026-12-31T08:00", "2026-12-31"),
        (FieldType.CHOICE, "ĐỎ", "Đỏ"),
        (FieldType.CHOICE, "den tuyen", "Đen tuyền"),
        (FieldType.YES_NO, "Có", True),
        (FieldType.YES_NO, "KHÔNG", False),
        (FieldType.YES_NO, "yes", True),
        (FieldType.YES_NO, "0", False),
    ],
)
def test_c10_cells_are_read_by_the_type_of_the_field(
    type_: FieldType, text: str, value: CustomValue
) -> None:
    assert read_value(define(type_), text) is value or read_value(define(type_), text) == value


@pytest.mark.parametrize(
    ("type_", "text", "says"),
    [
        (FieldType.TEXT, "x" * 501, "500 characters"),
        (FieldType.DATE, "29/02/2027", "is no date"),
        (FieldType.CHOICE, "Xanh", "none of: Đỏ, Đen tuyền"),
        (FieldType.YES_NO, "2", "neither có"),
    ],
)
def test_c10_a_cell_that_does_not_fit_says_what_does(
    type_: FieldType, text: str, says: str
) -> None:
    with pytest.raises(UnreadableTextError, match=says):
        read_value(define(type_), text)


@given(st.sampled_from(FieldType), st.text(min_size=1, max_size=600))
def test_c10_whatever_is_read_from_a_text_fits_the_field(type_: FieldType, text: str) -> None:
    try:
        value = read_value(define(type_), text)
    except UnreadableTextError:
        return
    assert is_fit(define(type_), value)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (FieldType.NUMBER, "1.234", 1.234),
        (FieldType.NUMBER, "41,5", 41.5),
        (FieldType.CHOICE, "Xanh", "Xanh"),
        (FieldType.YES_NO, "true", True),
        (FieldType.DATE, "2026-12-31", "2026-12-31"),
    ],
)
def test_c10_a_filter_takes_numbers_of_json_and_choices_of_the_past(
    type_: FieldType, text: str, value: CustomValue
) -> None:
    assert read_filter(define(type_), text) == value
