"""C2: what one command compares, and what is proposed at once, is limited (R9.5)."""

import msgspec
import pytest

from crm.proposing import A, B, an, decide, hoa, mark, put_warehouse, remove
from crm.world import LAN, MINH, World
from tuyen_crm.domain import state
from tuyen_crm.domain.index_keys import proposal_key
from tuyen_crm.entities.merge_proposals import view
from tuyen_crm.entities.merges import drafts, evolve, merging, proposing
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import AgentId, ContactId


@pytest.fixture
def world() -> World:
    world = World()
    put_warehouse(world, "bac", hoa)
    return world


def test_c2_proposals_that_one_command_could_not_end_are_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "PROPOSED_BYTES", 2_500)
    for number in range(10):
        result = world.add(ContactId(f"con_{number}"), A, assignee=AgentId(f"nv_{number}"))
    assert result.known_elsewhere == (A,)
    involved = world.find(proposal_key(A))
    assert 2 <= len(involved) < 10
    assert sum(len(msgspec.json.encode(world.contacts[one])) for one in involved) < 3_500


def test_c2_what_was_declined_takes_no_place_of_what_is_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "CONTACT_PROPOSALS", 1)
    monkeypatch.setattr(evolve, "DECLINED_PROPOSALS", 2)
    monkeypatch.setattr(view, "DECLINED_PROPOSALS", 2)
    world.add(LAN, A, assignee=an, warehouse_id="bac")
    for number in range(4):
        other = ContactId(f"con_{number}")
        world.add(other, A, assignee=AgentId(f"nv_{number}"), warehouse_id="bac")
        assert [each.other for each in world.contacts[LAN].open_proposals.values()] == [other]
        decide(world, LAN, other, by=hoa, accept=False)
    assert [each.other for each in world.contacts[LAN].proposals.values()] == ["con_2", "con_3"]


def test_c2_one_command_compares_so_many_contacts_by_all_of_its_numbers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "COMPARED_CONTACTS", 1)
    world.add(MINH, A)
    world.add(ContactId("con_b"), B)
    result = world.add(LAN, A, B)
    assert result.known_elsewhere == (B,)
    assert world.contacts[LAN].merged_into == MINH


def test_c2_r9_5_proposals_of_contacts_that_grew_end_by_several_commands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large they are by then, no command changes more than one record can contain."""
    world.define(memo=FieldType.TEXT)
    others = [ContactId(f"con_{number}") for number in range(6)]
    world.add(LAN, A, assignee=an)
    for number, other in enumerate(others):
        world.add(other, A, assignee=AgentId(f"nv_{number}"))
    assert len(world.contacts[LAN].open_proposals) == len(others)
    for contact in (LAN, *others):
        world.patch(contact, custom={"memo": "x" * 500})
    size = max(len(msgspec.json.encode(each)) for each in world.contacts.values())
    monkeypatch.setattr(drafts, "PROPOSED_BYTES", 3 * size)
    decisions = [remove(world, LAN)]
    while decisions[-1].follow_ups:
        (follow_up,) = decisions[-1].follow_ups
        decisions.append(world.do(follow_up))
    assert len(decisions) > 2
    assert world.do(follow_up).outcome is CrmOutcome.UNCHANGED
    for decision in decisions:
        assert len({event.subject for event in decision.events}) <= 3
    for other in others:
        assert not [p for p in world.contacts[other].open_proposals.values() if p.other == LAN]
        assert not [p for p in world.documents[other].proposals if p.other == LAN]


def test_c2_r9_5_a_number_that_is_marked_as_shared_ends_proposals_by_several_commands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.add(ContactId(f"con_{number}"), A, assignee=AgentId(f"nv_{number}"))
    assert world.find(proposal_key(A))
    monkeypatch.setattr(drafts, "PROPOSED_BYTES", 1)
    decision = mark(world, A)
    commands = 1
    while decision.follow_ups:
        decision = world.do(decision.follow_ups[0])
        commands += 1
    assert commands >= 5
    assert not world.find(proposal_key(A))


def test_c2_r9_5_contacts_that_are_too_large_together_stay_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(LAN, A)
    for module in (drafts, merging):
        monkeypatch.setattr(module, "PROPOSED_BYTES", 1)
    assert world.add(MINH, A).known_elsewhere == (A,)
    assert world.merge(MINH, LAN).refusal is CrmRefusal.TOO_MANY
    assert set(world.unmerged()) == {LAN, MINH}


def test_c2_r9_6_so_many_are_remembered_from_which_a_contact_was_separated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stay apart as long as either of them remembers it."""
    monkeypatch.setattr(state, "CONTACTS_APART", 2)
    world.add(LAN)
    others = [ContactId(f"con_{number}") for number in range(4)]
    for other in others:
        world.add(other)
        world.merge(LAN, other)
        world.undo(LAN)
    assert world.contacts[LAN].separated_from == tuple(others[-2:])
    world.patch(LAN, phones=(A,))
    for other in others:
        world.patch(other, phones=(A,))
    assert world.contacts[LAN].merged == ()
