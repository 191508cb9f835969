"""Notes (C5): what is decided, and what is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.known import KnownThings
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.notes.decide import decide
from tuyen_crm.entities.notes.view import describe, fold
from tuyen_events.crm.notes import (
    AddNote,
    ChangeNote,
    NoteAdded,
    NoteChanged,
    NoteId,
    NoteRemoved,
    RemoveNote,
)
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.limits import ROW_TEXT_CHARACTERS, TEXT_CHARACTERS
from tuyen_views.notes import NoteDocument

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
LATER = MOMENT + timedelta(hours=1)
SHOP, CONTACT, HOA = OrganizationId("hoa-sen"), ContactId("con_1"), AgentId("hoa")
LAN = ContactState(sequence=7, version=3, name="Lan")
EMPTY = KnownThings(LAN)
NOTED = KnownThings(LAN, {("notes", "note_1"): ChildState(contact_id=CONTACT, version=5)})
ELSEWHERE = KnownThings(
    LAN, {("notes", "note_1"): ChildState(contact_id=ContactId("con_2"), version=5)}
)
OF_NOTE: dict[str, Any] = {
    "organization": SHOP,
    "contact_id": CONTACT,
    "note_id": NoteId("note_1"),
    "by": HOA,
}


def ask(expected: int | None = None) -> dict[str, Any]:
    return {**OF_NOTE, "command_id": "cmd_1", "at": MOMENT, "expected_version": expected}


def happened(sequence: int = 8, at: datetime = MOMENT) -> dict[str, Any]:
    return {**OF_NOTE, "sequence": sequence, "order": 40, "caused_by": "cmd_1", "at": at}


def make_added(text: str = "Thích giày size 42.") -> NoteAdded:
    return NoteAdded(**happened(), text=text)


def fold_note(text: str = "Thích giày size 42.") -> NoteDocument:
    document = fold(None, make_added(text))
    assert document is not None
    return document


def test_c5_a_note_says_who_wrote_it_and_when() -> None:
    decision = decide(EMPTY, AddNote(**ask(), text="Thích giày size 42."))
    assert (decision.outcome, decision.version) == (CrmOutcome.APPLIED, 8)
    assert decision.events == (NoteAdded(**{**happened(), "order": 0}, text="Thích giày size 42."),)


def test_c5_a_note_with_an_id_that_exists_is_replaced() -> None:
    (event,) = decide(NOTED, AddNote(**ask(), text="Size 43.")).events
    assert event == NoteChanged(**{**happened(), "order": 0}, text="Size 43.")


def test_c5_a_change_contains_what_was_given() -> None:
    (event,) = decide(NOTED, ChangeNote(**ask(5), text="Size 43.")).events
    assert event == NoteChanged(**{**happened(), "order": 0}, text="Size 43.")


def test_c5_a_note_is_removed_once() -> None:
    (event,) = decide(NOTED, RemoveNote(**ask())).events
    assert event == NoteRemoved(**{**happened(), "order": 0})
    again = decide(EMPTY, RemoveNote(**ask()))
    assert (again.outcome, again.events) == (CrmOutcome.UNCHANGED, ())


@pytest.mark.parametrize(
    "command", [AddNote(**ask(4), text="x"), ChangeNote(**ask(4), text="x"), RemoveNote(**ask(4))]
)
def test_c5_another_change_came_first(command: AddNote | ChangeNote | RemoveNote) -> None:
    decision = decide(NOTED, command)
    assert (decision.outcome, decision.version) == (CrmOutcome.VERSION_PASSED, 5)
    assert decision.events == ()


def test_c5_the_id_of_another_contacts_note_is_taken() -> None:
    decision = decide(ELSEWHERE, AddNote(**ask(), text="x"))
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, CrmRefusal.ID_TAKEN)
    assert decide(ELSEWHERE, ChangeNote(**ask(), text="x")).outcome is CrmOutcome.NOT_FOUND


def test_c5_there_are_no_notes_about_nobody() -> None:
    decision = decide(KnownThings(), AddNote(**ask(), text="x"))
    assert (decision.outcome, decision.events) == (CrmOutcome.NOT_FOUND, ())


def test_c5_a_note_is_no_change_of_its_contact() -> None:
    contact = evolve(LAN, make_added())
    assert contact == ContactState(sequence=8, version=3, name="Lan")


def test_c5_a_note_as_it_is_shown() -> None:
    assert fold_note() == NoteDocument(
        key="hoa-sen/note_1/con_1",
        id="note_1",
        organization=SHOP,
        contact_id=CONTACT,
        place="000000000000040.000000008.con_1",
        sequence=8,
        text="Thích giày size 42.",
        created_at=MOMENT,
        created_by=HOA,
        updated_at=MOMENT,
    )


def test_c5_a_changed_note_keeps_its_place_and_its_author() -> None:
    changed = NoteChanged(**{**happened(9, LATER), "by": AgentId("lan")}, text="Size 43.")
    document = fold(fold_note(), changed)
    assert document is not None
    assert (document.text, document.sequence, document.updated_at) == ("Size 43.", 9, LATER)
    assert (document.created_by, document.created_at) == (HOA, MOMENT)
    assert document.place == fold_note().place


def test_c8_the_history_has_the_beginning_of_a_note() -> None:
    event = make_added("x" * TEXT_CHARACTERS)
    description = describe(event, None, fold(None, event))
    assert (description.by, description.vi, description.en) == (
        HOA,
        "thêm một ghi chú.",
        "added a note.",
    )
    (change,) = description.changes
    assert (change.field, change.before, change.after) == ("text", None, "x" * ROW_TEXT_CHARACTERS)


def test_c8_the_history_says_what_was_changed_and_removed() -> None:
    before, changed = fold_note("Size 42."), NoteChanged(**happened(9), text="Size 43.")
    description = describe(changed, before, fold(before, changed))
    assert (description.vi, description.en) == ("sửa một ghi chú.", "changed a note.")
    (change,) = description.changes
    assert (change.before, change.after) == ("Size 42.", "Size 43.")
    description = describe(NoteRemoved(**happened(10)), before, None)
    assert (description.vi, description.en) == ("xóa một ghi chú.", "removed a note.")
