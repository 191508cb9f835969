"""Evidence that breaks each law: what is sound, spoilt in one place."""

from collections.abc import Callable

import msgspec

from faults import sound
from faults.channel import Acceptance
from faults.evidence import Evidence
from faults.log import Entry
from faults.neighbours import Neighbours
from faults.sound import NV1, NV2, NV3, ORG, PAGE, thread
from faults.tenants import Json
from support.organizations import agent, department
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import AgentId, CustomerId
from tuyen_events.jobs import JobProgressed, JobState
from tuyen_events.routing import Verdict
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    DEAD_LETTERS,
    DIRECTORY,
    INBOUND,
    JOBS,
    POOLS,
    REQUESTS,
)

Spoil = Callable[[Evidence], object]


def _lose_in_the_log(e: Evidence) -> None:
    del e.log.topics[INBOUND.name][0]


def _log_refused(e: Evidence) -> None:
    e.sent["c_1"].acceptance = Acceptance.REFUSED


def _twice_under_two_ids(e: Evidence) -> None:
    first = e.log.topics[INBOUND.name][0]
    e.log.topics[INBOUND.name].append(
        Entry(partition=0, offset=9, key="", value=b"", id="evt_another", event=first.event)
    )


def _lose_in_the_view(e: Evidence) -> None:
    e.threads[thread("c_1")].clear()


def _twice_in_a_thread(e: Evidence) -> None:
    e.threads[thread("c_1")] *= 2


def _in_two_threads(e: Evidence) -> None:
    e.threads[thread("c_2")] += e.threads[thread("c_1")]


def _in_anothers_thread(e: Evidence) -> None:
    e.threads[thread("c_2")] += e.threads[thread("c_1")]
    e.threads[thread("c_1")].clear()


def _show_refused(e: Evidence) -> None:
    e.threads[thread("c_1")].append({"external_id": "c_9", "direction": "in"})


def _never_sent_is_shown(e: Evidence) -> None:
    e.threads[thread("c_1")].append({"external_id": "c_10", "direction": "in"})


def _unknown_is_shown_twice(e: Evidence) -> None:
    e.threads[thread("c_1")] += [{"external_id": "c_8", "direction": "in"}] * 2


def _put_aside(e: Evidence) -> None:
    letter = DeadLettered(
        service="router", origin="inbound", delivery_id="1", error="?", payload="", at=sound.AT
    )
    sound.put(e, DEAD_LETTERS, letter)


def _answer_with_500(e: Evidence) -> None:
    e.mistakes = ["GET /v1/conversations?q=%00"]


def _odd_comes_twice(e: Evidence) -> None:
    e.sent["c_1"].acceptance = Acceptance.ODD
    e.threads[thread("c_1")] *= 2


def _harm(e: Evidence) -> None:
    e.neighbours = Neighbours([[0.2] * 100] * 3, [[0.2] * 98 + [0.31] * 2] * 2 + [[0.2] * 100])


def _version_left_out(e: Evidence) -> None:
    sound.put(e, ASSIGNMENTS, sound.record("c_1", 3, NV2, before=NV1))


def _two_agents_at_one_version(e: Evidence) -> None:
    sound.put(e, ASSIGNMENTS, sound.record("c_1", 1, NV2))


def _follows_on_somebody_else(e: Evidence) -> None:
    sound.put(e, ASSIGNMENTS, sound.record("c_1", 2, NV2, before=NV3))


def _row_behind_the_log(e: Evidence) -> None:
    sound.put(e, ASSIGNMENTS, sound.record("c_1", 2, NV2, before=NV1))


def _row_with_another_agent(e: Evidence) -> None:
    e.rows[thread("c_1")]["assignee"] = {"agent_id": NV2}


def _row_that_waits(e: Evidence) -> None:
    e.rows[thread("c_1")]["waiting"] = True


def _history_with_a_hole(e: Evidence) -> None:
    del e.histories[thread("c_3")][0]


def _row_that_is_missing(e: Evidence) -> None:
    del e.rows[thread("c_1")]


def _follower_behind(e: Evidence) -> None:
    e.followed = {**e.followed, thread("c_1"): (0, None)}


def _follower_elsewhere(e: Evidence) -> None:
    e.followed = {**e.followed, thread("c_1"): (1, NV3)}


def _unwritten(*key: object) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.acknowledged[key] += 1

    return spoil


def _command_handled_twice(e: Evidence) -> None:
    for version in (2, 3):
        again = sound.record("c_1", version, NV2 if version == 2 else NV1)
        sound.put(e, ASSIGNMENTS, msgspec.structs.replace(again, caused_by="cmd"))


def _never_answered(e: Evidence) -> None:
    given = [each for each in sound.answers() if each.request_id != "inbound/0/1"]
    sound.give(e, given)


def _answer_out_of_turn(e: Evidence) -> None:
    first, second, *rest = sound.answers()
    sound.give(e, [second, first, *rest])


def _one_place_two_answers(e: Evidence) -> None:
    given = [*enumerate(sound.answers(), 1)]
    sound.remember(e, [*given, (1, msgspec.structs.replace(given[0][1], agent_id=NV3))])


def _choose_twice(e: Evidence) -> None:
    first = sound.answers()[0]
    sound.give(e, [*sound.answers(), msgspec.structs.replace(first, agent_id=NV3)])


def _two_ends(e: Evidence) -> None:
    sound.give(e, [*sound.answers(), sound.answer(0, Verdict.NOBODY)])


def _answer_otherwise(e: Evidence) -> None:
    told = msgspec.structs.replace(sound.answers()[0], agent_id=NV3)
    e.log.topics[ANSWERS.name] = sound.entries(told)


def _chooses(number: int, agent: AgentId, **choice: object) -> Spoil:
    """The answer of that number chooses somebody else, or says other things of how."""

    def spoil(e: Evidence) -> None:
        given = sound.answers()
        before = given[number].choice
        assert before is not None
        changed = msgspec.structs.replace(before, **choice)
        given[number] = msgspec.structs.replace(given[number], agent_id=agent, choice=changed)
        sound.give(e, given)

    return spoil


def _without_pools(e: Evidence) -> None:
    e.log.topics[POOLS.name].clear()


def _ask_for_a_department(e: Evidence) -> None:
    sound.put(e, REQUESTS, msgspec.structs.replace(sound.request(0), department="sales"))


def _assign_outside_the_department(e: Evidence) -> None:
    _ask_for_a_department(e)
    about: Json = {"organization": ORG, "at": sound.AT}
    agents = [agent(each, **about, departments=("sales",)) for each in (NV1, NV2)]
    sound.put(e, DIRECTORY, department("sales", **about), *agents)
    sound.put(e, POOLS, msgspec.structs.replace(sound.POOL, department="sales"))


def _exam_out_of_turn(e: Evidence) -> None:
    e.exam = {(ORG, PAGE): ("c_2", "c_1")}


def _assign_otherwise(e: Evidence) -> None:
    e.log.topics[ASSIGNMENTS.name] = sound.entries(sound.record("c_1", 1, NV2))


def _waits_though_somebody_can(e: Evidence) -> None:
    e.rows[thread("c_1")] |= {"waiting": True, "assignee": None}


def drain_out_of_order(e: Evidence) -> None:
    *before, third, fourth = sound.answers()
    sound.give(e, [*before, fourth, third])


def _overtaken(e: Evidence) -> None:
    given = sound.answers()
    del given[3]
    given[4] = msgspec.structs.replace(given[4], drained=False)
    sound.give(e, [*given[:3], given[4], given[3]])


def _forget(e: Evidence) -> None:
    e.rows[thread("c_1")] |= {"version": 0, "assignee": None}


def _forget_reply(e: Evidence) -> None:
    _forget(e)
    for message in e.threads[thread("c_1")]:
        message["parent_id"] = "c_0"


def _two_owners(e: Evidence) -> None:
    other = msgspec.structs.replace(sound.record("c_1", 1, NV2), customer_id=CustomerId("cus_2"))
    sound.put(e, ASSIGNMENTS, other)


def _job_that_never_ended(e: Evidence) -> None:
    del e.log.topics[JOBS.name][1]


def _job_that_left_some_out(e: Evidence) -> None:
    job = JobProgressed(
        job_id="job_1",
        organization=ORG,
        at=sound.AT,
        revision=2,
        state=JobState.DONE,
        total=4,
        done=3,
        changed=3,
    )
    sound.put(e, JOBS, job)


def _count_twice(e: Evidence) -> None:
    e.inboxes["an", "nv1"][1] = {**e.inboxes["an", "nv1"][1], "unread": 2}


def _read_and_still_unread(e: Evidence) -> None:
    e.inboxes["an", "nv1"][0] = {**e.inboxes["an", "nv1"][0], "unread": 1}


def _counts_of_others(e: Evidence) -> None:
    e.counts["an", "nv1"] = {"total": 4, "unread": 4}


def _sees_too_much(e: Evidence) -> None:
    e.worlds["an"].settings["visibility"] = "own_only"


def _sees_too_little(e: Evidence) -> None:
    del e.inboxes["an", "nv1"][2]


def _sees_anothers_page(e: Evidence) -> None:
    e.worlds["an"].settings["page_permissions"] = True


def _rebuilt_otherwise(e: Evidence) -> None:
    e.views_after = {"conversations": {"x": {"_id": "x", "unread": 2}}}


def _rebuilt_with_less(e: Evidence) -> None:
    e.views_after = {"conversations": {}}


SPOILT: dict[str, list[Spoil]] = {
    "accepted events are in the log, refused ones are not": [
        _lose_in_the_log,
        _log_refused,
        _twice_under_two_ids,
    ],
    "accepted events are in one conversation, once": [
        _lose_in_the_view,
        _twice_in_a_thread,
        _in_two_threads,
        _in_anothers_thread,
        _show_refused,
        _never_sent_is_shown,
        _unknown_is_shown_twice,
        _odd_comes_twice,
    ],
    "nothing valid goes to the dead letters": [_put_aside],
    "nothing is answered with a mistake of ours": [_answer_with_500],
    "a noisy organization moves no other's p99 by half": [_harm],
    "versions rise by one, one agent each": [
        _version_left_out,
        _two_agents_at_one_version,
        _two_owners,
        _follows_on_somebody_else,
    ],
    "the gateway shows the log's latest state": [
        _row_behind_the_log,
        _row_with_another_agent,
        _row_that_waits,
        _history_with_a_hole,
        _row_that_is_missing,
    ],
    "an external consumer has the gateway's state": [_follower_behind, _follower_elsewhere],
    "what was acknowledged is kept": [
        _unwritten("assigned", thread("c_1"), 2, NV2),
        _unwritten("directory", "an/rule/trang-1", 2),
        _unwritten("read", thread("c_1"), NV1),
        _unwritten("done", thread("c_1"), "admin", False),
        _unwritten("signal", "an", NV1, "online"),
        _unwritten("job", "an", "job_2"),
        _unwritten("reply", "m_none"),
        _unwritten("action", "m_none", "hide"),
    ],
    "a command makes one record": [_command_handled_twice],
    "every request is answered, in the order of the log": [_never_answered, _answer_out_of_turn],
    "an answer never changes": [
        _one_place_two_answers,
        _choose_twice,
        _two_ends,
        _answer_otherwise,
    ],
    "each choice names its pool": [_without_pools, _chooses(0, NV1, pool_id=None)],
    "each pool is of the department that was asked for": [
        _ask_for_a_department,
        _assign_outside_the_department,
    ],
    "nobody is chosen beyond their capacity": [
        _chooses(0, NV1, load=2),
        _chooses(0, NV1, load=None),
    ],
    "each choice is the model's next": [
        _chooses(1, NV3),
        _chooses(1, NV1),
        _chooses(1, NV2, full=(NV2,)),
        _chooses(1, NV2, handed_over_by=NV2),
        _chooses(1, NV2, after=NV3),
    ],
    "skew is at most one while the candidates stay": [_chooses(4, NV2)],
    "in the calm, turns are taken one after another": [_exam_out_of_turn],
    "what was chosen is what was assigned": [_assign_otherwise],
    "nothing waits while somebody can take it": [_waits_though_somebody_can],
    "what waits, waits in order": [drain_out_of_order, _overtaken],
    "nothing is forgotten": [_forget, _forget_reply],
    "jobs come to their end": [_job_that_never_ended, _job_that_left_some_out],
    "unread counts are right for everybody": [
        _count_twice,
        _read_and_still_unread,
        _counts_of_others,
    ],
    "agents see what they may see": [_sees_too_much, _sees_too_little, _sees_anothers_page],
    "views equal a rebuild": [_rebuilt_otherwise, _rebuilt_with_less],
}
