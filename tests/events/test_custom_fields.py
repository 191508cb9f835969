"""C10: which values fit the fields that an administrator defines."""

import pytest

from tuyen_events.custom_fields import (
    CustomValue,
    FieldDefinition,
    FieldType,
    is_fit,
    is_same_value,
    show_values,
)

FIELDS = {
    "text": FieldDefinition(name="Ghi chú", type=FieldType.TEXT),
    "number": FieldDefinition(name="Cỡ giày", type=FieldType.NUMBER),
    "date": FieldDefinition(name="Ngày cưới", type=FieldType.DATE),
    "choice": FieldDefinition(name="Màu", type=FieldType.CHOICE, choices=("Đỏ", "Đen")),
    "yes_no": FieldDefinition(name="Khách quen", type=FieldType.YES_NO),
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "đỏ"),
        ("text", "x" * 500),
        ("number", 42),
        ("number", -41.5),
        ("number", 2**53),
        ("date", "2028-02-29"),
        ("choice", "Đỏ"),
        ("yes_no", False),
    ],
)
def test_c10_a_value_of_the_right_type_fits(field: str, value: CustomValue) -> None:
    assert is_fit(FIELDS[field], value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", "x" * 501),
        ("text", 42),
        ("text", True),
        ("number", "42"),
        ("number", True),
        ("number", 2**53 + 2),
        ("number", float("nan")),
        ("number", float("inf")),
        ("date", "2027-02-29"),
        ("date", "31/12/2026"),
        ("date", "20261231"),
        ("date", "2026-12-31T00:00"),
        ("date", 46387),
        ("choice", "đỏ"),
        ("choice", "Xanh"),
        ("choice", True),
        ("yes_no", 1),
        ("yes_no", "true"),
    ],
)
def test_c10_any_other_value_does_not(field: str, value: CustomValue) -> None:
    assert not is_fit(FIELDS[field], value)


def test_c10_values_of_removed_fields_and_of_another_type_are_hidden() -> None:
    values: dict[str, CustomValue] = {
        "text": "a",
        "number": "42",
        "date": "soon",
        "choice": "Xanh",
        "yes_no": True,
        "gone": 1,
    }
    shown = {"text": "a", "choice": "Xanh", "yes_no": True}
    assert show_values(FIELDS, values) == shown


def test_c10_true_is_not_one() -> None:
    assert is_same_value(1, 1.0)
    assert is_same_value(None, None)
    assert not is_same_value(1, True)
    assert not is_same_value(0, False)
