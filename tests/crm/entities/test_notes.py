"""Notes (C5): what is decided, and what is shown."""

from datetime import UTC, datetime

from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.notes.decide import decide
from tuyen_crm.entities.notes.view import describe, fold
from tuyen_events.crm.notes import AddNote, NoteAdded, NoteId
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.limits import ROW_TEXT_CHARACTERS, TEXT_CHARACTERS
from tuyen_views.notes import NoteDocument

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, CONTACT, HOA = OrganizationId("hoa-sen"), ContactId("con_1"), AgentId("hoa")
LAN = ContactState(sequence=7, version=3, name="Lan")


def add(text: str = "Thích giày size 42.") -> AddNote:
    return AddNote(
        command_id="cmd_1",
        organization=SHOP,
        contact_id=CONTACT,
        at=MOMENT,
        note_id=NoteId("note_1"),
        text=text,
        by=HOA,
    )


def make_added(text: str = "Thích giày size 42.") -> NoteAdded:
    return NoteAdded(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=8,
        caused_by="cmd_1",
        at=MOMENT,
        note_id=NoteId("note_1"),
        text=text,
        by=HOA,
    )


def test_c5_a_note_says_who_wrote_it_and_when() -> None:
    decision = decide(LAN, add())
    assert (decision.outcome, decision.version) == (CrmOutcome.APPLIED, 8)
    assert decision.events == (make_added(),)


def test_c5_there_are_no_notes_about_nobody() -> None:
    decision = decide(None, add())
    assert (decision.outcome, decision.events) == (CrmOutcome.NOT_FOUND, ())


def test_c5_a_note_is_no_change_of_its_contact() -> None:
    contact = evolve(LAN, make_added())
    assert contact == ContactState(sequence=8, version=3, name="Lan")


def test_c5_a_note_as_it_is_shown() -> None:
    assert fold(None, make_added()) == NoteDocument(
        id="note_1",
        organization=SHOP,
        contact_id=CONTACT,
        first_sequence=8,
        sequence=8,
        text="Thích giày size 42.",
        created_at=MOMENT,
        created_by=HOA,
        updated_at=MOMENT,
    )


def test_c8_the_history_has_the_beginning_of_a_note() -> None:
    description = describe(make_added("x" * TEXT_CHARACTERS))
    assert (description.by, description.vi, description.en) == (
        HOA,
        "thêm một ghi chú.",
        "added a note.",
    )
    (change,) = description.changes
    assert (change.field, change.before, change.after) == ("text", None, "x" * ROW_TEXT_CHARACTERS)
