"""A law that cannot be broken is worth nothing: each one, on evidence that was spoilt for it."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from faults import laws, sound, sound_contacts
from faults.channel import Acceptance
from faults.laws import LAWS
from faults.log import Entry
from faults.sound import ORG, thread
from faults.spoiling import SPOILT, Spoil
from faults.spoiling_contacts import SPOILT_CONTACTS
from faults.spoiling_replies import SPOILT_REPLIES
from faults.tenants import Json
from support.organizations import agent
from tuyen_events.jobs import JobProgressed, JobState
from tuyen_events.topics import DIRECTORY, JOBS
from tuyen_events.vocabulary import Role

ALL_SPOILT = {**SPOILT, **SPOILT_REPLIES, **SPOILT_CONTACTS}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_holds_on_sound_evidence_and_looks_at_something(law: str) -> None:
    found = laws.finding(law, LAWS[law], sound_contacts.evidence())
    assert found.broken == []
    assert found.looked_at > 0


@pytest.mark.parametrize(
    ("law", "spoil"),
    [
        pytest.param(law, spoil, id=f"{law}: {number}")
        for law, spoils in ALL_SPOILT.items()
        for number, spoil in enumerate(spoils)
    ],
)
def test_a_law_is_broken_by_spoilt_evidence(law: str, spoil: Spoil) -> None:
    spoilt = sound_contacts.evidence()
    spoil(spoilt)
    assert laws.finding(law, LAWS[law], spoilt).broken


def test_every_law_has_evidence_that_breaks_it() -> None:
    assert ALL_SPOILT.keys() == LAWS.keys()


def test_what_was_delivered_again_while_its_page_moved_may_be_in_both_organizations() -> None:
    evidence = sound.evidence()
    law = "accepted events are in one conversation, once"
    first, second = thread("c_8"), thread("c_elsewhere")
    sent = evidence.sent["c_8"]
    changed = replace(sent, conversations=frozenset({first, second}))
    evidence.sent = {**evidence.sent, "c_8": changed}
    for where in (first, second):
        evidence.threads.setdefault(where, []).append({"external_id": "c_8", "direction": "in"})
    assert laws.finding(law, LAWS[law], evidence).broken
    evidence.sent["c_8"].acceptance = Acceptance.REPEATED
    assert not laws.finding(law, LAWS[law], evidence).broken
    evidence.threads[second].append({"external_id": "c_8", "direction": "in"})
    assert laws.finding(law, LAWS[law], evidence).broken


def test_r6_5_a_job_of_somebody_who_left_ends_with_that_reason() -> None:
    evidence = sound.evidence()
    law = "jobs come to their end"
    (before,) = [each for _, each in evidence.log.events(JOBS, JobProgressed)]
    changes = {"revision": 2, "state": JobState.FAILED}
    sound.put(evidence, JOBS, msgspec.structs.replace(before, **changes, detail="a mistake"))
    assert laws.finding(law, LAWS[law], evidence).broken
    told = "nv1 asked for it, and was disabled or removed since."
    changes["revision"] = 3
    sound.put(evidence, JOBS, msgspec.structs.replace(before, **changes, detail=told))
    assert not laws.finding(law, LAWS[law], evidence).broken


def test_i5_what_was_accepted_before_an_agent_came_is_unread_for_nobody() -> None:
    evidence = sound.evidence()
    about: Json = {"organization": ORG, "at": sound.AT}
    new = agent("admin", Role.SYSTEM_ADMIN, **about, since=sound.AT + timedelta(minutes=4))
    sound.put(evidence, DIRECTORY, new)
    law = "unread counts are right for everybody"
    assert laws.finding(law, LAWS[law], evidence).broken
    evidence.inboxes["an", "admin"] = [{**row, "unread": 0} for row in evidence.rows.values()]
    evidence.counts["an", "admin"] = {"total": 4, "unread": 0}
    assert not laws.finding(law, LAWS[law], evidence).broken


def test_i5_who_was_hired_again_is_not_held_to_what_came_before() -> None:
    evidence = sound.evidence()
    evidence.inboxes["an", "nv1"] = [{**row, "unread": 0} for row in evidence.rows.values()]
    law = "unread counts are right for everybody"
    assert laws.finding(law, LAWS[law], evidence).broken
    removal = Entry(partition=0, offset=9, key="an/agent/nv1", value=None, id="", event=None)
    evidence.log.topics[DIRECTORY.name].append(removal)
    assert not laws.finding(law, LAWS[law], evidence).broken
