"""C2: what holds of merges and proposals after any commands, in any order."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.proposing import A, B, C, an, binh, decide, hoa, mark, place, put_warehouse, quan, remove
from crm.world import AGENT, HOA, LAN, MINH, World
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.merge_proposals import MergeProposed, ProposalState
from tuyen_events.ids import ContactId
from tuyen_events.vocabulary import Merging

THU = ContactId("con_thu")
CONTACTS = (LAN, MINH, HOA, THU)
NAMES = st.sampled_from(CONTACTS)
PHONES = st.lists(st.sampled_from([A, B, C]), max_size=2, unique=True).map(tuple)
AGENTS, WAREHOUSES = st.sampled_from([None, an, binh]), st.sampled_from(["bac", "nam"])
Step = tuple[Any, ...]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NAMES, PHONES, AGENTS, WAREHOUSES),
        st.tuples(st.just("patch"), NAMES, PHONES, st.sampled_from(Merging)),
        st.tuples(st.just("place"), NAMES, AGENTS, WAREHOUSES),
        st.tuples(st.just("merge"), NAMES, NAMES),
        st.tuples(st.just("undo"), NAMES, st.integers(0, 2)),
        st.tuples(st.just("remove"), NAMES),
        st.tuples(
            st.just("decide"), st.integers(0, 5), st.booleans(), st.sampled_from([hoa, quan])
        ),
    ),
    max_size=16,
)


def shop(steps: Sequence[Step]) -> World:
    """A shop with two warehouses of different managers, after these steps. The agent who takes them
    manages both: whom they may not change, they merge with nobody."""
    world = World()
    put_warehouse(world, "bac", hoa, AGENT)
    put_warehouse(world, "nam", quan, AGENT)
    for step in steps:
        take(world, step)
    return world


def take(world: World, step: Step) -> None:
    match step:
        case ("add", contact, phones, assignee, warehouse):
            world.add(contact, *phones, assignee=assignee, warehouse_id=warehouse)
        case ("patch", contact, phones, merging):
            world.patch(contact, phones=phones, merging=merging)
        case ("place", contact, assignee, warehouse) if contact in world.unmerged():
            place(world, contact, assignee=assignee, warehouse_id=warehouse)
        case ("merge", contact, other):
            world.merge(contact, other)
        case ("undo", contact, number) if contact in world.contacts:
            world.undo(contact, number)
        case ("remove", contact):
            remove(world, contact)
        case ("decide", number, accept, by):
            found = list_open(world)
            if found:
                contact, other, fact = found[number % len(found)]
                decide(world, contact, other, by=by, fact=fact, accept=accept)


def list_open(world: World) -> list[tuple[ContactId, ContactId, str]]:
    """Each open proposal, once for each of its contacts."""
    return [
        (contact, each.other, each.fact)
        for contact, state in sorted(world.contacts.items())
        for each in state.open_proposals.values()
    ]


def merged_with(world: World, survivor: ContactId) -> dict[ContactId, ContactState]:
    return {each: world.contacts[each] for each in (survivor, *world.contacts[survivor].merged)}


def settled_manually(world: World, one: ContactId, another: ContactId, fact: str) -> bool:
    """Whether somebody has separated the two, or declined to merge them because of the fact."""
    pair = (merged_with(world, one), merged_with(world, another))
    return any(
        {*theirs}.intersection(each.separated_from)
        or any(
            proposal.declined and proposal.fact == fact and proposal.other in theirs
            for proposal in each.proposals.values()
        )
        for ours, theirs in (pair, pair[::-1])
        for each in ours.values()
    )


@given(STEPS)
def test_c2_two_contacts_with_one_number_are_proposed_or_were_settled_manually(
    steps: Sequence[Step],
) -> None:
    world = shop(steps)
    for fact in (A, B, C):
        for one, another in combinations(world.find(f"phone:{fact}"), 2):
            proposed = (one, another, fact) in list_open(world)
            assert proposed != settled_manually(world, one, another, fact)


@given(STEPS)
def test_c2_an_open_proposal_has_two_living_contacts_with_its_number(
    steps: Sequence[Step],
) -> None:
    world = shop(steps)
    found = list_open(world)
    assert sorted((other, contact, fact) for contact, other, fact in found) == sorted(found)
    for contact, _, fact in found:
        assert fact in world.unmerged()[contact].phones
    for contact, state in world.unmerged().items():
        shown = {
            each.id: each.version
            for each in world.documents[contact].proposals
            if each.state is ProposalState.OPEN
        }
        assert shown == {id_: each.version for id_, each in state.open_proposals.items()}


@given(STEPS, st.sampled_from([A, B, C]))
def test_c2_a_number_that_is_marked_as_shared_has_no_proposal(
    steps: Sequence[Step], number: str
) -> None:
    world = shop(steps)
    mark(world, number)
    for step in steps:
        take(world, step)
    assert number not in {fact for _, _, fact in list_open(world)}


ADDED = st.lists(st.tuples(PHONES, st.sampled_from([an, binh])), min_size=2, max_size=4)


@given(ADDED.flatmap(lambda added: st.tuples(st.just(added), st.permutations(range(len(added))))))
def test_c2_the_order_of_two_commands_decides_nothing_but_who_is_older(
    drawn: tuple[list[tuple[tuple[str, ...], Any]], list[int]],
) -> None:
    """The same contacts become one, and the same groups are proposed to become one."""
    added, order = drawn

    def outcome(numbers: Sequence[int]) -> Any:
        world = World()
        for number in numbers:
            phones, assignee = added[number]
            world.add(CONTACTS[number], *phones, assignee=assignee)
        groups = {each: frozenset(merged_with(world, each)) for each in world.unmerged()}
        proposed = {(groups[one], groups[other], fact) for one, other, fact in list_open(world)}
        return set(groups.values()), proposed

    assert outcome(range(len(added))) == outcome(order)


@given(STEPS)
def test_c2_the_same_commands_make_the_same_proposals(steps: Sequence[Step]) -> None:
    first, second = shop(steps), shop(steps)
    assert first.events == second.events
    made = [event for event in first.events if isinstance(event, MergeProposed)]
    assert len({(event.contact_id, event.sequence) for event in made}) == len(made)
