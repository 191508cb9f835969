"""What must hold, whatever happened; judged from the log and the API's answers alone.

A law looks at the evidence, says how many things it looked at, and what of them is not as it must
be. `laws_of_choices` and `laws_of_queues` have those of routing, `laws_of_replies` those of what
is sent, `laws_of_contacts` those of the CRM.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from faults import laws_of_choices, laws_of_queues
from faults.channel import Acceptance
from faults.evidence import Evidence, World
from faults.laws_of_contacts import LAWS_OF_CONTACTS
from faults.laws_of_replies import LAWS_OF_REPLIES
from faults.neighbours import find_p99
from faults.people import Key
from faults.tenants import AGENTS, Json
from tuyen_directory.organization import next_version
from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.commands import AssignConversation, MarkConversationDone
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.directory import AgentChanged
from tuyen_events.inbound import CommentAdded, InboundEvent, MessageReceived
from tuyen_events.jobs import JobProgressed, JobRequested, JobState
from tuyen_events.marks import ConversationRead
from tuyen_events.outbound import OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import (
    ASSIGNMENTS,
    COMMANDS,
    DEAD_LETTERS,
    DIRECTORY,
    INBOUND,
    JOBS,
    MARKS,
    PRESENCE_SIGNALS,
)

Look = Callable[[Evidence], Iterator[str | None]]
"""Yields, for each thing looked at, what is wrong with it, or None."""


_TIMES = {
    Acceptance.ACCEPTED: (1, 1),
    Acceptance.REFUSED: (0, 0),
    Acceptance.UNKNOWN: (0, 1),
    Acceptance.REPEATED: (0, 1),
    Acceptance.ODD: (0, 1),
}
"""How often what was sent may stand somewhere: least and most."""
_ODD = "odd_"
_BEFORE_ALL, _AFTER_ALL = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_GONE = "was disabled or removed since"
_NOTICEABLE_S = 0.25


@dataclass(frozen=True, slots=True)
class Finding:
    law: str
    looked_at: int
    broken: list[str]


def judge(evidence: Evidence) -> list[Finding]:
    """All laws, on all of the evidence."""
    return [finding(law, look, evidence) for law, look in LAWS.items()]


def finding(law: str, look: Look, evidence: Evidence) -> Finding:
    seen = list(look(evidence))
    return Finding(law, len(seen), [each for each in seen if each is not None])


def accepted_events_stand_once(evidence: Evidence) -> Iterator[str | None]:
    """R9.1, R9.2: in one conversation of its organization, once; what was refused is nowhere."""
    shown = Counter(
        (message["external_id"], conversation)
        for conversation, thread in evidence.threads.items()
        for message in thread
        if message["direction"] == "in"
    )
    places: dict[str, list[str]] = {}
    for (external_id, conversation), times in shown.items():
        places.setdefault(external_id, []).extend([conversation] * times)
    for external_id, sent in evidence.sent.items():
        found = places.pop(external_id, [])
        least, most = _TIMES[sent.acceptance]
        in_each = sent.acceptance is Acceptance.REPEATED and len(found) == len(set(found))
        if not least <= len(found) <= most and not in_each:
            yield f"{external_id} was {sent.acceptance} and stands in {found}"
        elif sent.acceptance is not Acceptance.ODD and not set(found) <= sent.conversations:
            yield f"{external_id} stands in {found} instead of {sorted(sent.conversations)}"
        else:
            yield None
    for external_id, found in places.items():
        if not external_id.startswith(_ODD):
            yield f"nobody sent {external_id}, and it stands in {found}"


def accepted_events_are_in_the_log(evidence: Evidence) -> Iterator[str | None]:
    """R9.1, R9.2: under one id each, however often they were delivered."""
    ids: dict[str, set[str]] = {}
    for entry in evidence.log.of(INBOUND):
        if isinstance(entry.event, MessageReceived | CommentAdded):
            ids.setdefault(entry.event.external_id, set()).add(entry.id)
    for external_id, sent in evidence.sent.items():
        found = ids.get(external_id, set())
        least, most = _TIMES[sent.acceptance]
        wrong = not least <= len(found) <= most
        yield f"{external_id} was {sent.acceptance}: {sorted(found)}" if wrong else None


def nothing_is_unreadable(evidence: Evidence) -> Iterator[str | None]:
    """P4: only what is invalid on purpose goes to the dead letters."""
    for _, event in evidence.log.events(DEAD_LETTERS, DeadLettered):
        yield None if _ODD in event.payload else f"{event}"
    yield None


def nothing_is_our_mistake(evidence: Evidence) -> Iterator[str | None]:
    """R9.5: whatever anybody sends, it is done, refused with its reason, or not possible now."""
    yield from evidence.mistakes
    yield None


def neighbours_are_not_harmed(evidence: Evidence) -> Iterator[str | None]:
    """R9.5: a noisy organization moves another's 99th percentile by less than half.

    What a machine does by itself in a moment (`_NOTICEABLE_S`) is nobody's noise.
    """
    if evidence.neighbours is not None:
        alone, beside = find_p99(evidence.neighbours.alone), find_p99(evidence.neighbours.beside)
        harmed = beside > max(_NOTICEABLE_S, 1.5 * alone)
        yield f"p99 was {alone:.3f} s, then {beside:.3f} s" if harmed else None


def versions_rise_by_one(evidence: Evidence) -> Iterator[str | None]:
    """INV1: one writer; two records with one version are one and the same decision."""
    for conversation, records in evidence.assignments().items():
        yield _broken_versions(conversation, records)


def _broken_versions(conversation: str, records: list[AssignmentEvent]) -> str | None:
    """A comment's thread may have been assigned manually in one partition before the record of
    another was known there (R4.1): then the latter's last record, with a version above both, names
    the assignee."""
    if len({each.customer_id for each in records}) > 1:
        highest = max(each.version for each in records)
        last = {(each.customer_id, each.agent_id) for each in records if each.version == highest}
        return None if len(last) == 1 else f"{conversation}: version {highest} has {last}"
    firsts: dict[int, AssignmentEvent] = {}
    for each in records:
        first = firsts.setdefault(each.version, each)
        if first is each:
            before = firsts.get(each.version - 1)
            if each.version != len(firsts):
                return f"{conversation}: version {each.version} came after {len(firsts) - 1}"
            if each.previous_agent_id != (None if before is None else before.agent_id):
                return f"{conversation}: version {each.version} follows on somebody else"
        elif first.agent_id != each.agent_id:
            agents = f"{first.agent_id} and {each.agent_id}"
            return f"{conversation}: version {each.version} has {agents}"
    return None


def gateway_shows_the_logs_last_word(evidence: Evidence) -> Iterator[str | None]:
    """R7.3: assignee, version and waiting, and the whole history, as the records that count."""
    decided, written = evidence.decided(), evidence.assignments()
    for conversation, row in evidence.rows.items():
        records = decided.pop(conversation, [])
        last = records[-1] if records else None
        said: tuple[int, str | None, bool] = (0, None, False)
        if last is not None:
            said = (last.version, last.agent_id, isinstance(last, AssignmentQueued))
        shown = (row["version"], _assignee(row), row["waiting"])
        history = [(h["version"], h["agent_id"]) for h in evidence.histories[conversation]]
        if shown != said:
            yield f"{conversation} shows {shown}, the log says {said}"
        elif len({each.customer_id for each in written.get(conversation, [])}) > 1:
            yield None  # two partitions wrote the first versions, each for itself (R4.1)
        elif history != [(each.version, each.agent_id) for each in reversed(records)]:
            yield f"{conversation} has the history {history}"
        else:
            yield None
    for conversation in decided:
        yield f"{conversation} is in the log and in no inbox"


def followers_have_the_gateways_state(evidence: Evidence) -> Iterator[str | None]:
    """A consumer that keeps the highest version of each conversation."""
    for conversation, row in evidence.rows.items():
        version, agent = evidence.followed.get(conversation, (0, None))
        shown = (row["version"], _assignee(row))
        same = (version, agent) == shown
        yield None if same else f"{conversation}: {(version, agent)} there, {shown} here"


def acknowledged_writes_stand(evidence: Evidence) -> Iterator[str | None]:
    """What the gateway said was done is in the log."""
    written = Counter(_list_written(evidence))
    for key, times in evidence.acknowledged.items():
        # A write that changes nothing is answered with the version that stands.
        least = 1 if key[0] in ("assigned", "directory", "reply", "retry") else times
        found = written[key]
        yield (
            None if found >= least else f"{key} was answered {times} times, is there {found} times"
        )


def _list_written(evidence: Evidence) -> Iterator[Key]:
    log = evidence.log
    for _, event in log.events(ASSIGNMENTS, AssignmentEvent):
        yield ("assigned", event.conversation_id, event.version, event.agent_id)
    versions: Counter[str] = Counter()
    for entry in log.of(DIRECTORY):
        organization = entry.key.partition("/")[0]
        versions[organization] = next_version(versions[organization], entry.timestamp)
        yield ("directory", entry.key, versions[organization])
    for _, mark in log.events(MARKS, ConversationRead):
        yield ("read", mark.conversation_id, mark.agent_id)
    for _, done in log.events(COMMANDS, MarkConversationDone):
        yield ("done", done.conversation_id, done.by, done.done)
    for _, job in log.events(JOBS, JobRequested):
        yield ("job", job.organization, job.job_id)
    for _, request in log.events(OUTBOUND, OutboundRequested):
        if request.action.makes_message:
            yield ("reply", request.message_id)
            if request.retries is not None:
                yield ("retry", request.message_id)
        else:
            yield ("action", request.message_id, request.action.value)
    for _, signal in log.events(PRESENCE_SIGNALS, SessionSignalled):
        yield ("signal", signal.organization, signal.agent_id, signal.status)


def commands_are_settled_by_one_record(evidence: Evidence) -> Iterator[str | None]:
    """R6.4: a command that was handled twice changes nothing the second time.

    Where two partitions began one comment's thread (R4.1), the one that keeps it repeats what was
    decided in the other, under its own customer: that is no second handling.
    """
    made = Counter(
        (each.caused_by, each.conversation_id, each.customer_id)
        for records in evidence.decided().values()
        for each in records
    )
    most: dict[tuple[str | None, str], int] = {}
    for (cause, conversation, _), times in made.items():
        most[cause, conversation] = max(times, most.get((cause, conversation), 0))
    for _, command in evidence.log.events(COMMANDS, AssignConversation):
        times = most.get((command.command_id, command.conversation_id), 0)
        yield None if times <= 1 else f"{command.command_id} made {times} records"


def jobs_come_to_their_end(evidence: Evidence) -> Iterator[str | None]:
    """R6.5: each goes through all that there was, once, whoever died meanwhile; but for one whose
    asker may do nothing any more, which ends with that reason."""
    last: dict[str, JobProgressed] = {}
    for _, progress in evidence.log.events(JOBS, JobProgressed):
        known = last.get(progress.job_id)
        if known is not None and progress.state is JobState.RUNNING is not known.state:
            continue  # a gateway that was frozen does not begin again what has ended
        if known is None or progress.revision > known.revision:
            last[progress.job_id] = progress
    for _, job in evidence.log.events(JOBS, JobRequested):
        end = last.get(job.job_id)
        if end is not None and end.state is JobState.FAILED and _GONE in (end.detail or ""):
            yield None
            continue
        if end is None or end.state is not JobState.DONE:
            yield f"{job.job_id} came to {end}"
            continue
        through = end.changed + end.unchanged + sum(end.refused.values())
        yield None if through == end.done == end.total else f"{job.job_id} counts {end}"


def unread_counts_are_right(evidence: Evidence) -> Iterator[str | None]:
    """I3, I5: what came, less what the agent's last mark says was read; where there is no mark,
    what was accepted since the agent is there, by ingest's clock, which may be minutes behind.

    Who left and was hired again keeps marks of before, and is left out.
    """
    since = {
        (str(agent.organization), str(agent.id)): agent.since
        for _, agent in evidence.log.events(DIRECTORY, AgentChanged)
    }
    accepted: dict[str, datetime] = {}
    for _, event in evidence.log.events(INBOUND, InboundEvent):
        if isinstance(event, MessageReceived | CommentAdded):
            accepted.setdefault(event.external_id, event.accepted_at)
    left = {entry.key for entry in evidence.log.of(DIRECTORY) if entry.value is None}
    marks = {
        (str(mark.conversation_id), str(mark.agent_id)): mark.seen_events
        for _, mark in evidence.log.events(MARKS, ConversationRead)
    }
    for (tenant, name), inbox in evidence.inboxes.items():
        if f"{tenant}/agent/{name}" in left:
            continue
        unread = 0
        began = since.get((tenant, name)) or _BEFORE_ALL
        for row in inbox:
            thread = [each for each in evidence.threads[row["id"]] if each["direction"] == "in"]
            seen = marks.get((row["id"], name))
            if seen is None:
                late = (accepted.get(each["external_id"], _AFTER_ALL) > began for each in thread)
                expected = sum(late)
            else:
                expected = max(0, len(thread) - seen)
            unread += expected > 0
            same = row["unread"] == expected
            yield (
                None if same else f"{row['id']}: {row['unread']} unread for {name}, not {expected}"
            )
        counts = evidence.counts[tenant, name]
        counted = (counts["total"], counts["unread"])
        same = counted == (len(inbox), unread)
        yield None if same else f"{tenant}/{name} counts {counted}, sees {(len(inbox), unread)}"


def agents_see_what_they_may(evidence: Evidence) -> Iterator[str | None]:
    """R7."""
    for (tenant, name), inbox in evidence.inboxes.items():
        if name not in AGENTS:
            continue
        expected = {
            row["id"]
            for row in evidence.rows.values()
            if row["organization"] == tenant and _visible(evidence.worlds[tenant], name, row)
        }
        seen = {row["id"] for row in inbox}
        yield None if seen == expected else f"{tenant}/{name}: {sorted(seen ^ expected)[:5]}"


def _visible(world: World, name: str, row: Json) -> bool:
    staff = world.pages.get(row["page_id"], {"staff": []})["staff"]
    if world.settings["page_permissions"] and name not in staff:
        return False
    mine, nobodys = _assignee(row) == name, _assignee(row) is None
    seen = {"everyone": True, "own_and_unassigned": mine or nobodys, "own_only": mine}
    return seen[world.settings["visibility"]]


def views_equal_a_rebuild(evidence: Evidence) -> Iterator[str | None]:
    """INV6, O4."""
    for name, before in evidence.views_before.items():
        after = evidence.views_after[name]
        for document in before.keys() | after.keys():
            live, again = before.get(document), after.get(document)
            same = live == again
            yield None if same else f"{name}/{document}: {_difference(live, again)}"


def _difference(live: Json | None, again: Json | None) -> str:
    if live is None or again is None:
        return "only after the rebuild" if live is None else "only before the rebuild"
    fields = (each for each in live.keys() | again.keys() if live.get(each) != again.get(each))
    return ", ".join(f"{each}: {live.get(each)!r}, {again.get(each)!r}" for each in sorted(fields))


def _assignee(row: Json) -> str | None:
    return None if row["assignee"] is None else str(row["assignee"]["agent_id"])


LAWS: dict[str, Look] = {
    "accepted events are in the log, refused ones are not": accepted_events_are_in_the_log,
    "accepted events are in one conversation, once": accepted_events_stand_once,
    "nothing valid goes to the dead letters": nothing_is_unreadable,
    "nothing is answered with a mistake of ours": nothing_is_our_mistake,
    "a noisy organization moves no other's p99 by half": neighbours_are_not_harmed,
    "versions rise by one, one agent each": versions_rise_by_one,
    "the gateway shows the log's latest state": gateway_shows_the_logs_last_word,
    "an external consumer has the gateway's state": followers_have_the_gateways_state,
    "what was acknowledged is kept": acknowledged_writes_stand,
    "a command makes one record": commands_are_settled_by_one_record,
    "every request is answered, in the order of the log": laws_of_queues.answered_in_order,
    "an answer never changes": laws_of_choices.answers_stay,
    "each choice names its pool": laws_of_choices.every_choice_names_its_pool,
    "each pool is of the department that was asked for": (
        laws_of_choices.pools_are_of_what_was_asked_for
    ),
    "nobody is chosen beyond their capacity": laws_of_choices.capacity_bounds_choices,
    "each choice is the model's next": laws_of_choices.rotation_is_exact,
    "skew is at most one while the candidates stay": laws_of_choices.skew_is_one,
    "in the calm, turns are taken one after another": laws_of_choices.exam_is_passed,
    "what was chosen is what was assigned": laws_of_choices.chosen_is_assigned,
    "nothing waits while somebody can take it": laws_of_queues.queue_is_empty,
    "what waits, waits in order": laws_of_queues.queue_is_in_order,
    "nothing is forgotten": laws_of_queues.nothing_is_forgotten,
    "jobs come to their end": jobs_come_to_their_end,
    "unread counts are right for everybody": unread_counts_are_right,
    "agents see what they may see": agents_see_what_they_may,
    "views equal a rebuild": views_equal_a_rebuild,
    **LAWS_OF_REPLIES,
    **LAWS_OF_CONTACTS,
}
