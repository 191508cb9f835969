"""A change of several things of one contact is one decision: all of it, or nothing (C4, W5, S3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.entities.test_claims import HOA, LAN, MINH, NORTH
from crm.entities.test_sharing_rules import TET
from crm.entities.test_steps import RETAIL
from crm.world import LAN as CONTACT
from crm.world import MINH as OTHER
from crm.world import World
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import AgentId
from tuyen_events.limits import TAGS

PHONE = "+84912345678"
PENDING = CareStatus.MULTI_ASSIGN_PENDING

CHANGES: list[dict[str, Any]] = [
    {"name": "Chị Lan"},
    {"assignee": LAN},
    {"warehouse_id": "north"},
    {"campaign_id": "tet", "care_status": PENDING},
    {"tags_added": ("VIP", "sỉ"), "tags_removed": ("mới",)},
    {"steps": {"retail": "quoted"}},
]
REFUSED: list[tuple[dict[str, Any], CrmRefusal]] = [
    ({"warehouse_id": "south"}, CrmRefusal.NO_WAREHOUSE),
    ({"campaign_id": "none"}, CrmRefusal.NO_CAMPAIGN),
    ({"tags_added": tuple(f"nhãn {number}" for number in range(TAGS + 1))}, CrmRefusal.TOO_MANY),
    ({"steps": {"retail": "none"}}, CrmRefusal.UNKNOWN_REFERENCE),
]


def begin() -> World:
    """A contact in a warehouse of another one than the default, with a tag."""
    world = World()
    world.entities |= {
        ("warehouses", "north"): replace(NORTH, managers=(HOA, AgentId("an"))),
        ("campaigns", "tet"): TET,
        ("pipelines", "retail"): RETAIL,
    }
    world.add(CONTACT, PHONE, warehouse_id="north")
    world.patch(CONTACT, tags_added=("mới",))
    return world


def join(changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for change in changes for name, value in change.items()}


@given(st.lists(st.sampled_from(CHANGES), unique_by=str))
def test_c4_a_change_of_several_things_is_what_each_of_them_is(
    changes: list[dict[str, Any]],
) -> None:
    at_once, one_by_one = begin(), begin()
    decision = at_once.patch(CONTACT, **join(changes))
    for change in changes:
        one_by_one.patch(CONTACT, **change)
    nothing = not changes or changes == [{"warehouse_id": "north"}]
    assert decision.outcome is (CrmOutcome.UNCHANGED if nothing else CrmOutcome.APPLIED)
    state, other = at_once.contacts[CONTACT], one_by_one.contacts[CONTACT]
    assert replace(state, sequence=0, version=0) == replace(other, sequence=0, version=0)
    assert decision.version == state.version
    assert decision.version == at_once.documents[CONTACT].version


@pytest.mark.parametrize(("refused", "why"), REFUSED)
@given(st.lists(st.sampled_from(CHANGES), unique_by=str))
def test_c4_if_one_thing_is_refused_nothing_changes(
    refused: dict[str, Any], why: CrmRefusal, changes: list[dict[str, Any]]
) -> None:
    world = begin()
    before = len(world.events)
    decision = world.patch(CONTACT, **{**join(changes), **refused})
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, why)
    assert decision.events == ()
    assert len(world.events) == before


def test_w5_who_may_not_assign_a_contact_does_not_change_its_name_either() -> None:
    world = begin()
    world.entities["warehouses", "north"] = replace(NORTH, managers=(HOA,))
    decision = world.patch(CONTACT, assignee=MINH, name="Chị Lan")
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, CrmRefusal.NOT_ALLOWED)
    assert decision.events == ()


def test_c2_a_contact_that_is_assigned_and_gets_the_phone_of_another_one_is_merged() -> None:
    world = begin()
    world.add(OTHER, warehouse_id="north")
    decision = world.patch(OTHER, phones=(PHONE,), tags_added=("VIP",))
    assert decision.survivor == CONTACT
    assert world.contacts[CONTACT].tags == ("mới", "VIP")


def test_c4_the_version_that_a_caller_expects_is_that_before_the_change() -> None:
    world = begin()
    version = world.contacts[CONTACT].version
    passed = world.patch(CONTACT, **join(CHANGES), expected_version=version - 1)
    assert passed.outcome is CrmOutcome.VERSION_PASSED
    applied = world.patch(CONTACT, **join(CHANGES), expected_version=version)
    assert applied.outcome is CrmOutcome.APPLIED
    assert world.patch(CONTACT, **join(CHANGES)).outcome is CrmOutcome.UNCHANGED
