"""Who has a contact (W4, W5): what is decided, and what is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from crm.entities.test_warehouses import changed, known
from crm.known import KnownThings
from crm.lan import CONTACT, MOMENT, SHOP, after, fold_contact, make_observe_command
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.claims.decide import decide
from tuyen_crm.entities.claims.view import describe, fold
from tuyen_events.crm.claims import (
    ClaimContact,
    ContactAssigned,
    ContactClaimed,
    ContactMoved,
    PlaceContact,
    PlaceEvent,
)
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.teams import TeamChanged
from tuyen_events.ids import AgentId

ADMIN, HOA, LAN, MINH = map(AgentId, ("admin", "hoa", "lan", "minh"))
NORTH = replace(changed("north"), members=(LAN, MINH), managers=(HOA,))
SOUTH = replace(changed("south"), managers=(MINH,))
FREE = ContactState(sequence=5, version=3, warehouse_id="north")
LANS = replace(FREE, assignee=LAN)
COMMON: dict[str, Any] = {
    "organization": SHOP,
    "contact_id": CONTACT,
    "at": MOMENT,
    "command_id": "cmd_1",
}


def claim(
    by: AgentId, warehouse: str = "north", expected_version: int | None = None
) -> ClaimContact:
    return ClaimContact(**COMMON, by=by, warehouse_id=warehouse, expected_version=expected_version)


def place(by: AgentId, *, administrator: bool = False, **fields: Any) -> PlaceContact:
    return PlaceContact(**COMMON, by=by, administrator=administrator, **fields)


TEAM = TeamChanged(
    organization=SHOP,
    at=MOMENT,
    by=ADMIN,
    id="one",
    sequence=3,
    caused_by="cmd_0",
    name="One",
    leaders=(HOA, ADMIN),
    members=(LAN, MINH),
)


def state(contact: ContactState | None) -> KnownThings:
    return known(NORTH, SOUTH, only=contact)


@pytest.mark.parametrize(
    ("by", "contact", "fields", "allowed"),
    [
        (HOA, {"assignee": LAN}, {"assignee": MINH}, True),
        (HOA, {"assignee": LAN}, {"assignee": HOA}, True),
        (HOA, {"assignee": LAN}, {"assignee": ADMIN}, False),
        (HOA, {"assignee": LAN}, {"assignee": None}, False),
        (HOA, {"assignee": LAN}, {"assignee": MINH, "warehouse_id": "north"}, False),
        (HOA, {"assignee": None}, {"assignee": MINH}, False),
        (HOA, {"assignee": AgentId("tu")}, {"assignee": MINH}, False),
        (LAN, {"assignee": LAN}, {"assignee": MINH}, False),
    ],
)
def test_w7_a_leader_reassigns_within_the_team(
    by: AgentId, contact: dict[str, Any], fields: dict[str, Any], allowed: bool
) -> None:
    things = known(NORTH, SOUTH, only=replace(FREE, warehouse_id="south", **contact))
    things.entities["teams", "one"] = TEAM
    decision = decide(things, place(by, **fields))
    assert (decision.outcome is CrmOutcome.APPLIED) is allowed
    assert decision.refusal in (None, CrmRefusal.NOT_ALLOWED)


def test_w4_whoever_claims_first_has_the_contact() -> None:
    decision = decide(state(FREE), claim(LAN))
    assert decision.events == (
        ContactClaimed(
            organization=SHOP,
            contact_id=CONTACT,
            at=MOMENT,
            sequence=6,
            caused_by="cmd_1",
            warehouse_id="north",
            assignee=LAN,
        ),
    )
    contact = evolve(FREE, decision.events[0])
    assert contact is not None
    assert (contact.assignee, contact.version, contact.sequence) == (LAN, 6, 6)
    late = decide(state(contact), claim(MINH))
    assert (late.outcome, late.refusal, late.holder) == (
        CrmOutcome.REFUSED,
        CrmRefusal.HELD,
        LAN,
    )
    assert decide(state(contact), claim(LAN)).outcome is CrmOutcome.UNCHANGED


def test_w4_a_claim_of_a_version_that_has_passed_is_refused() -> None:
    """But whoever has the contact may repeat it, and all others are told who has it."""
    passed = decide(state(FREE), claim(LAN, expected_version=2))
    assert (passed.outcome, passed.version) == (CrmOutcome.VERSION_PASSED, 3)
    assert decide(state(FREE), claim(LAN, expected_version=3)).outcome is CrmOutcome.APPLIED
    assert decide(state(LANS), claim(LAN, expected_version=2)).outcome is CrmOutcome.UNCHANGED
    assert decide(state(LANS), claim(MINH, expected_version=2)).holder == LAN


@pytest.mark.parametrize(
    ("contact", "command"),
    [
        (None, claim(LAN)),
        (FREE, claim(ADMIN)),
        (LANS, claim(ADMIN)),
        (FREE, claim(LAN, "south")),
        (FREE, claim(MINH, "south")),
        (replace(FREE, warehouse_id="default"), claim(LAN, "default")),
    ],
)
def test_w6_for_all_but_members_there_is_nothing_to_claim(
    contact: ContactState | None, command: ClaimContact
) -> None:
    decision = decide(state(contact), command)
    assert (decision.outcome, decision.holder) == (CrmOutcome.NOT_FOUND, None)


@given(st.lists(st.sampled_from([LAN, MINH, HOA, ADMIN]), max_size=50))
def test_w4_of_any_number_of_claims_exactly_one_gets_it(claimers: list[AgentId]) -> None:
    contact: ContactState | None = FREE
    won, named = [], set()
    for number, by in enumerate(claimers):
        decision = decide(state(contact), replace(claim(by), command_id=f"cmd_{number}"))
        for event in decision.events:
            assert isinstance(event, PlaceEvent)
            contact = evolve(contact, event)
            won.append(event.assignee)
        if decision.refusal is CrmRefusal.HELD:
            named.add(decision.holder)
    assert len(won) == bool({*claimers} - {ADMIN})
    assert named <= {*won}


@pytest.mark.parametrize(
    ("contact", "command", "events"),
    [
        (FREE, place(HOA, assignee=MINH), (ContactAssigned,)),
        (LANS, place(HOA, assignee=MINH), (ContactAssigned,)),
        (LANS, place(HOA, assignee=None), (ContactAssigned,)),
        (LANS, place(HOA, warehouse_id="south"), (ContactMoved,)),
        (LANS, place(HOA, warehouse_id="south", assignee=None), (ContactMoved, ContactAssigned)),
        (LANS, place(HOA, assignee=LAN, warehouse_id="north"), ()),
        (LANS, place(HOA), ()),
    ],
)
def test_w5_a_manager_assigns_takes_back_and_moves(
    contact: ContactState, command: PlaceContact, events: tuple[Any, ...]
) -> None:
    decision = decide(state(contact), command)
    assert tuple(type(event) for event in decision.events) == events
    assert [event.sequence for event in decision.events] == [6, 7][: len(events)]
    after_all: ContactState | None = contact
    for event in decision.events:
        assert isinstance(event, PlaceEvent)
        after_all = evolve(after_all, event)
    assert after_all is not None
    if command.assignee is not UNSET:
        assert after_all.assignee == command.assignee
    if command.warehouse_id is not UNSET:
        assert after_all.warehouse_id == command.warehouse_id


@pytest.mark.parametrize(
    ("contact", "command", "refusal"),
    [
        (LANS, place(LAN, assignee=None), CrmRefusal.NOT_ALLOWED),
        (LANS, place(LAN, assignee=MINH), CrmRefusal.NOT_ALLOWED),
        (LANS, place(MINH, assignee=MINH), CrmRefusal.NOT_ALLOWED),
        (LANS, place(LAN, warehouse_id="south"), CrmRefusal.NOT_ALLOWED),
        (LANS, place(ADMIN, administrator=True, assignee=None), CrmRefusal.NOT_ALLOWED),
        (LANS, place(HOA, warehouse_id="none"), CrmRefusal.NO_WAREHOUSE),
    ],
)
def test_w5_nobody_else_does(
    contact: ContactState, command: PlaceContact, refusal: CrmRefusal
) -> None:
    assert decide(state(contact), command).refusal is refusal


def test_w1_the_administrators_manage_the_default_warehouse() -> None:
    contact = replace(FREE, warehouse_id="default")
    for administrator in (True, False):
        command = place(ADMIN, administrator=administrator, assignee=LAN)
        decision = decide(state(contact), command)
        assert (decision.outcome is CrmOutcome.APPLIED) is administrator
    back = place(HOA, warehouse_id="default")
    assert decide(state(LANS), back).outcome is CrmOutcome.APPLIED


def test_w5_an_expected_version_that_has_passed_is_refused() -> None:
    command = place(HOA, assignee=MINH, expected_version=2)
    decision = decide(state(LANS), command)
    assert (decision.outcome, decision.version) == (CrmOutcome.VERSION_PASSED, 3)


@pytest.mark.parametrize(
    ("contact", "command", "vi", "en"),
    [
        (FREE, claim(LAN), "nhận khách từ kho.", "claimed the contact."),
        (
            FREE,
            place(HOA, assignee=LAN),
            "giao khách cho ⟦lan⟧.",
            "assigned the contact to ⟦lan⟧.",
        ),
        (
            LANS,
            place(HOA, assignee=None),
            "thu hồi khách từ ⟦lan⟧.",
            "took the contact back from ⟦lan⟧.",
        ),
        (
            LANS,
            place(HOA, warehouse_id="south"),
            "chuyển khách sang kho “south”.",
            "moved the contact to the warehouse “south”.",
        ),
    ],
)
def test_c8_the_history_in_words(
    contact: ContactState, command: ClaimContact | PlaceContact, vi: str, en: str
) -> None:
    (event,) = decide(state(contact), command).events
    assert isinstance(event, ContactClaimed | ContactAssigned | ContactMoved)
    before = replace(
        fold_contact(after(make_observe_command("Lan"))[1]),
        warehouse_id=contact.warehouse_id,
        assignee=contact.assignee,
    )
    document = fold(before, event)
    assert document is not None
    assert (document.warehouse_id, document.assignee) == (event.warehouse_id, event.assignee)
    assert (document.version, document.sequence, document.updated_at) == (6, 6, MOMENT)
    described = describe(event, before, document)
    assert (described.vi, described.en, described.by) == (vi, en, command.by)
    assert len(described.changes) == 1
    assert fold(None, event) is None
