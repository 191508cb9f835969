"""Contacts as rows of a table (C9)."""

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.world import SHOP, World
from tuyen_crm.entities import BY_EVENT
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.contact_fields import ContactFieldChanged
from tuyen_events.crm.contacts import Gender
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.pipelines import PipelineChanged, PipelineStep
from tuyen_events.crm.records import CrmOutcome, SetupEvent
from tuyen_events.crm.shares import CareStatus
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import AgentId, ContactId
from tuyen_gateway.imports.columns import ImportableFields, guess_mapping
from tuyen_gateway.imports.contact_table import build_contact_row, list_export_columns
from tuyen_gateway.imports.reading import RowFormat, read_contact
from tuyen_gateway.imports.report import cells_of
from tuyen_gateway.sheets.reading import read_rows
from tuyen_gateway.sheets.separated import MARK, write_separated
from tuyen_gateway.sheets.xlsx import XlsxWriter
from tuyen_views.contacts import ContactDocument

AT = datetime(2026, 11, 21, tzinfo=UTC)
FACTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["Lan", "=1+1", "'Hoa", "Nguyễn Vĩnh; Tú", "-Minh"])},
    optional={
        "phones": st.sets(st.sampled_from(["+84912345678", "+84382345678"]), min_size=1).map(tuple),
        "emails": st.sets(st.sampled_from(["a@b.vn", "c@d.vn"]), min_size=1).map(tuple),
        "gender": st.sampled_from(Gender),
        "birthday": st.dates(date(1900, 3, 1), date(2026, 1, 1)),
        "address": st.sampled_from(["Huế", '12 "Lê Lợi", Q1', "@home"]),
        "location": st.just("Hà Nội"),
        "tags": st.sets(st.sampled_from(["VIP", "khách; sỉ", '"41,5"']), min_size=1).map(tuple),
        "steps": st.dictionaries(
            st.sampled_from(["retail", "lớn"]), st.sampled_from(["new", "quoted"]), min_size=1
        ),
        "campaign_id": st.just("tet"),
        "care_status": st.sampled_from(CareStatus),
        "assignee": st.sampled_from([AgentId("an"), AgentId("binh")]),
        "custom": st.fixed_dictionaries(
            {"note": st.sampled_from(["42", "1.234", "=1+1", "có", "a\nb"])},
            optional={
                "size": st.integers(-(10**9), 10**9) | st.sampled_from([1.234, -999.125, 1e-7]),
                "day": st.dates(date(1900, 3, 1), date(2100, 1, 1)).map(date.isoformat),
                "color": st.sampled_from(["Đỏ", "Đen"]),
                "vip": st.booleans(),
            },
        ),
    },
)

CUSTOM = {
    "note": FieldDefinition(name="Ghi chú", type=FieldType.TEXT),
    "size": FieldDefinition(name="Cỡ giày", type=FieldType.NUMBER),
    "day": FieldDefinition(name="Ngày cưới", type=FieldType.DATE),
    "color": FieldDefinition(name="Màu", type=FieldType.CHOICE, choices=("Đỏ", "Đen")),
    "vip": FieldDefinition(name="Khách quen", type=FieldType.YES_NO),
}

STEPS = {"new": "Mới", "quoted": "Đã báo giá"}
FIELDS = ImportableFields(
    custom=CUSTOM,
    pipelines={"retail": STEPS, "lớn": STEPS},
    campaigns=("tet",),
    agents=(AgentId("an"), AgentId("binh")),
)
MADE: dict[str, Any] = {
    "organization": SHOP,
    "by": AgentId("boss"),
    "at": AT,
    "sequence": 1,
    "caused_by": "cmd_0",
}
SETUP: tuple[SetupEvent, ...] = (
    CampaignChanged(**MADE, id="tet", name="Tết"),
    *(ContactFieldChanged(**MADE, id=name, definition=each) for name, each in CUSTOM.items()),
    *(
        PipelineChanged(
            **MADE,
            id=pipeline_id,
            name=pipeline_id,
            steps=tuple(PipelineStep(id=step_id, name=name) for step_id, name in STEPS.items()),
        )
        for pipeline_id in FIELDS.pipelines
    ),
)
EMPTY: dict[str, Any] = {
    "phones": (),
    "emails": (),
    "gender": None,
    "birthday": None,
    "address": None,
    "location": None,
    "custom": {},
    "tags": (),
    "steps": {},
    "campaign_id": None,
    "care_status": None,
    "assignee": None,
    "name": None,
}
"""The fields that are in a file and in a contact, as one has them that has none."""


def document(number: int, facts: dict[str, Any]) -> ContactDocument:
    return ContactDocument(
        **facts,
        id=ContactId(f"con_{number}"),
        organization=SHOP,
        name_folded="",
        customers=(),
        warehouse_id="default",
        created_at=AT,
        version=1,
    )


@settings(deadline=None)
@given(people=st.lists(FACTS, min_size=1, max_size=5), as_workbook=st.booleans())
def test_c9_c10_what_was_exported_is_imported_as_the_same(
    people: list[dict[str, Any]], as_workbook: bool
) -> None:
    contacts = [document(number, facts) for number, facts in enumerate(people)]
    columns = list_export_columns(CUSTOM, FIELDS.pipelines)
    table = [columns, *(build_contact_row(each, columns) for each in contacts)]
    file = BytesIO(MARK + write_separated(table))
    if as_workbook:
        file, writer = BytesIO(), XlsxWriter("contacts")
        writer.add(table)
        writer.save(file)
    heading, *rows = read_rows(file)
    row_format = RowFormat(guess_mapping(heading.cells, FIELDS), "VN", FIELDS)
    read = [read_contact(row.number, cells_of(row, heading.cells), row_format) for row in rows]
    assert [errors for _, errors in read] == [[] for _ in people]
    assert [fields for fields, _ in read] == people
    assert [_import(fields) for fields, _ in read] == [{**EMPTY, **facts} for facts in people]


def _import(fields: dict[str, Any]) -> dict[str, Any]:
    """What the CRM makes of a row that no contact has yet."""
    world = World()
    for entity in SETUP:
        world.entities[BY_EVENT[type(entity)].name, entity.id] = entity
    command = ImportContact(
        command_id="cmd_1",
        organization=SHOP,
        contact_id=ContactId("con_1"),
        source="imp_1",
        row=2,
        warehouse_id="default",
        duplicates=Duplicates.SKIP,
        managed=("default",),
        by=AgentId("an"),
        at=AT,
        **fields,
    )
    assert world.do(command).outcome is CrmOutcome.APPLIED
    contact = world.contacts[command.contact_id]
    return {name: getattr(contact, name) for name in EMPTY}


def test_c9_c10_custom_fields_are_columns_of_their_own() -> None:
    contact = document(1, {"name": "Lan", "custom": {"vip": True, "size": 42}})
    row = build_contact_row(contact, ["custom.vip", "custom.size", "custom.none", "unheard-of"])
    assert row == ["true", "42", "", ""]
