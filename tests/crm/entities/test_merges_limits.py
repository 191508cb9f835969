"""C2: what one command compares, and what is proposed at once, is limited (R9.5)."""

import msgspec
import pytest

from crm.proposing import A, B, an, decide, hoa, put_warehouse
from crm.world import LAN, MINH, World
from tuyen_crm.domain.index_keys import proposal_key
from tuyen_crm.entities.merge_proposals import view
from tuyen_crm.entities.merges import drafts, evolve, proposing
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
