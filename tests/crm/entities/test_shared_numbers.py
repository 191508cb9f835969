"""C2: numbers that many people share merge nothing."""

from typing import Any

import pytest

from crm.world import AGENT, LAN, MINH, MOMENT, SHOP, World
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.entities.shared_numbers.view import describe, fold
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shared_numbers import (
    AddSharedNumber,
    RemoveSharedNumber,
    SharedNumberAdded,
    SharedNumberRemoved,
)

PHONE, EMAIL = "+84912345678", "shop@x.vn"


@pytest.fixture
def world() -> World:
    return World()


def _mark(world: World, value: str, *, shared: bool = True) -> CommandDecision:
    kind = AddSharedNumber if shared else RemoveSharedNumber
    command = kind(command_id=f"cmd_{value}", organization=SHOP, id=value, at=MOMENT, by=AGENT)
    return world.do(command)


def test_c2_a_number_that_is_marked_as_shared_merges_nothing(world: World) -> None:
    for value in (PHONE, EMAIL):
        assert _mark(world, value).outcome is CrmOutcome.APPLIED
    world.add(LAN, PHONE, emails=(EMAIL,))
    decision = world.add(MINH, PHONE, emails=(EMAIL,))
    assert (decision.survivor, decision.known_elsewhere) == (None, ())
    assert list(world.unmerged()) == [LAN, MINH]


def test_c2_what_was_merged_before_stays_merged(world: World) -> None:
    world.add(LAN, PHONE)
    world.add(MINH, PHONE)
    _mark(world, PHONE)
    assert list(world.unmerged()) == [LAN]


def test_c2_without_its_mark_a_number_merges_again(world: World) -> None:
    _mark(world, PHONE)
    world.add(LAN, PHONE)
    _mark(world, PHONE, shared=False)
    assert world.add(MINH, PHONE).survivor == LAN


def test_c2_a_mark_is_set_once_and_taken_off_once(world: World) -> None:
    first = _mark(world, PHONE)
    again = _mark(world, PHONE)
    assert (again.outcome, again.version) == (CrmOutcome.UNCHANGED, first.version)
    assert _mark(world, PHONE, shared=False).outcome is CrmOutcome.APPLIED
    assert _mark(world, PHONE, shared=False).outcome is CrmOutcome.UNCHANGED


def test_o2_a_mark_in_the_history() -> None:
    about: dict[str, Any] = {
        "organization": SHOP,
        "id": PHONE,
        "at": MOMENT,
        "by": AGENT,
        "caused_by": "cmd_1",
    }
    added = SharedNumberAdded(**about, sequence=1)
    removed = SharedNumberRemoved(**about, sequence=2)
    document = fold(None, added)
    assert document is not None
    assert document.id == PHONE
    assert fold(document, removed) is None
    assert describe(added, None, document).en == f"marked {PHONE} as shared by many people."
    assert describe(removed, document, None).vi == f"bỏ đánh dấu dùng chung của {PHONE}."


def test_c2_a_row_with_a_shared_number_is_a_contact_of_its_own(world: World) -> None:
    _mark(world, PHONE)
    world.add(LAN, PHONE, name="Lan")
    row = ImportContact(
        command_id="cmd_row",
        organization=SHOP,
        contact_id=MINH,
        at=MOMENT,
        name="Minh",
        phones=(PHONE,),
        source="imp_1",
        warehouse_id=DEFAULT_WAREHOUSE,
        duplicates=Duplicates.OVERWRITE,
        managed=(DEFAULT_WAREHOUSE,),
        by=AGENT,
    )
    assert world.do(row).outcome is CrmOutcome.APPLIED
    assert [contact.name for contact in world.unmerged().values()] == ["Lan", "Minh"]
