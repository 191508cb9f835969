"""C2, W6: nobody gets a contact, or learns of it, by entering its number; and two are merged
manually by those who have them then."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from crm.proposing import A, B, an, binh, decide, hoa, only, put_warehouse, quan
from crm.world import HOA, LAN, MINH, MOMENT, SHOP, World
from tuyen_crm.domain.decision import CommandDecision
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.teams import PutTeam
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.vocabulary import Merging

_PLAIN: dict[str, Any] = {"by": binh, "administrator": False}


@pytest.fixture
def world() -> World:
    """Lan has a number, and nobody has her. Minh is Bình's."""
    world = World()
    world.add(LAN, A, name="Lan")
    world.add(MINH, B, assignee=binh, **_PLAIN)
    return world


def _add(world: World, **by: Any) -> CommandDecision:
    return world.add(HOA, A, assignee=by["by"], **by)


def _patch(world: World, **by: Any) -> CommandDecision:
    return world.patch(MINH, phones=(B, A), **by)


def _accept(world: World, **by: Any) -> CommandDecision:
    world.write(MINH, A)
    return world.answer(MINH, A, accept=True, **by)


_ENTER: list[Callable[..., CommandDecision]] = [_add, _patch, _accept]
"""The ways in which an agent enters a number."""


@pytest.mark.parametrize("enter", _ENTER)
@pytest.mark.parametrize("members", [(), (binh,)])
def test_c2_w6_the_number_of_a_contact_that_nobody_has_gives_it_to_nobody(
    world: World, enter: Callable[..., CommandDecision], members: tuple[AgentId, ...]
) -> None:
    """Nor to a member, who may claim it: that is an event of its own (W4)."""
    put_warehouse(world, "default", members=members)
    before = world.contacts[LAN]
    decision = enter(world, **_PLAIN)
    assert (decision.survivor, decision.known_elsewhere) == (None, (A,))
    assert (before.name, before.assignee) == ("Lan", None)
    assert replace(world.contacts[LAN], proposals={}, sequence=1) == before
    assert only(world, LAN).other in (MINH, HOA)
    mine = world.documents[only(world, LAN).other]
    assert (mine.name, mine.assignee) == (None, binh)


@pytest.mark.parametrize("enter", _ENTER)
def test_c2_an_administrator_enters_it_and_the_two_are_one(
    world: World, enter: Callable[..., CommandDecision]
) -> None:
    assert enter(world, by=an, administrator=True).survivor == LAN


def test_c2_what_was_proposed_so_is_accepted_by_an_administrator(world: World) -> None:
    _patch(world, **_PLAIN)
    assert decide(world, LAN, MINH, by=an, administrator=True).survivor == LAN


def test_c2_an_agents_own_contacts_are_merged(world: World) -> None:
    assert world.add(HOA, B, assignee=binh, **_PLAIN).survivor == MINH


def test_c2_w3_who_manages_the_warehouse_merges_what_nobody_has(world: World) -> None:
    put_warehouse(world, "bac", hoa)
    by: dict[str, Any] = {"by": hoa, "administrator": False, "warehouse_id": "bac"}
    world.add(HOA, "+84903123456", **by)
    assert world.add(ContactId("con_thu"), "+84903123456", **by).survivor == HOA


@pytest.mark.parametrize(("leader", "survivor"), [(hoa, MINH), (quan, None)])
def test_c2_w7_who_leads_the_assignees_team_merges_what_the_member_has(
    world: World, leader: AgentId, survivor: ContactId | None
) -> None:
    world.do(
        PutTeam(
            command_id="cmd_team",
            organization=SHOP,
            id="mot",
            at=MOMENT,
            name="Nhóm 1",
            leaders=(hoa,),
            members=(binh, an),
            by=an,
        )
    )
    decision = world.add(HOA, B, assignee=binh, by=leader, administrator=False)
    assert decision.survivor == survivor


def test_c2_s1_who_may_only_read_a_contact_does_not_merge_it(world: World) -> None:
    shared = {binh: ("",)}
    for contact in (LAN, MINH):
        world.contacts[contact] = replace(world.contacts[contact], shares=shared)
    assert _patch(world, **_PLAIN).known_elsewhere == (A,)
    assert world.contacts[LAN].assignee is None


def test_c2_what_a_merge_brings_along_is_not_merged_with_what_the_agent_may_not_change(
    world: World,
) -> None:
    world.add(HOA, "+84903123456", assignee=binh, **_PLAIN)
    world.patch(HOA, phones=("+84903123456", A), **_PLAIN)
    assert world.patch(HOA, phones=("+84903123456", A, B), **_PLAIN).survivor == MINH
    assert world.contacts[LAN].merged_into is None
    assert only(world, LAN).other == MINH


def test_c2_a_setting_merges_them_at_once_all_the_same(world: World) -> None:
    decision = _patch(world, merging=Merging.AT_ONCE, **_PLAIN)
    assert (decision.survivor, decision.known_elsewhere) == (LAN, (A,))


def test_c2_c9_a_row_merges_what_the_importer_manages(world: World) -> None:
    world.patch(MINH, assignee=None)
    row = ImportContact(
        command_id="cmd_row",
        organization=SHOP,
        contact_id=ContactId("con_row"),
        source="imp_1",
        warehouse_id="default",
        duplicates=Duplicates.FILL,
        managed=("default",),
        phones=(A, B),
        by=hoa,
        at=MOMENT,
    )
    world.do(row)
    assert list(world.unmerged()) == [LAN]


def test_c2_who_lost_a_contact_in_the_meantime_does_not_merge_it(world: World) -> None:
    """The agent looked before, and asks after somebody else got it, or nobody has it."""
    world.add(HOA, assignee=binh, **_PLAIN)
    for assignee in (an, None):
        world.patch(HOA, assignee=assignee)
        for one, another in ((MINH, HOA), (HOA, MINH)):
            assert world.merge(one, another, **_PLAIN).refusal is CrmRefusal.NOT_ALLOWED
    world.patch(HOA, assignee=binh)
    assert world.merge(MINH, HOA, **_PLAIN).outcome is CrmOutcome.APPLIED


def test_c2_who_manages_one_of_the_warehouses_does_not_merge_what_differs(world: World) -> None:
    put_warehouse(world, "bac", hoa)
    put_warehouse(world, "nam", quan)
    thu = ContactId("con_thu")
    world.add(HOA, assignee=binh, warehouse_id="bac")
    world.add(thu, assignee=binh, warehouse_id="nam")
    for agent in (binh, hoa, quan):
        refused = world.merge(HOA, thu, by=agent)
        assert (refused.outcome, refused.refusal) == (CrmOutcome.REFUSED, CrmRefusal.NOT_ALLOWED)
    put_warehouse(world, "nam", quan, hoa)
    assert world.merge(HOA, thu, by=hoa).outcome is CrmOutcome.APPLIED


def test_c2_what_another_agent_has_is_merged_by_managers_alone(world: World) -> None:
    world.add(HOA, assignee=an)
    assert world.merge(MINH, HOA, by=an, administrator=False).refusal is CrmRefusal.NOT_ALLOWED
    assert world.merge(MINH, HOA, by=quan, administrator=True).outcome is CrmOutcome.APPLIED


def test_c2_who_lost_a_contact_in_the_meantime_does_not_undo_its_merges(world: World) -> None:
    world.add(HOA, B, assignee=binh, **_PLAIN)
    world.patch(MINH, assignee=an)
    assert world.undo(MINH, **_PLAIN).refusal is CrmRefusal.NOT_ALLOWED
    assert world.contacts[HOA].merged_into == MINH
    assert world.undo(MINH, by=an, administrator=False).outcome is CrmOutcome.APPLIED


def test_c2_a_merge_is_undone_in_the_version_that_the_agent_knows(world: World) -> None:
    world.add(HOA, B, assignee=binh, **_PLAIN)
    version = world.contacts[MINH].version
    passed = world.undo(MINH, expected_version=version - 1)
    assert (passed.outcome, passed.version) == (CrmOutcome.VERSION_PASSED, version)
    assert world.undo(MINH, expected_version=version).outcome is CrmOutcome.APPLIED
