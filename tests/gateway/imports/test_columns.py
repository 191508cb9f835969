"""Which column is which field (C9)."""

from dataclasses import replace

import pytest

from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import AgentId
from tuyen_gateway.imports.columns import (
    CONTACT_FIELDS,
    ImportableFields,
    guess_mapping,
    list_template_columns,
)

CUSTOM = {
    "size": FieldDefinition(name="Cỡ giày", type=FieldType.NUMBER),
    "tinh": FieldDefinition(name="Tỉnh", type=FieldType.TEXT),
}

FIELDS, NONE = ImportableFields(custom=CUSTOM), ImportableFields(custom={})


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Họ và tên", "name"),
        ("Tên khách hàng", "name"),
        ("SĐT", "phones"),
        ("Số điện thoại 2", "phones"),
        ("Điện thoại", "phones"),
        ("E-mail", "emails"),
        ("Giới tính", "gender"),
        ("Ngày sinh", "birthday"),
        ("ĐỊA CHỈ", "address"),
        ("Tỉnh/Thành", "location"),
        ("Nhãn", "tags"),
        ("Tags", "tags"),
        ("custom.size", "custom.size"),
        ("CỠ GIÀY", "custom.size"),
        ("Co giay:", "custom.size"),
        ("Tỉnh", "custom.tinh"),
    ],
)
def test_c9_c10_a_heading_means_a_field(column: str, field: str) -> None:
    assert guess_mapping([column], FIELDS) == {column: field}


def test_c9_what_an_export_calls_its_columns_maps_itself() -> None:
    assert guess_mapping(CONTACT_FIELDS, NONE) == {field: field for field in CONTACT_FIELDS}


def test_c9_what_means_nothing_is_left_out() -> None:
    assert guess_mapping(["Ghi chú", "Mã", "custom.", "constructor", "custom.color"], FIELDS) == {}


def test_c9_only_numbers_and_emails_have_several_columns() -> None:
    columns = ["Tên", "Họ tên", "SĐT", "SĐT 2"]
    assert guess_mapping(columns, NONE) == {"Tên": "name", "SĐT": "phones", "SĐT 2": "phones"}


def test_c9_c10_columns_are_mapped_to_fields_of_people_and_to_custom_ones() -> None:
    assert list_template_columns(CUSTOM) == (*CONTACT_FIELDS, "custom.size", "custom.tinh")


def test_c9_w5_steps_are_fields_and_for_a_manager_the_assignee_too() -> None:
    fields = ImportableFields(custom={}, pipelines={"retail": {"new": "Mới"}})
    columns = ["steps.retail", "steps.gone", "campaign_id", "care_status", "assignee"]
    assert list(guess_mapping(columns, fields)) == ["steps.retail", "campaign_id", "care_status"]
    manager = replace(fields, agents=(AgentId("an"),))
    assert "assignee" in guess_mapping(columns, manager)
