"""C2: where somebody would gain or lose a contact, a merge is proposed to the managers of both."""

from typing import Any, TypeGuard

import pytest

from crm.proposing import (
    A,
    B,
    an,
    binh,
    closed,
    decide,
    hoa,
    mark,
    only,
    place,
    put_warehouse,
    quan,
    remove,
)
from crm.world import HOA, LAN, MINH, World
from tuyen_crm.domain.index_keys import proposal_key
from tuyen_crm.entities.merge_proposals.view import ProposalEvents, describe
from tuyen_events.crm.merge_proposals import (
    MergeProposalApproved,
    MergeProposed,
    ProposalState,
)
from tuyen_events.crm.records import ContactEvent, CrmOutcome, CrmRefusal
from tuyen_events.crm.shares import ShareContact
from tuyen_events.crm_limits import CONTACT_PROPOSALS, NUMBER_CONTACTS, PROPOSED_CONTACTS
from tuyen_events.ids import AgentId, ContactId, proposal_id
from tuyen_events.limits import CONTACT_PHONES
from tuyen_events.vocabulary import Merging, Strategy


@pytest.fixture
def world() -> World:
    """A warehouse of Hoa's and one of Quân's."""
    world = World()
    put_warehouse(world, "bac", hoa)
    put_warehouse(world, "nam", quan)
    return world


@pytest.fixture
def proposed(world: World) -> World:
    """Lan and Minh have one number, and different agents; Hoa manages both."""
    world.add(LAN, A, assignee=an, warehouse_id="bac")
    world.add(MINH, A, assignee=binh, warehouse_id="bac")
    return world


@pytest.fixture
def divided(world: World) -> World:
    """The same; Hoa manages Lan, and Quân Minh."""
    world.add(LAN, A, warehouse_id="bac")
    world.add(MINH, A, warehouse_id="nam")
    return world


def test_c2_what_different_agents_have_is_proposed_once_whoever_enters_the_number(
    proposed: World,
) -> None:
    made = [event for event in proposed.events if isinstance(event, MergeProposed)]
    assert [(each.contact_id, each.other) for each in made] == [(MINH, LAN), (LAN, MINH)]
    assert {each.proposal_id for each in made} == {proposal_id(LAN, MINH, A)}
    assert {(each.fact, each.by, each.version) for each in made} == {(A, None, 1)}
    assert proposed.contacts[LAN].version == 1  # a proposal is no change of the contact
    proposed.patch(MINH, phones=())
    proposed.patch(MINH, phones=(A,))
    assert only(proposed, LAN).id == only(proposed, MINH).id == proposal_id(MINH, LAN, A)


def test_c2_contacts_of_warehouses_with_different_managers_are_proposed(divided: World) -> None:
    assert only(divided, LAN).other == MINH


def test_c2_a_warehouse_without_managers_is_not_the_default_one_of_the_administrators(
    world: World,
) -> None:
    put_warehouse(world, "trong")
    world.add(LAN, A)
    assert world.add(MINH, A, warehouse_id="trong").known_elsewhere == (A,)
    assert only(world, LAN).other == MINH


def test_c2_contacts_that_are_shared_with_different_agents_are_proposed(world: World) -> None:
    world.add(LAN, A)
    world.do(ShareContact(**world._common(LAN), agent_id=an, by=hoa))
    world.add(MINH, A)
    assert only(world, MINH).other == LAN


def test_c2_both_phones_and_emails_are_proposed_each_for_itself(world: World) -> None:
    world.add(LAN, A, assignee=an, emails=("m@x.vn",))
    decision = world.add(MINH, A, assignee=binh, emails=("m@x.vn",))
    assert decision.known_elsewhere == (A, "m@x.vn")
    facts = {each.fact for each in world.contacts[LAN].proposals.values()}
    assert facts == {A, "m@x.vn"}


def test_c2_accepted_the_older_contact_has_all_of_both(proposed: World) -> None:
    decision = decide(proposed, MINH, LAN, by=hoa)
    assert (decision.outcome, decision.survivor) == (CrmOutcome.APPLIED, LAN)
    assert list(proposed.unmerged()) == [LAN]
    assert proposed.contacts[LAN].assignee == an
    assert closed(proposed) == [
        (LAN, ProposalState.ACCEPTED, hoa),
        (MINH, ProposalState.ACCEPTED, hoa),
    ]
    assert only(proposed, LAN).state is ProposalState.ACCEPTED
    assert proposed.contacts[LAN].proposals == {}


def test_c2_the_managers_of_both_sides_accept(divided: World) -> None:
    half = decide(divided, LAN, MINH, by=hoa)
    assert (half.outcome, half.survivor) == (CrmOutcome.APPLIED, None)
    assert len(divided.unmerged()) == 2
    assert only(divided, MINH).approved == (LAN,)
    again = decide(divided, LAN, MINH, by=hoa)
    assert (again.outcome, again.version) == (CrmOutcome.UNCHANGED, half.version)
    whole = decide(divided, LAN, MINH, by=quan)
    assert (whole.survivor, list(divided.unmerged())) == (LAN, [LAN])


def test_c2_who_manages_the_other_contact_is_not_said(divided: World) -> None:
    decide(divided, LAN, MINH, by=hoa)
    approved = [event for event in divided.events if isinstance(event, MergeProposalApproved)]
    assert [(each.contact_id, each.by) for each in approved] == [(LAN, hoa), (MINH, None)]
    decide(divided, LAN, MINH, by=quan, accept=False)
    assert closed(divided) == [
        (LAN, ProposalState.DECLINED, None),
        (MINH, ProposalState.DECLINED, quan),
    ]


def test_c2_an_administrator_decides_for_both(divided: World) -> None:
    assert decide(divided, MINH, LAN, by=an, administrator=True).survivor == LAN


def test_c2_who_manages_neither_is_told_of_no_proposal(divided: World) -> None:
    for by in (an, binh):
        for accept in (True, False):
            outcome = decide(divided, LAN, MINH, by=by, accept=accept).outcome
            assert outcome is CrmOutcome.NOT_FOUND
    assert len(divided.unmerged()) == 2


def test_c2_what_was_accepted_for_a_contact_counts_while_it_is_in_that_warehouse(
    divided: World,
) -> None:
    put_warehouse(divided, "tay", an)
    decide(divided, LAN, MINH, by=hoa)
    place(divided, LAN, warehouse_id="tay")
    assert decide(divided, LAN, MINH, by=quan).survivor is None
    assert decide(divided, LAN, MINH, by=hoa).outcome is CrmOutcome.NOT_FOUND
    assert decide(divided, LAN, MINH, by=an).survivor == LAN


def test_c2_what_was_declined_is_not_proposed_again_for_the_same_fact(proposed: World) -> None:
    assert decide(proposed, LAN, MINH, by=hoa, accept=False).outcome is CrmOutcome.APPLIED
    proposed.patch(MINH, phones=())
    result = proposed.patch(MINH, phones=(A,))
    assert (result.known_elsewhere, len(proposed.unmerged())) == ((A,), 2)
    assert proposed.contacts[MINH].open_proposals == {}
    proposed.patch(LAN, phones=(A, B))
    proposed.patch(MINH, phones=(A, B))
    (again,) = proposed.contacts[MINH].open_proposals.values()
    assert again.fact == B


def test_c2_what_was_declined_is_declined_also_for_what_one_of_them_becomes(
    proposed: World,
) -> None:
    decide(proposed, LAN, MINH, by=hoa, accept=False)
    proposed.add(HOA, B, assignee=an, warehouse_id="bac")
    proposed.merge(LAN, HOA, by=hoa)
    proposed.patch(MINH, phones=())
    proposed.patch(MINH, phones=(A,))
    assert proposed.contacts[MINH].open_proposals == {}


def test_c2_a_proposal_is_decided_once(proposed: World) -> None:
    decide(proposed, LAN, MINH, by=hoa, accept=False)
    assert decide(proposed, LAN, MINH, by=hoa, accept=False).outcome is CrmOutcome.UNCHANGED
    assert decide(proposed, LAN, MINH, by=hoa).refusal is CrmRefusal.DECIDED


def test_c2_an_accepted_proposal_is_not_declined_any_more(proposed: World) -> None:
    decide(proposed, LAN, MINH, by=hoa)
    assert decide(proposed, LAN, MINH, by=hoa).outcome is CrmOutcome.UNCHANGED
    assert decide(proposed, LAN, MINH, by=hoa, accept=False).refusal is CrmRefusal.DECIDED
    assert decide(proposed, LAN, MINH, by=an).outcome is CrmOutcome.NOT_FOUND


def test_c2_a_decision_about_another_version_of_the_proposal_is_refused(divided: World) -> None:
    version = decide(divided, LAN, MINH, by=hoa).version
    passed = decide(divided, LAN, MINH, by=quan, expected_version=version - 1)
    assert (passed.outcome, passed.version) == (CrmOutcome.VERSION_PASSED, version)
    assert decide(divided, LAN, MINH, by=quan, expected_version=version).survivor == LAN


@pytest.mark.parametrize("contact", [LAN, MINH])
def test_c2_a_proposal_ends_with_either_contact(proposed: World, contact: ContactId) -> None:
    remove(proposed, contact)
    (rest,) = proposed.unmerged()
    assert proposed.contacts[rest].proposals == {}
    assert {state for _, state, _ in closed(proposed)} == {None}
    assert decide(proposed, LAN, MINH, by=hoa).outcome is CrmOutcome.NOT_FOUND


@pytest.mark.parametrize("contact", [LAN, MINH])
def test_c2_a_proposal_ends_when_the_number_is_taken_off(
    proposed: World, contact: ContactId
) -> None:
    proposed.patch(contact, phones=(B,))
    assert proposed.contacts[LAN].proposals == proposed.contacts[MINH].proposals == {}
    assert proposed.documents[LAN].proposals == ()


def test_c2_a_proposal_ends_when_the_number_is_marked_as_shared(proposed: World) -> None:
    assert mark(proposed, A).outcome is CrmOutcome.APPLIED
    assert proposed.contacts[LAN].proposals == proposed.contacts[MINH].proposals == {}
    mark(proposed, A, shared=False)
    assert len(proposed.unmerged()) == 2
    assert proposed.contacts[LAN].proposals == {}


def test_c2_a_proposal_is_accepted_by_a_merge_manually(proposed: World) -> None:
    proposed.merge(LAN, MINH, by=hoa)
    assert {state for _, state, _ in closed(proposed)} == {ProposalState.ACCEPTED}


def test_c2_what_a_contact_had_in_common_is_proposed_for_the_one_that_it_becomes(
    world: World,
) -> None:
    world.add(HOA, B, assignee=an)
    world.add(LAN, A, assignee=binh)
    world.add(MINH, A, assignee=an)
    assert world.patch(MINH, phones=(A, B)).survivor == HOA
    assert only(world, LAN).other == HOA
    assert only(world, HOA).id == proposal_id(HOA, LAN, A)


def test_c2_a_merge_that_was_undone_is_neither_made_nor_proposed_again(proposed: World) -> None:
    decide(proposed, LAN, MINH, by=hoa)
    proposed.undo(LAN, by=hoa)
    proposed.patch(MINH, phones=())
    proposed.patch(MINH, phones=(A,))
    assert len(proposed.unmerged()) == 2
    assert proposed.contacts[MINH].proposals == {}


def test_c2_a_contact_that_is_separated_is_merged_with_no_third_one_at_once(world: World) -> None:
    world.add(LAN, B, assignee=an)
    world.add(MINH, A)
    world.merge(LAN, MINH)
    world.add(HOA, A, assignee=binh)
    assert only(world, HOA).other == LAN
    world.undo(LAN)
    assert only(world, HOA).other == MINH
    assert len(world.unmerged()) == 3


def test_c2_a_setting_merges_at_once_but_not_what_was_declined(world: World) -> None:
    at_once: dict[str, Any] = {"merging": Merging.AT_ONCE}
    world.add(LAN, A, B, assignee=an, warehouse_id="bac")
    result = world.add(MINH, A, assignee=binh, warehouse_id="nam", **at_once)
    assert (result.survivor, result.known_elsewhere) == (LAN, (A,))
    assert world.contacts[LAN].assignee == an
    world.add(HOA, B, assignee=binh, warehouse_id="bac")
    decide(world, LAN, HOA, by=hoa, fact=B, accept=False)
    world.patch(HOA, phones=())
    world.patch(HOA, phones=(B,), **at_once)
    assert list(world.unmerged()) == [LAN, HOA]


def test_c8_the_history_of_both_contacts_tells_of_a_proposal_and_its_end(divided: World) -> None:
    decide(divided, LAN, MINH, by=hoa)
    decide(divided, LAN, MINH, by=quan, accept=False)
    asked = f"Another contact has {A} as well: the managers are asked to merge them."
    assert tell(divided, LAN) == [
        (None, asked),
        (hoa, "accepted the merge, which waits for the managers of the other contact."),
        (None, "The managers of the other contact declined the merge."),
    ]
    assert tell(divided, MINH) == [
        (None, asked),
        (None, "The managers of the other contact accepted the merge."),
        (quan, "declined the proposed merge."),
    ]
    assert tell(divided, MINH, "vi") == [
        (None, f"Một khách khác cũng có {A}: người quản lý được hỏi có gộp hay không."),
        (None, "Người quản lý của khách kia đã đồng ý gộp."),
        (quan, "từ chối đề nghị gộp."),
    ]


def test_c8_the_history_tells_of_what_was_accepted_and_of_what_lost_its_reason(
    proposed: World,
) -> None:
    proposed.patch(MINH, phones=())
    proposed.patch(MINH, phones=(A,))
    decide(proposed, LAN, MINH, by=hoa)
    ended = "The proposed merge ended, because its reason is gone."
    for contact in (LAN, MINH):
        said = tell(proposed, contact)
        assert (said[1], said[3]) == ((None, ended), (hoa, "accepted the proposed merge."))


def test_c2_a_contact_that_its_warehouse_distributes_is_proposed_as_well(world: World) -> None:
    """The events of the new contact have sequences without a gap."""
    put_warehouse(world, "chia", hoa, members=(an,), distribute=Strategy.SEQUENTIAL)
    world.add(LAN, A, assignee=binh, warehouse_id="bac")
    world.do(ShareContact(**world._common(LAN), agent_id=quan, by=hoa))
    world.add(MINH, A, warehouse_id="chia", staff=(an,))
    assert world.contacts[MINH].assignee == an
    assert only(world, MINH).other == LAN


def test_c2_what_one_contact_cannot_contain_is_not_proposed(world: World) -> None:
    many = [f"+8491234{number:04d}" for number in range(CONTACT_PHONES)]
    world.add(LAN, *many, assignee=an)
    result = world.add(MINH, many[0], B, assignee=binh)
    assert (result.known_elsewhere, world.contacts[MINH].proposals) == ((many[0],), {})


def test_c2_what_does_not_fit_any_more_stays_open(proposed: World) -> None:
    proposed.patch(LAN, phones=(A, *(f"+8491234{n:04d}" for n in range(CONTACT_PHONES - 1))))
    proposed.patch(MINH, phones=(A, B))
    assert decide(proposed, LAN, MINH, by=hoa).refusal is CrmRefusal.TOO_MANY
    assert only(proposed, LAN).state is ProposalState.OPEN


def test_c2_of_a_number_of_many_contacts_so_many_are_proposed(world: World) -> None:
    result = [
        world.add(ContactId(f"con_{number}"), A, assignee=AgentId(f"nv_{number}"))
        for number in range(NUMBER_CONTACTS + 3)
    ]
    assert all(each.known_elsewhere == (A,) for each in result[1:])
    assert len(world.find(proposal_key(A))) == PROPOSED_CONTACTS
    most = max(len(each.proposals) for each in world.contacts.values())
    assert most <= CONTACT_PROPOSALS
    same = world.add(LAN, A, assignee=AgentId("nv_0"))
    assert (same.survivor, same.known_elsewhere) == (None, (A,))


def tell(
    world: World, contact: ContactId, language: str = "en"
) -> list[tuple[AgentId | None, str]]:
    """What a contact's history says of proposals."""
    found = [describe(each, None, None) for each in world.events if is_about(each, contact)]
    return [(each.by, getattr(each, language)) for each in found]


def is_about(event: ContactEvent, contact: ContactId) -> TypeGuard[ProposalEvents]:
    return event.contact_id == contact and isinstance(event, ProposalEvents)
