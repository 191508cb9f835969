"""Warehouses (W1, W2): what is decided about them, and where new contacts are put."""

from typing import Any

import pytest
from msgspec.structs import replace

from crm.known import KnownThings
from crm.lan import CONTACT, MOMENT, PAGE, SHOP, make_observe_command
from tuyen_crm.domain import entity_removal
from tuyen_crm.domain.index_keys import list_index_keys, warehouse_key
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.contacts.decide import decide as decide_contact
from tuyen_crm.entities.warehouses.decide import decide
from tuyen_crm.entities.warehouses.view import describe, fold
from tuyen_events.crm.claims import ContactMoved
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.warehouses import (
    EmptyWarehouse,
    PutWarehouse,
    RemoveWarehouse,
    WarehouseChanged,
    WarehouseRemoved,
)
from tuyen_events.ids import AgentId, ContactId

HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")
COMMON: dict[str, Any] = {"organization": SHOP, "at": MOMENT, "by": HOA}


def put(warehouse: str, *sources: str, expected: int | None = None) -> PutWarehouse:
    return PutWarehouse(
        **COMMON,
        command_id="cmd_1",
        id=warehouse,
        name=warehouse.title(),
        members=(LAN,),
        managers=(HOA,),
        sources=sources,
        expected_version=expected,
    )


def changed(warehouse: str, *sources: str, sequence: int = 1) -> WarehouseChanged:
    (event,) = decide(KnownThings(sequence=sequence - 1), put(warehouse, *sources)).events
    assert isinstance(event, WarehouseChanged)
    return event


def known(*warehouses: WarehouseChanged, **more: Any) -> KnownThings:
    entities = {("warehouses", each.id): each for each in warehouses}
    return KnownThings(entities=dict(entities), sequence=len(warehouses), **more)


def test_w2_a_warehouse_has_all_that_was_put() -> None:
    event = changed("north", PAGE)
    assert (event.name, event.members, event.managers, event.sources) == (
        "North",
        (LAN,),
        (HOA,),
        (PAGE,),
    )
    document = fold(None, event)
    assert document is not None
    assert (document.id, document.members, document.created_by) == ("north", (LAN,), HOA)
    assert describe(event, None, document).en == "created the warehouse “North”."
    removed = WarehouseRemoved(**COMMON, id="north", sequence=2, caused_by="cmd_2")
    assert fold(document, removed) is None
    assert describe(removed, document, None).vi == "xóa kho “North”."
    again = describe(event, document, replace(document, members=(LAN, MINH)))
    assert again.vi == "sửa kho “North”."
    assert [(each.field, each.before, each.after) for each in again.changes] == [
        ("members", '["lan"]', '["lan","minh"]')
    ]


@pytest.mark.parametrize(
    ("command", "outcome", "refusal"),
    [
        (put("north", PAGE), CrmOutcome.APPLIED, None),
        (put("north", PAGE, expected=1), CrmOutcome.APPLIED, None),
        (put("north", PAGE, expected=7), CrmOutcome.VERSION_PASSED, None),
        (put("south", PAGE), CrmOutcome.REFUSED, CrmRefusal.SOURCE_TAKEN),
        (put("default", PAGE), CrmOutcome.REFUSED, CrmRefusal.SOURCE_TAKEN),
        (put("default", "other"), CrmOutcome.APPLIED, None),
    ],
)
def test_w2_a_source_belongs_to_one_warehouse(
    command: PutWarehouse, outcome: CrmOutcome, refusal: CrmRefusal | None
) -> None:
    decision = decide(known(changed("north", PAGE)), command)
    assert (decision.outcome, decision.refusal) == (outcome, refusal)


@pytest.mark.parametrize(
    ("warehouses", "put_in"),
    [
        ((), "default"),
        ((changed("north", "other"),), "default"),
        ((changed("north", "other"), changed("south", "x", PAGE)), "south"),
    ],
)
def test_w2_a_new_contact_is_put_where_its_source_says(
    warehouses: tuple[WarehouseChanged, ...], put_in: str
) -> None:
    (event,) = decide_contact(known(*warehouses), make_observe_command("Lan")).events
    assert isinstance(event, ContactCreated)
    assert event.warehouse_id == put_in


def _command(kind: Any, warehouse: str, expected: int | None = None) -> Any:
    return kind(**COMMON, command_id="cmd_9", id=warehouse, expected_version=expected)


HELD = ContactState(sequence=4, version=2, warehouse_id="north", assignee=MINH)


def test_w2_what_a_removed_warehouse_had_is_in_the_default_one() -> None:
    full = known(changed("north"), only=HELD, keys={warehouse_key("north"): (CONTACT,)})
    moved, removed = decide(full, _command(RemoveWarehouse, "north")).events
    assert moved == ContactMoved(
        **COMMON,
        contact_id=CONTACT,
        sequence=5,
        caused_by="cmd_9",
        warehouse_id="default",
        previous_warehouse_id="north",
        assignee=MINH,
    )
    assert isinstance(removed, WarehouseRemoved)
    assert removed.sequence == 2


def test_w2_a_warehouse_with_many_contacts_is_emptied_before_it_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entity_removal, "AT_ONCE", 2)
    ids = tuple(ContactId(f"con_{number}") for number in range(3))
    full = known(changed("north"), only=HELD, keys={warehouse_key("north"): ids})
    refused = decide(full, _command(RemoveWarehouse, "north"))
    assert (refused.refusal, refused.events) == (CrmRefusal.NOT_EMPTY, ())
    emptied = decide(full, _command(EmptyWarehouse, "north")).events
    assert [event.subject for event in emptied] == ["con_0", "con_1"]
    empty = known(changed("north"))
    assert decide(empty, _command(EmptyWarehouse, "north")).outcome is CrmOutcome.UNCHANGED
    assert decide(empty, _command(RemoveWarehouse, "north")).outcome is CrmOutcome.APPLIED


@pytest.mark.parametrize(
    ("warehouse", "expected", "outcome"),
    [
        ("default", None, CrmOutcome.REFUSED),
        ("none", None, CrmOutcome.UNCHANGED),
        ("north", 7, CrmOutcome.VERSION_PASSED),
        ("north", 1, CrmOutcome.APPLIED),
    ],
)
def test_w1_every_warehouse_but_the_default_one_can_be_removed(
    warehouse: str, expected: int | None, outcome: CrmOutcome
) -> None:
    command = _command(RemoveWarehouse, warehouse, expected)
    assert decide(known(changed("north")), command).outcome is outcome


def test_w2_contacts_are_found_by_their_warehouse_and_by_who_has_them() -> None:
    nobodys = replace(HELD, assignee=None)
    default = replace(nobodys, warehouse_id="default")
    assert list_index_keys(default) == frozenset()
    assert list_index_keys(nobodys) == {"warehouse:north"}
    assert list_index_keys(HELD) == {"warehouse:north", "held:north:minh"}
