"""Sentences for reasons, and what the evening comes to."""

from dataclasses import replace

import pytest

from tuyen_events.vocabulary import Reason
from tuyen_local.demo.tally import Tally
from tuyen_local.demo.why import STICKY, AssignmentRecord, explain

RECORD = AssignmentRecord(
    reason=Reason.ROTATION,
    agent_id="hoa",
    previous_agent_id="lan",
    candidates=["minh", "hoa"],
    by="admin",
    note="quen khách này",
)


@pytest.mark.parametrize("reason", list(Reason))
def test_r9_4_every_reason_has_a_sentence_with_its_rule(reason: Reason) -> None:
    assert "(R" in explain(replace(RECORD, reason=reason))


def test_r3_3_the_sentence_names_who_left_and_who_could_be_chosen() -> None:
    told = explain(replace(RECORD, reason=Reason.REASSIGNED_OFFLINE))
    assert told == "Lan is offline; next in turn of Minh, Hoa (R3.3)"


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("quen khách này", "admin gave it to them, “quen khách này” (R6.1)"),
        (None, "admin gave it to them (R6.1)"),
    ],
)
def test_r6_3_the_sentence_says_who_did_it_and_why(note: str | None, told: str) -> None:
    assert explain(replace(RECORD, reason=Reason.MANUAL, note=note)) == told


def test_a_record_is_read_from_the_gateways_answer() -> None:
    item = {
        "version": 3,
        "agent_id": "hoa",
        "previous_agent_id": "lan",
        "reason": "rotation",
        "mode": "sequential",
        "rule_id": "everyone",
        "by": "admin",
        "note": "quen khách này",
        "candidates": ["minh", "hoa"],
    }
    assert AssignmentRecord.read(item) == RECORD


def test_the_tally_counts_by_agent_and_reason() -> None:
    tally = Tally(["lan", "minh"])
    for agent, reason in (
        ("lan", Reason.ROTATION),
        ("lan", Reason.REASSIGNED_OFFLINE),
        ("lan", STICKY),
        ("minh", Reason.MANUAL),
    ):
        tally.add(agent, reason)
    assert (tally.in_turn("lan"), tally.sticky("lan"), tally.other("lan")) == (2, 1, 0)
    assert (tally.in_turn("minh"), tally.sticky("minh"), tally.other("minh")) == (0, 0, 1)


def test_r2_1_the_skew_is_of_choices_among_all_agents() -> None:
    tally = Tally(["lan", "minh", "hoa"])
    for agent in ("lan", "minh", "hoa", "lan"):
        tally.add(agent, Reason.ROTATION, ["lan", "minh", "hoa"])
    tally.add("hoa", Reason.ROTATION, ["minh", "hoa"])
    assert (tally.rotated, tally.skew) == (4, 1)
