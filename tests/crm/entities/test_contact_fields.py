"""C10: the fields that an administrator defines, and the values that contacts get in them."""

from typing import Any

import msgspec
import pytest

from crm.known import KnownThings
from crm.world import AGENT, LAN, MINH, MOMENT, SHOP, World
from tuyen_crm.entities.contact_fields import ENTITY
from tuyen_crm.entities.contact_fields.decide import decide
from tuyen_crm.entities.contacts.describing import describe
from tuyen_events.crm.contact_fields import (
    ContactFieldChanged,
    ContactFieldRemoved,
    PutContactField,
    RemoveContactField,
)
from tuyen_events.crm.contacts import ContactPatched
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm_limits import CONTACT_FIELDS
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import ContactId
from tuyen_events.limits import CONTACT_CUSTOM_VALUES

COLOR = FieldDefinition(name="Màu", type=FieldType.CHOICE, choices=("Đỏ", "Đen"))
SETUP: dict[str, Any] = {
    "command_id": "cmd_1",
    "organization": SHOP,
    "at": MOMENT,
    "by": AGENT,
    "id": "color",
}


def changed(field_id: str, definition: FieldDefinition, sequence: int = 4) -> ContactFieldChanged:
    return ContactFieldChanged(
        organization=SHOP,
        id=field_id,
        by=AGENT,
        at=MOMENT,
        sequence=sequence,
        caused_by="cmd_0",
        definition=definition,
    )


def known(**fields: FieldDefinition) -> KnownThings:
    entities = {("contact_fields", each): changed(each, fields[each]) for each in fields}
    return KnownThings(entities=dict(entities), sequence=4)


@pytest.fixture
def world() -> World:
    """A shop with a field of each type; the color is required."""
    shop = World()
    shop.define(
        note=FieldType.TEXT, size=FieldType.NUMBER, day=FieldType.DATE, vip=FieldType.YES_NO
    )
    definition = msgspec.structs.replace(COLOR, required=True)
    shop.entities["contact_fields", "color"] = changed("color", definition)
    return shop


def test_c10_a_field_is_put_and_removed() -> None:
    (event,) = decide(known(), PutContactField(**SETUP, definition=COLOR)).events
    assert isinstance(event, ContactFieldChanged)
    assert (event.id, event.definition, event.sequence) == ("color", COLOR, 5)
    (gone,) = decide(known(color=COLOR), RemoveContactField(**SETUP)).events
    assert isinstance(gone, ContactFieldRemoved)
    assert decide(known(), RemoveContactField(**SETUP)).outcome is CrmOutcome.UNCHANGED
    late = PutContactField(**SETUP, definition=COLOR, expected_version=3)
    assert decide(known(color=COLOR), late).outcome is CrmOutcome.VERSION_PASSED


def test_c10_an_organization_has_so_many_fields() -> None:
    full = known(**{f"f{number}": COLOR for number in range(CONTACT_FIELDS)})
    assert decide(full, PutContactField(**SETUP, definition=COLOR)).refusal is CrmRefusal.TOO_MANY
    again = PutContactField(**{**SETUP, "id": "f1"}, definition=COLOR)
    assert decide(full, again).outcome is CrmOutcome.APPLIED


def test_c10_c8_the_setup_in_words() -> None:
    first = ENTITY.fold(None, changed("color", COLOR))
    fewer = changed("color", msgspec.structs.replace(COLOR, choices=("Đỏ",)), 5)
    second = ENTITY.fold(first, fewer)
    gone = decide(known(color=COLOR), RemoveContactField(**SETUP)).events[0]
    assert isinstance(gone, ContactFieldRemoved)
    words = [
        ENTITY.describe(changed("color", COLOR), None, first),
        ENTITY.describe(fewer, first, second),
        ENTITY.describe(gone, second, None),
    ]
    assert ENTITY.fold(second, gone) is None
    assert [each.vi for each in words] == [
        "tạo trường “Màu”.",
        "sửa trường “Màu”.",
        "xóa trường “Màu”.",
    ]
    assert [each.en for each in words] == [
        "created the field “Màu”.",
        "changed the field “Màu”.",
        "removed the field “Màu”.",
    ]
    (change,) = words[1].changes
    assert (change.field, change.before, change.after) == ("choices", '["Đỏ","Đen"]', '["Đỏ"]')
    assert [each.field for each in words[2].changes] == ["name", "type", "choices", "required"]


@pytest.mark.parametrize(
    ("custom", "refusal", "field"),
    [
        ({"size": "42"}, CrmRefusal.UNFIT_VALUE, "size"),
        ({"day": "31/12/2026"}, CrmRefusal.UNFIT_VALUE, "day"),
        ({"vip": 1}, CrmRefusal.UNFIT_VALUE, "vip"),
        ({"note": "ok", "color": "Xanh"}, CrmRefusal.UNFIT_VALUE, "color"),
        ({"gone": "x"}, CrmRefusal.NO_FIELD, "gone"),
        ({"gone": None}, CrmRefusal.NO_FIELD, "gone"),
        ({"color": None}, CrmRefusal.VALUE_REQUIRED, "color"),
    ],
)
def test_c10_what_does_not_fit_is_refused_with_its_field(
    world: World, custom: dict[str, Any], refusal: CrmRefusal, field: str
) -> None:
    world.add(LAN, custom={"color": "Đỏ"})
    decision = world.patch(LAN, custom=custom)
    assert (decision.refusal, decision.field_id) == (refusal, field)
    assert (decision.definition is None) == (refusal is CrmRefusal.NO_FIELD)
    assert world.contacts[LAN].custom == {"color": "Đỏ"}


def test_c10_c4_values_change_one_by_one_and_null_empties(world: World) -> None:
    everything = {"note": "a", "size": 41.5, "day": "2026-12-31", "vip": False, "color": "Đen"}
    world.add(LAN, custom=everything)
    world.patch(LAN, custom={"note": None, "size": 42})
    kept = {"size": 42, "day": "2026-12-31", "vip": False, "color": "Đen"}
    assert world.contacts[LAN].custom == world.documents[LAN].custom == kept
    assert world.patch(LAN, custom={"size": 42, "note": None}).outcome is CrmOutcome.UNCHANGED


def test_c10_a_contact_that_is_added_manually_has_what_is_required(world: World) -> None:
    decision = world.add(LAN, custom={"size": 42})
    assert (decision.refusal, decision.field_id) == (CrmRefusal.VALUE_REQUIRED, "color")
    assert world.add(LAN, custom={"color": "Đỏ"}).outcome is CrmOutcome.APPLIED


def test_c10_a_contact_of_another_source_comes_without(world: World) -> None:
    decision = world.add(LAN, source="imp_1", custom={"size": 42})
    assert decision.outcome is CrmOutcome.APPLIED
    assert world.patch(LAN, address="Huế").outcome is CrmOutcome.APPLIED
    assert world.add(MINH, source="imp_1", custom={"size": "x"}).field_id == "size"


def test_c10_what_the_contact_has_already_is_no_change(world: World) -> None:
    """Forms send everything back, also a choice that is not offered any more."""
    world.add(LAN, custom={"color": "Đen"})
    fewer = FieldDefinition(name="Màu", type=FieldType.CHOICE, choices=("Đỏ",))
    world.entities["contact_fields", "color"] = changed("color", fewer)
    assert world.patch(LAN, custom={"color": "Đen"}, address="Huế").outcome is CrmOutcome.APPLIED
    world.patch(LAN, custom={"color": "Đỏ"})
    assert world.patch(LAN, custom={"color": "Đen"}).refusal is CrmRefusal.UNFIT_VALUE


def test_c10_values_stay_when_their_field_is_removed_and_can_be_emptied(world: World) -> None:
    world.add(LAN, custom={"color": "Đỏ", "size": 42})
    del world.entities["contact_fields", "size"]
    world.patch(LAN, address="Huế")
    assert world.contacts[LAN].custom == {"color": "Đỏ", "size": 42}
    assert world.patch(LAN, custom={"size": 43}).refusal is CrmRefusal.NO_FIELD
    world.patch(LAN, custom={"size": None})
    assert world.contacts[LAN].custom == {"color": "Đỏ"}


def test_c10_a_value_of_the_new_type_replaces_one_of_the_old(world: World) -> None:
    world.add(LAN, custom={"color": "Đỏ", "vip": True})
    world.define(vip=FieldType.NUMBER)
    assert world.patch(LAN, custom={"vip": 1}).outcome is CrmOutcome.APPLIED
    assert world.contacts[LAN].custom["vip"] is not True


def test_c10_inv8_values_of_removed_fields_are_forgotten_before_there_are_too_many() -> None:
    world = World()
    ids = [f"f{number:03}" for number in range(CONTACT_CUSTOM_VALUES + 1)]
    world.define(**dict.fromkeys(ids, FieldType.YES_NO))
    world.add(LAN, custom=dict.fromkeys(ids[:-1], True))
    for gone in ids[:3]:
        del world.entities["contact_fields", gone]
    world.patch(LAN, custom={ids[-1]: True})
    assert set(world.contacts[LAN].custom) == set(ids[1:])


def test_c10_c8_the_history_calls_fields_by_their_names(world: World) -> None:
    world.add(LAN, custom={"color": "Đỏ"})
    before = world.documents[LAN]
    world.patch(LAN, name="Lan", custom={"color": "Đen", "size": 42})
    event = world.events[-1]
    assert isinstance(event, ContactPatched)
    words = describe(event, before, world.documents[LAN])
    assert words.vi == "sửa tên, “Màu”, “Size”."
    assert words.en == "changed the name, “Màu”, “Size”."
    assert [(each.field, each.before, each.after) for each in words.changes] == [
        ("name", None, "Lan"),
        ("custom.color", "Đỏ", "Đen"),
        ("custom.size", None, "42"),
    ]


def bring(number: int, **custom: Any) -> ImportContact:
    """A row of a file."""
    return ImportContact(
        command_id=f"cmd_row{number}",
        organization=SHOP,
        contact_id=ContactId(f"con_row{number}"),
        source="imp_1",
        warehouse_id="default",
        duplicates=Duplicates.FILL,
        managed=("default",),
        by=AGENT,
        at=MOMENT,
        phones=("+84912345678",),
        custom=custom,
    )


def test_c10_c9_a_row_that_does_not_fit_any_more_is_refused(world: World) -> None:
    assert world.do(bring(2, size=42)).outcome is CrmOutcome.APPLIED
    world.define(day=FieldType.NUMBER)
    assert world.do(bring(3, day="2026-12-31")).refusal is CrmRefusal.UNFIT_VALUE


def test_c10_c9_a_value_that_is_hidden_is_filled(world: World) -> None:
    world.do(bring(2, size=42, note="a"))
    world.define(size=FieldType.TEXT)
    world.do(bring(3, size="M", note="b"))
    (contact,) = world.unmerged().values()
    assert contact.custom == {"size": "M", "note": "a"}
