"""Merging contacts that are shared (C2, S1, S4)."""

from tuyen_crm.domain.content import absorb, release, restore_content
from tuyen_events.crm.contacts import ContactContent
from tuyen_events.ids import AgentId

HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")
OLDER = ContactContent(name="Lan", shares={LAN: ("r",)})
OTHER = ContactContent(name="Lan", shares={HOA: ("", "q"), LAN: ("",), MINH: ("q",)})


def test_c2_s4_what_a_rule_gave_is_not_taken_over() -> None:
    content, gained = absorb(OLDER, OTHER)
    assert content.shares == {LAN: ("", "r"), HOA: ("",)}
    assert gained.values["shares"] == (HOA,)


def test_c2_s4_a_contact_that_is_separated_has_what_was_given_manually() -> None:
    content, gained = absorb(OLDER, OTHER)
    assert restore_content(OTHER, content).shares == {HOA: ("",), LAN: ("",)}
    left, _ = release(content, gained, OTHER, {})
    assert left.shares == {LAN: ("", "r")}
