"""What a row says about a contact (C9)."""

from datetime import date

import pytest

from tuyen_events.crm.contacts import Gender
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import AgentId
from tuyen_gateway.imports.columns import ImportableFields
from tuyen_gateway.imports.reading import RowError, RowFormat, read_contact

MAPPING = {"Tên": "name", "Số": "phones", "Thư": "emails", "Phái": "gender", "Sinh": "birthday"}

SET = {
    "Nhãn": "tags",
    "Bước": "steps.retail",
    "Bước cũ": "steps.gone",
    "Chiến dịch": "campaign_id",
    "Chăm sóc": "care_status",
    "Nhân viên": "assignee",
}


def read(**cells: str) -> tuple[dict[str, object], list[RowError]]:
    mapping = {**MAPPING, "Cỡ": "custom.size", "Màu": "custom.gone", "Số 2": "phones", **SET}
    fields = ImportableFields(
        custom={"size": FieldDefinition(name="Cỡ", type=FieldType.NUMBER)},
        pipelines={"retail": {"new": "Mới", "quoted": "Đã báo giá"}},
        campaigns=("tet",),
        agents=(AgentId("an"),),
    )
    return read_contact(
        7,
        {name.replace("_", " "): text for name, text in cells.items()},
        RowFormat(mapping, "VN", fields),
    )


def test_c9_a_row_is_a_contact() -> None:
    fields, errors = read(
        Tên="Lan", Số="0912.345.678", Số_2="0168 234 5678", Thư="LAN@example.com", Cỡ="42"
    )
    assert errors == []
    assert fields == {
        "name": "Lan",
        "phones": ("+84912345678", "+84382345678"),
        "emails": ("lan@example.com",),
        "custom": {"size": 42},
    }


@pytest.mark.parametrize("text", ["1990-12-31", "31/12/1990", "31.12.1990", "33238"])
def test_c9_dates_are_read_as_spreadsheets_write_them(text: str) -> None:
    assert read(Tên="Lan", Sinh=text)[0]["birthday"] == date(1990, 12, 31)


def test_c9_c5_c6_a_row_names_tags_steps_and_what_the_organization_has_set_up() -> None:
    fields, errors = read(
        Tên="Lan",
        Nhãn='VIP; vip;"khách; sỉ" ; size 41,5;',
        Bước="da bao gia",
        Chiến_dịch="tet",
        Chăm_sóc="multi_assigned",
        Nhân_viên="an",
    )
    assert errors == []
    assert fields == {
        "name": "Lan",
        "tags": ("VIP", "khách; sỉ", "size 41,5"),
        "steps": {"retail": "quoted"},
        "campaign_id": "tet",
        "care_status": "multi_assigned",
        "assignee": "an",
    }
    assert read(Tên="Lan", Bước="new")[0]["steps"] == {"retail": "new"}


@pytest.mark.parametrize(("text", "gender"), [("Nữ", "female"), ("NAM", "male"), ("khác", "other")])
def test_c9_genders_are_read_in_both_languages(text: str, gender: str) -> None:
    assert read(Tên="Lan", Phái=text)[0]["gender"] is Gender(gender)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Số", "09123"),
        ("Thư", "lan@"),
        ("Sinh", "31/13/1990"),
        ("Sinh", "hôm qua"),
        ("Phái", "x"),
        ("Tên", "x" * 201),
        ("Cỡ", "bốn mươi hai"),
        ("Màu", "đỏ"),
        ("Nhãn", "x" * 65),
        ("Nhãn", "; ".join(f"nhãn {number}" for number in range(51))),
        ("Bước", "Chốt"),
        ("Bước cũ", "new"),
        ("Chiến dịch", "noel"),
        ("Chăm sóc", "x"),
        ("Nhân viên", "binh"),
        ("Số", "; ".join(f"09123456{number}" for number in range(10, 40))),
    ],
)
def test_c9_what_is_wrong_is_said_with_its_row_and_column(column: str, text: str) -> None:
    _, (error,) = read(**{"Tên": "Lan", column: text})
    assert (error.row, error.column) == (7, column)
    assert error.error


def test_c9_a_row_without_anything_to_find_a_person_by_is_refused() -> None:
    assert [error.column for error in read(Cỡ="42")[1]] == [""]


def test_c9_an_empty_cell_says_nothing() -> None:
    assert read(Tên="Lan", Số="", Thư="") == ({"name": "Lan"}, [])
