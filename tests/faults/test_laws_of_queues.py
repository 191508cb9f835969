"""The laws of requests and queues, where what is unusual must not break them."""

import msgspec
import pytest

from faults import laws, laws_of_queues, sound
from faults.candidates import candidates
from faults.laws import LAWS
from faults.sound import NV1, NV2, ORG, PAGE, thread
from faults.spoiling import drain_out_of_order
from tuyen_events.routing import (
    ChoiceWithdrawn,
    Position,
    Purpose,
    ThreadGiven,
    ThreadReported,
    ThreadState,
)
from tuyen_events.topics import REQUESTS
from tuyen_events.vocabulary import ConversationKind, Reason


@pytest.mark.parametrize(
    ("change", "able"),
    [
        ({}, ["nv1", "nv2", "nv3"]),
        ({"agents": {"nv1": {"role": "agent", "disabled": True}}}, []),
        ({"presence": {"nv2": "online", "nv3": "away"}}, ["nv2"]),
        ({"rules": {}}, []),
    ],
)
def test_r1_candidates_are_what_the_api_says(change: dict[str, object], able: list[str]) -> None:
    world = sound.evidence().worlds["an"]
    for name, value in change.items():
        setattr(world, name, value)
    assert candidates(world, PAGE, "facebook_comment", {}) == able


def test_a_law_does_not_take_what_was_not_read_for_empty() -> None:
    evidence = sound.evidence()
    del evidence.log.topics[REQUESTS.name]
    with pytest.raises(KeyError):
        laws.finding("", laws_of_queues.queue_is_empty, evidence)


def test_r1_5_what_asks_for_a_department_waits_for_its_agents() -> None:
    evidence = sound.evidence()
    sound.put(evidence, REQUESTS, msgspec.structs.replace(sound.request(0), department="sales"))
    evidence.rows[thread("c_1")] |= {"waiting": True, "assignee": None}
    law = "nothing waits while somebody can take it"
    assert not laws.finding(law, LAWS[law], evidence).broken
    agents = evidence.worlds["an"].agents
    evidence.worlds["an"].agents = {**agents, NV1: {**agents[NV1], "departments": ["sales"]}}
    assert laws.finding(law, LAWS[law], evidence).broken


def test_r4_5_a_thread_that_was_assigned_manually_needs_no_answer() -> None:
    evidence = sound.evidence()
    late = msgspec.structs.replace(
        sound.request(0), request_id="inbound/0/99", conversation_id=thread("c_given")
    )
    law = "every request is answered, in the order of the log"
    sound.put(evidence, REQUESTS, late)
    assert laws.finding(law, LAWS[law], evidence).broken
    about = {
        name: getattr(late, name)
        for name in ("organization", "page_id", "conversation_id", "seed", "at")
    }
    given = ThreadGiven(**about, version=1, agent_id=NV1, reason=Reason.MANUAL, by=NV2, note=None)
    taken = ThreadReported(**about, state=ThreadState.TAKEN, cause=late.cause, given=given)
    sound.put(evidence, REQUESTS, taken)
    assert not laws.finding(law, LAWS[law], evidence).broken


def test_r3_7_who_asked_for_another_department_waits_there_though_the_first_was_answered() -> None:
    evidence = sound.evidence()
    first = msgspec.structs.replace(sound.request(0), kind=ConversationKind.MESSAGE)
    anew = msgspec.structs.replace(
        first, request_id="inbound/0/99", department="sales", keeps_place=True
    )
    evidence.log.topics[REQUESTS.name] = []
    sound.put(evidence, REQUESTS, first, anew)
    evidence.rows[thread("c_1")] |= {"waiting": True, "assignee": None}
    law = "nothing waits while somebody can take it"
    assert not laws.finding(law, LAWS[law], evidence).broken
    agents = evidence.worlds["an"].agents
    evidence.worlds["an"].agents = {**agents, NV1: {**agents[NV1], "departments": ["sales"]}}
    assert laws.finding(law, LAWS[law], evidence).broken


def test_r6_5_what_somebody_gave_back_does_not_wait_for_them() -> None:
    evidence = sound.evidence()
    given_back = msgspec.structs.replace(sound.request(0), handed_over_by=NV1)
    sound.put(evidence, REQUESTS, given_back)
    evidence.rows[thread("c_1")] |= {"waiting": True, "assignee": None}
    evidence.worlds["an"].presence = {NV1: "online"}
    law = "nothing waits while somebody can take it"
    assert not laws.finding(law, LAWS[law], evidence).broken
    evidence.worlds["an"].presence = {NV2: "online"}
    assert laws.finding(law, LAWS[law], evidence).broken


def test_r6_5_a_thread_that_waited_joins_the_handover_of_another_thread_of_its_customer() -> None:
    evidence = sound.evidence()
    first = msgspec.structs.replace(sound.request(0), kind=ConversationKind.MESSAGE)
    handover = msgspec.structs.replace(
        first, request_id="commands/0/7@9", purpose=Purpose.HANDOVER, handed_over_by=NV1
    )
    withdrawn = ChoiceWithdrawn(request_id=first.request_id, organization=ORG, cause=handover.cause)
    evidence.log.topics[REQUESTS.name] = []
    sound.put(evidence, REQUESTS, first, withdrawn, handover)
    evidence.rows[thread("c_1")] |= {"waiting": True, "assignee": None}
    evidence.worlds["an"].presence = {NV1: "online"}
    law = "nothing waits while somebody can take it"
    assert not laws.finding(law, LAWS[law], evidence).broken
    evidence.worlds["an"].presence = {NV2: "online"}
    assert laws.finding(law, LAWS[law], evidence).broken


def test_r3_6_the_request_decides_the_candidates_and_not_the_thread_that_joined_it() -> None:
    evidence = sound.evidence()
    asked = msgspec.structs.replace(sound.request(0), kind=ConversationKind.MESSAGE)
    sound.put(evidence, REQUESTS, asked)
    evidence.rows[thread("c_1")] |= {"waiting": True, "assignee": None}
    for rule in evidence.worlds["an"].rules.values():
        rule["members"] = [{"agent_id": NV1, "capabilities": ["facebook_comment"]}]
    evidence.worlds["an"].presence = {NV1: "online"}
    law = "nothing waits while somebody can take it"
    assert not laws.finding(law, LAWS[law], evidence).broken


def test_r5_3_what_was_withdrawn_is_no_longer_ahead() -> None:
    evidence = sound.evidence()
    drain_out_of_order(evidence)
    withdrawn = ChoiceWithdrawn(
        request_id="inbound/0/2",
        organization=ORG,
        cause=Position(topic="commands", partition=0, offset=0),
    )
    sound.put(evidence, REQUESTS, withdrawn)
    law = "what waits, waits in order"
    assert not laws.finding(law, LAWS[law], evidence).broken
