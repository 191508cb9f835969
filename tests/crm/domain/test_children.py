"""Every kind of child is created, changed and removed in one manner (C5)."""

from typing import Any

import msgspec
import pytest

from crm.child_kinds import CONTACT, HOA, KINDS, KindOfChild
from crm.decided import Decided
from crm.known import KnownThings
from crm.lan import MOMENT, SHOP
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_crm.entities import evolve
from tuyen_events.crm.contacts import AddContact, RemoveContact
from tuyen_events.crm.records import ChildCommand, ChildEvent, CrmOutcome, CrmRefusal
from tuyen_events.ids import ContactId

LAN = ContactState(sequence=7, version=3, name="Lan")
ALL = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def known(kind: KindOfChild, of: str = CONTACT) -> KnownThings:
    """The contact, and a child with the id `p_1`."""
    return KnownThings(LAN, {(kind.name, "p_1"): ChildState(contact_id=ContactId(of), version=5)})


def content_of(event: ChildEvent, names: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def result_of(decision: CommandDecision) -> tuple[CrmOutcome, int, int]:
    return decision.outcome, decision.version, len(decision.events)


@ALL
def test_c5_a_child_says_what_it_is_who_added_it_and_when(kind: KindOfChild) -> None:
    command = kind.ask(0, **kind.content)
    decision = kind.entity.decide(KnownThings(LAN), command)
    assert result_of(decision) == (CrmOutcome.APPLIED, 8, 1)
    (event,) = decision.events
    assert event == msgspec.structs.replace(kind.happened(0, **kind.content), order=0)


@ALL
def test_c5_a_child_with_an_id_that_exists_is_replaced_as_a_whole(kind: KindOfChild) -> None:
    (event,) = kind.entity.decide(known(kind), kind.ask(0, **kind.content)).events
    assert event == msgspec.structs.replace(kind.happened(1, **kind.content), order=0)


@ALL
def test_c5_a_change_contains_what_was_given_and_no_more(kind: KindOfChild) -> None:
    command = kind.ask(1, expected_version=5, **kind.changed)
    (event,) = kind.entity.decide(known(kind), command).events
    assert event == msgspec.structs.replace(kind.happened(1, **kind.changed), order=0)


@ALL
def test_c5_a_child_is_removed_once(kind: KindOfChild) -> None:
    (event,) = kind.entity.decide(known(kind), kind.ask(2)).events
    assert event == msgspec.structs.replace(kind.happened(2), order=0)
    again = kind.entity.decide(KnownThings(LAN), kind.ask(2))
    assert result_of(again) == (CrmOutcome.UNCHANGED, 0, 0)


@ALL
@pytest.mark.parametrize("which", range(3))
def test_c5_another_change_came_first(kind: KindOfChild, which: int) -> None:
    fields = (kind.content, kind.changed, {})[which]
    command = kind.ask(which, expected_version=4, **fields)
    decision = kind.entity.decide(known(kind), command)
    assert result_of(decision) == (CrmOutcome.VERSION_PASSED, 5, 0)


@ALL
def test_c5_the_id_of_another_contacts_child_is_taken(kind: KindOfChild) -> None:
    elsewhere = known(kind, of="con_2")
    decision = kind.entity.decide(elsewhere, kind.ask(0, **kind.content))
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, CrmRefusal.ID_TAKEN)
    changed = kind.entity.decide(elsewhere, kind.ask(1, **kind.changed))
    assert result_of(changed) == (CrmOutcome.NOT_FOUND, 0, 0)
    removed = kind.entity.decide(elsewhere, kind.ask(2))
    assert result_of(removed) == (CrmOutcome.UNCHANGED, 0, 0)


@ALL
def test_c11_what_belonged_to_a_contact_that_was_removed_is_not_that_of_the_next_one(
    kind: KindOfChild,
) -> None:
    again = KnownThings(msgspec.structs.replace(LAN, began=6), known(kind).children)
    changed = kind.entity.decide(again, kind.ask(1, **kind.changed))
    assert result_of(changed) == (CrmOutcome.NOT_FOUND, 0, 0)
    removed = kind.entity.decide(again, kind.ask(2))
    assert result_of(removed) == (CrmOutcome.UNCHANGED, 0, 0)
    added = kind.entity.decide(again, kind.ask(0, expected_version=0, **kind.content))
    assert added.events == kind.entity.decide(KnownThings(LAN), kind.ask(0, **kind.content)).events


@ALL
def test_c5_nothing_belongs_to_nobody(kind: KindOfChild) -> None:
    decision = kind.entity.decide(KnownThings(), kind.ask(0, **kind.content))
    assert result_of(decision) == (CrmOutcome.NOT_FOUND, 0, 0)


@ALL
def test_c5_a_child_is_no_change_of_its_contact(kind: KindOfChild) -> None:
    contact = evolve(LAN, kind.happened(0, **kind.content))
    assert contact == ContactState(sequence=8, version=3, name="Lan")


OTHER = ContactId("con_2")


def ask_of(contact: ContactId, kind: KindOfChild, which: int, **fields: Any) -> ChildCommand:
    command = kind.ask(which, **fields)
    return msgspec.structs.replace(command, contact_id=contact, command_id=f"{which}_{contact}")


def remove_contact(contact: ContactId) -> RemoveContact:
    return RemoveContact(
        command_id=f"r_{contact}", organization=SHOP, contact_id=contact, at=MOMENT, by=HOA
    )


def begin(kind: KindOfChild) -> Decided:
    """Two contacts; the first one has a child, and many events."""
    shop = Decided()
    for contact in (CONTACT, OTHER):
        shop.decide(
            AddContact(
                command_id=f"a_{contact}", organization=SHOP, contact_id=contact, at=MOMENT, by=HOA
            )
        )
    shop.decide(ask_of(CONTACT, kind, 0, **kind.content))
    for _ in range(4):
        shop.decide(ask_of(CONTACT, kind, 1, **kind.changed))
    return shop


@ALL
@pytest.mark.parametrize("with_its_contact", [False, True])
def test_c5_the_id_of_a_child_that_was_removed_is_free(
    kind: KindOfChild, with_its_contact: bool
) -> None:
    shop = begin(kind)
    added = ask_of(OTHER, kind, 0, **kind.content)
    shop.decide(added)
    assert shop.last.refusal is CrmRefusal.ID_TAKEN
    gone = remove_contact(CONTACT) if with_its_contact else ask_of(CONTACT, kind, 2)
    shop.decide(gone)
    (event,) = shop.decide(added)
    assert isinstance(event, ChildEvent)
    assert (event.contact_id, event.sequence) == (OTHER, 2)
    child = shop.known.child(kind.name, event.child_id)
    assert child == ChildState(contact_id=OTHER, version=2)
    (changed,) = shop.decide(ask_of(OTHER, kind, 1, expected_version=2, **kind.changed))
    assert changed.sequence == 3
    shop.decide(ask_of(OTHER, kind, 2))
    assert shop.known.child(kind.name, event.child_id) is None
