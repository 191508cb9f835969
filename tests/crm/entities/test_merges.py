"""C2: a phone number and an email have one contact, and what was merged can be separated again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.world import HOA, LAN, MINH, MOMENT, SHOP, World
from tuyen_crm.domain.content import content_of
from tuyen_crm.entities.contacts.view import show_content
from tuyen_crm.entities.merges.view import describe, fold
from tuyen_events.crm.contacts import RemoveContact
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.limits import CONTACT_PHONES
from tuyen_views.contacts import ContactDocument
from tuyen_views.merges import MergeDocument

A, B, C, D = "+84912345678", "+84987654321", "+84382345678", "+84903123456"


@pytest.fixture
def world() -> World:
    shop = World()
    shop.define(size=FieldType.NUMBER, color=FieldType.TEXT)
    return shop


def test_c2_a_contact_that_gets_the_number_of_another_one_is_merged_into_the_older(
    world: World,
) -> None:
    world.add(LAN, A, name="Lan", address="1 Hàng Bài")
    world.add(MINH, B, name="Minh", emails=("m@x.vn",), custom={"size": 42})
    decision = world.patch(LAN, phones=(A, B))
    assert (decision.survivor, decision.version) == (None, 3)
    (only,) = world.unmerged().values()
    assert (only.name, only.phones, only.emails) == ("Lan", (A, B), ("m@x.vn",))
    assert (only.custom, only.merged) == ({"size": 42}, (MINH,))
    again = world.patch(LAN, phones=(B, A))
    assert again.outcome is CrmOutcome.APPLIED
    assert world.find(f"phone:{B}") == [LAN]


def test_c2_the_older_one_stays_whichever_of_them_gets_the_number(world: World) -> None:
    world.add(LAN, A)
    world.add(MINH, B)
    decision = world.patch(MINH, phones=(B, A))
    assert decision.survivor == LAN
    assert list(world.unmerged()) == [LAN]
    assert world.contacts[MINH].merged_into == LAN
    assert decision.version == world.contacts[LAN].version


def test_c2_a_new_contact_with_a_known_email_is_the_known_one(world: World) -> None:
    world.add(LAN, emails=("lan@x.vn",))
    decision = world.add(MINH, A, emails=("lan@x.vn",))
    assert decision.survivor == LAN
    assert world.contacts[LAN].phones == (A,)


def test_c2_a_chain_ends_in_one_contact(world: World) -> None:
    world.add(LAN, A)
    world.add(MINH, B)
    world.add(HOA, C)
    world.patch(HOA, phones=(C, B))
    world.patch(MINH, phones=(B, C, A))
    assert list(world.unmerged()) == [LAN]
    assert world.contacts[LAN].merged == (MINH, HOA)
    assert sorted(world.contacts[LAN].phones) == sorted((A, B, C))


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ({"assignee": AgentId("an")}, {"assignee": AgentId("binh")}),
        ({}, {"shares": {AgentId("an"): ("",)}}),
    ],
)
def test_c2_contacts_of_different_owners_are_not_merged_unseen(
    world: World, one: dict[str, Any], another: dict[str, Any]
) -> None:
    world.add(LAN, A)
    world.contacts[LAN] = replace(world.contacts[LAN], **another)
    decision = world.add(MINH, A, **one)
    assert decision.survivor is None
    assert decision.known_elsewhere == (A,)
    assert list(world.unmerged()) == [LAN, MINH]


@pytest.mark.parametrize("one", [{}, {"assignee": AgentId("an")}])
def test_c2_contacts_of_the_same_owner_are_merged(world: World, one: dict[str, Any]) -> None:
    world.add(LAN, A, assignee=AgentId("an"))
    assert world.add(MINH, A, **one).survivor == LAN


def test_c11_with_a_contact_its_parts_are_removed_and_begin_anew(world: World) -> None:
    world.write(MINH, name="Minh")
    world.add(LAN, A, name="Lan")
    world.merge(MINH, LAN)
    removed = world.do(
        RemoveContact(
            command_id="cmd_r", organization=SHOP, contact_id=MINH, at=MOMENT, by=AgentId("an")
        )
    )
    assert removed.version == world.contacts[MINH].sequence
    for contact in (MINH, LAN):
        left = world.contacts[contact]
        assert left.removed
        assert (left.name, left.phones, left.merged_into) == (None, (), None)
    world.write(MINH, name="Minh")
    world.write(LAN, name="Lan Anh")
    assert list(world.unmerged()) == [MINH, LAN]
    assert world.contacts[LAN].began == world.contacts[LAN].sequence == left.sequence + 1


def test_c2_an_undone_merge_gives_back_what_each_had_and_keeps_what_came_since(
    world: World,
) -> None:
    world.add(LAN, A, name="Lan")
    world.add(MINH, B, name="Minh", address="2 Lê Lợi", custom={"size": 42, "color": "đỏ"})
    before = content_of(world.contacts[MINH])
    world.merge(LAN, MINH)
    world.patch(LAN, phones=(A, B, C), custom={"size": 43}, birthday=None)
    assert world.undo(LAN).outcome is CrmOutcome.APPLIED
    assert content_of(world.contacts[MINH]) == before
    lan = world.contacts[LAN]
    assert (lan.name, lan.address, lan.phones) == ("Lan", None, (A, C))
    assert lan.custom == {"size": 43}
    assert lan.merged == ()
    assert world.find(f"phone:{B}") == [MINH]


def test_c2_what_two_absorbed_contacts_had_stays_until_the_last_of_them_is_separated(
    world: World,
) -> None:
    world.add(LAN)
    world.add(MINH, address="2 Lê Lợi", custom={"size": 42})
    world.add(HOA, address="3 Lê Lợi", custom={"size": 43})
    world.merge(LAN, MINH)
    world.merge(LAN, HOA)
    world.undo(LAN)
    lan = world.contacts[LAN]
    assert lan.address == "3 Lê Lợi"
    assert lan.merged == (HOA,)
    world.undo(LAN)
    lan = world.contacts[LAN]
    assert (lan.address, lan.merged) == (None, ())


def test_c2_a_merge_that_was_undone_manually_stays_undone(world: World) -> None:
    world.add(LAN, A)
    world.add(MINH, A)
    world.undo(LAN)
    assert world.find(f"phone:{A}") == sorted((LAN, MINH))
    world.patch(MINH, phones=(A, B))
    world.patch(LAN, phones=(A, B))
    assert len(world.unmerged()) == 2
    world.merge(LAN, MINH)
    assert len(world.unmerged()) == 1


def test_c2_merges_manually_that_are_refused(world: World) -> None:
    world.add(LAN, A)
    world.add(MINH, B)
    world.add(HOA)
    assert world.merge(LAN, LAN).outcome is CrmOutcome.UNCHANGED
    assert world.merge(LAN, ContactId("con_9")).refusal is CrmRefusal.UNKNOWN_REFERENCE
    assert world.merge(ContactId("con_9"), LAN).outcome is CrmOutcome.NOT_FOUND
    assert world.undo(LAN).outcome is CrmOutcome.NOT_FOUND
    world.merge(MINH, HOA)
    assert world.merge(LAN, HOA).refusal is CrmRefusal.MERGED_ALREADY
    world.merge(LAN, MINH)
    assert world.undo(MINH).refusal is CrmRefusal.MERGED_ALREADY
    assert world.patch(MINH, name="X").outcome is CrmOutcome.NOT_FOUND


def test_c2_what_one_contact_cannot_contain_is_not_merged(world: World) -> None:
    many = [f"+8491234{number:04d}" for number in range(CONTACT_PHONES)]
    world.add(LAN, *many)
    world.add(MINH, A, emails=("m@x.vn",))
    assert world.merge(LAN, MINH).refusal is CrmRefusal.TOO_MANY
    decision = world.patch(LAN, emails=("m@x.vn",))
    assert (decision.outcome, len(world.unmerged())) == (CrmOutcome.APPLIED, 2)


def test_c2_the_documents_of_merges_and_their_words(world: World) -> None:
    world.add(LAN, A)
    world.add(MINH, A)
    world.undo(LAN)
    document: MergeDocument | None = None
    words = []
    for event in world.events:
        if isinstance(event, ContactAbsorbed | ContactReleased):
            before, document = document, fold(document, event)
            words.append(describe(event, before, document).en)
    assert document is not None
    assert (document.absorbed, document.fact, document.undone) == (MINH, A, True)
    assert words == [
        f"Another contact that has {A} as well was merged into this one.",
        "separated a contact that had been merged.",
    ]


NAMES = st.sampled_from([LAN, MINH, HOA])
PHONES = st.lists(st.sampled_from([A, B, C, D]), max_size=3, unique=True).map(tuple)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NAMES, PHONES),
        st.tuples(st.just("patch"), NAMES, PHONES),
        st.tuples(st.just("merge"), NAMES, NAMES),
        st.tuples(st.just("undo"), NAMES, st.integers(0, 2)),
        st.tuples(st.just("remove"), NAMES, st.none()),
    ),
    max_size=14,
)


def _take(world: World, steps: list[tuple[str, ContactId, Any]]) -> None:
    for kind, contact, what in steps:
        match kind:
            case "add":
                world.add(contact, *what)
            case "patch":
                world.patch(contact, phones=what)
            case "merge":
                world.merge(contact, what)
            case "undo" if contact in world.contacts:
                world.undo(contact, what)
            case "remove":
                common = world._common(contact)
                world.do(RemoveContact(**common, by=AgentId("an")))


@given(STEPS)
def test_c2_whatever_the_order_a_number_has_one_contact(
    steps: list[tuple[str, ContactId, Any]],
) -> None:
    world = World()
    _take(world, steps)
    for phone in (A, B, C, D):
        holders = world.find(f"phone:{phone}")
        for one in holders:
            for another in holders:
                both = {one, another, *_merged_into(world, one, another)}
                separated_from = {
                    other for each in both for other in world.contacts[each].separated_from
                }
                proposals = world.contacts[one].open_proposals.values()
                proposed = another in {each.other for each in proposals}
                assert one == another or separated_from & both or proposed


def _merged_into(world: World, *contacts: ContactId) -> set[ContactId]:
    return {merged for contact in contacts for merged in world.contacts[contact].merged}


@given(STEPS)
def test_c2_the_states_and_the_documents_agree(steps: list[tuple[str, ContactId, Any]]) -> None:
    world = World()
    _take(world, steps)
    assert world.documents.keys() >= world.unmerged().keys()
    for contact_id, contact in world.unmerged().items():
        document = world.documents[contact_id]
        shown = show_content(content_of(contact), world.events[-1], document.shares)
        assert {name: getattr(document, name) for name in shown} == shown
        assert (document.version, document.sequence) == (contact.version, contact.sequence)
        assert document.merged == contact.merged
        assert len(set(contact.merged)) == len(contact.merged)
    for contact_id, contact in world.contacts.items():
        if contact.merged_into is not None:
            assert _is_hidden(world.documents[contact_id])


def _is_hidden(document: ContactDocument) -> bool:
    return not any(
        (document.name, document.phones, document.warehouse_id, document.assignee, document.viewers)
    )
