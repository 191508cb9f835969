"""Tags (C5): what is decided, what a contact has, and what is shown."""

from typing import Any

import pytest

from crm.child_kinds import CONTACT, HOA, MOMENT, SHOP
from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.tags.decide import decide
from tuyen_crm.entities.tags.view import describe, fold
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.tags import AddTag, RemoveTag, TagAdded, TagRemoved
from tuyen_events.limits import TAGS
from tuyen_views.history import Change

LAN = ContactState(sequence=7, version=3, name="Lan", tags=("VIP",))
OF_TAG: dict[str, Any] = {"organization": SHOP, "contact_id": CONTACT, "by": HOA, "at": MOMENT}


def ask(tag: str, expected: int | None = None) -> dict[str, Any]:
    return {**OF_TAG, "command_id": "cmd_1", "tag": tag, "expected_version": expected}


def happened(tag: str, sequence: int = 8) -> dict[str, Any]:
    return {**OF_TAG, "sequence": sequence, "caused_by": "cmd_1", "tag": tag}


def test_c5_a_tag_is_a_change_of_its_contact() -> None:
    decision = decide(KnownThings(LAN), AddTag(**ask("Khách sỉ", 3)))
    assert (decision.outcome, decision.version) == (CrmOutcome.APPLIED, 8)
    assert decision.events == (TagAdded(**happened("Khách sỉ")),)
    contact = evolve(LAN, TagAdded(**happened("Khách sỉ")))
    assert contact == ContactState(sequence=8, version=8, name="Lan", tags=("VIP", "Khách sỉ"))


@pytest.mark.parametrize(
    "command", [AddTag(**ask("vip")), AddTag(**ask("VIP")), RemoveTag(**ask("khách sỉ"))]
)
def test_c5_tags_are_compared_without_case(command: AddTag | RemoveTag) -> None:
    decision = decide(KnownThings(LAN), command)
    assert (decision.outcome, decision.version, decision.events) == (CrmOutcome.UNCHANGED, 3, ())


def test_c5_tags_are_compared_in_whichever_unicode_form_they_were_typed() -> None:
    tagged = ContactState(sequence=7, version=3, tags=("sỉ",))
    assert decide(KnownThings(tagged), AddTag(**ask("si\u0309"))).outcome is CrmOutcome.UNCHANGED


def test_c5_a_tag_is_taken_away_as_it_is_written() -> None:
    decision = decide(KnownThings(LAN), RemoveTag(**ask("vip")))
    assert decision.events == (TagRemoved(**happened("VIP")),)
    contact = evolve(LAN, TagRemoved(**happened("VIP")))
    assert contact == ContactState(sequence=8, version=8, name="Lan")


@pytest.mark.parametrize("command", [AddTag(**ask("x", 2)), RemoveTag(**ask("vip", 2))])
def test_c5_another_change_of_the_contact_came_first(command: AddTag | RemoveTag) -> None:
    decision = decide(KnownThings(LAN), command)
    assert (decision.outcome, decision.version) == (CrmOutcome.VERSION_PASSED, 3)


def test_r9_5_a_contact_has_so_many_tags() -> None:
    full = ContactState(sequence=7, version=3, tags=tuple(map(str, range(TAGS))))
    decision = decide(KnownThings(full), AddTag(**ask("one more")))
    assert (decision.outcome, decision.refusal) == (CrmOutcome.REFUSED, CrmRefusal.TOO_MANY)
    assert decide(KnownThings(full), AddTag(**ask("7"))).outcome is CrmOutcome.UNCHANGED


def test_c5_nobody_has_no_tags() -> None:
    assert decide(KnownThings(), AddTag(**ask("x"))).outcome is CrmOutcome.NOT_FOUND


def test_c5_c8_a_tag_as_it_is_shown_and_told() -> None:
    added, removed = TagAdded(**happened("VIP")), TagRemoved(**happened("VIP", 9))
    document = fold(None, added)
    assert document is not None
    assert (document.key, document.tag, document.folded, document.created_by) == (
        "hoa-sen/con_1/vip/con_1",
        "VIP",
        "vip",
        HOA,
    )
    assert fold(document, removed) is None
    described = describe(added, None, document)
    assert (described.by, described.vi, described.en) == (
        HOA,
        "gắn nhãn “VIP”.",
        "added the tag “VIP”.",
    )
    assert described.changes == (Change(field="tags", before=None, after="VIP"),)
    described = describe(removed, document, None)
    assert (described.vi, described.en) == ("gỡ nhãn “VIP”.", "removed the tag “VIP”.")
