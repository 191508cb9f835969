"""A small piece of evidence on which every law holds, for the tests of the laws to spoil."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from faults.channel import Acceptance, Sent
from faults.evidence import Evidence, World
from faults.log import Entry, LogRead
from faults.neighbours import Neighbours
from faults.tenants import Json
from support.organizations import rule
from tuyen_events.assignments import AssignmentEvent, AssignmentMade, AssignmentQueued, Choice
from tuyen_events.commands import AssignConversation, MarkConversationDone
from tuyen_events.directory import Member
from tuyen_events.event import Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    EventId,
    OrganizationId,
    PageId,
    RuleId,
    comment_thread_id,
)
from tuyen_events.inbound import CommentAdded, Customer
from tuyen_events.jobs import HandoverRequested, JobProgressed, JobState
from tuyen_events.marks import ConversationRead
from tuyen_events.pools import PoolRecorded
from tuyen_events.presence import SessionSignalled
from tuyen_events.routing import ChoiceMade, ChoiceRequested, Position, Purpose, Verdict
from tuyen_events.topic import Topic
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CHOICES,
    COMMANDS,
    DIRECTORY,
    INBOUND,
    JOBS,
    MARKS,
    POOLS,
    PRESENCE_SIGNALS,
    REQUESTS,
    TOPICS,
)
from tuyen_events.vocabulary import Channel, ConversationKind, Presence, Reason, Strategy

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
ORG, PAGE, RULE = OrganizationId("an"), PageId("an-1"), RuleId("trang-1")
NV1, NV2, NV3 = AgentId("nv1"), AgentId("nv2"), AgentId("nv3")
COMMENTS = ("c_1", "c_2", "c_3", "c_4")
"""The first two are assigned at once, the other two wait for a while."""
AGENTS = (NV1, NV2, NV3, NV1)
"""Who gets them."""
POOL = PoolRecorded(
    id="pool_1",
    organization=ORG,
    rule_id=RULE,
    rule_version=1,
    mode=Strategy.SEQUENTIAL,
    order=(NV1, NV2, NV3),
    candidates=(NV1, NV2, NV3),
)


def thread(comment: str) -> ConversationId:
    return comment_thread_id(ORG, PAGE, comment)


def entries(*events: Event, keys: Sequence[str] = ()) -> list[Entry]:
    """Records of one partition."""
    return [
        Entry(
            partition=0,
            offset=offset,
            key=keys[offset] if keys else "",
            value=b"",
            id=f"evt_{offset}",
            event=event,
        )
        for offset, event in enumerate(events)
    ]


def request(number: int) -> ChoiceRequested:
    """For the comment of that number, from 0."""
    return ChoiceRequested(
        request_id=f"inbound/0/{number}",
        organization=ORG,
        page_id=PAGE,
        conversation_id=thread(COMMENTS[number]),
        customer_id=CustomerId("cus_1"),
        kind=ConversationKind.COMMENT,
        channel=Channel.FACEBOOK,
        purpose=Purpose.FIRST,
        seed=EventId(f"evt_{number}"),
        cause=Position(topic="inbound", partition=0, offset=number),
        at=AT,
    )


def answer(number: int, verdict: Verdict, *, drained: bool = False) -> ChoiceMade:
    asked, chosen = request(number), verdict is Verdict.CHOSEN
    return ChoiceMade(
        request_id=asked.request_id,
        organization=ORG,
        page_id=PAGE,
        conversation_id=asked.conversation_id,
        customer_id=asked.customer_id,
        kind=asked.kind,
        purpose=asked.purpose,
        verdict=verdict,
        agent_id=AGENTS[number] if chosen else None,
        rule_id=RULE,
        mode=Strategy.SEQUENTIAL,
        choice=Choice(
            pool_id=POOL.id,
            rule_version=1,
            after=AGENTS[number - 1] if chosen and number else None,
            load=1,
        ),
        drained=drained,
        seed=asked.seed,
        at=AT,
    )


def answers() -> list[ChoiceMade]:
    """In their order."""
    return [
        answer(0, Verdict.CHOSEN),
        answer(1, Verdict.CHOSEN),
        answer(2, Verdict.QUEUED),
        answer(3, Verdict.QUEUED),
        answer(2, Verdict.CHOSEN, drained=True),
        answer(3, Verdict.CHOSEN, drained=True),
    ]


def give(evidence: Evidence, given: Sequence[ChoiceMade]) -> None:
    """These are the answers, remembered by stage 2 and told to stage 1."""
    evidence.log.topics[ANSWERS.name] = entries(*given)
    remember(evidence, [*enumerate(given, 1)])


def remember(evidence: Evidence, given: Sequence[tuple[int, ChoiceMade]]) -> None:
    """These are in stage 2's memory at these places."""
    evidence.log.topics[CHOICES.name] = [
        Entry(
            partition=0,
            offset=offset,
            key=f"answer/{place}",
            value=msgspec.json.encode([place, 0, each]),
            id="",
            event=None,
        )
        for offset, (place, each) in enumerate(given)
    ]


def record(
    comment: str, version: int, agent: AgentId | None, before: AgentId | None = None
) -> AssignmentEvent:
    number = COMMENTS.index(comment)
    kind = AssignmentQueued if agent is None else AssignmentMade
    return kind(
        organization=ORG,
        page_id=PAGE,
        conversation_id=thread(comment),
        customer_id=CustomerId("cus_1"),
        kind=ConversationKind.COMMENT,
        version=version,
        agent_id=agent,
        previous_agent_id=before,
        reason=Reason.QUEUED if agent is None else Reason.ROTATION,
        rule_id=RULE,
        mode=Strategy.SEQUENTIAL,
        by=None,
        caused_by=f"evt_{number}",
        at=AT,
        request_id=f"inbound/0/{number}",
    )


def put(evidence: Evidence, topic: Topic, *events: Event) -> None:
    """Appends records to a topic."""
    before = evidence.log.of(topic)
    evidence.log.topics[topic.name] = entries(
        *(each.event for each in before if each.event is not None),
        *events,
        keys=[*(each.key for each in before), *("" for _ in events)],
    )


def evidence() -> Evidence:
    found = Evidence(
        log=LogRead(_topics()),
        sent={
            **{each: _make_sent(each, Acceptance.ACCEPTED) for each in COMMENTS},
            "c_8": _make_sent("c_8", Acceptance.UNKNOWN),
            "c_9": _make_sent("c_9", Acceptance.REFUSED),
        },
        rows={row["id"]: row for row in map(_row, COMMENTS)},
        threads={thread(each): [_message(each)] for each in COMMENTS},
        histories={thread(each): _history(each) for each in COMMENTS},
        worlds={"an": _world()},
        followed={
            thread(each): (len(_history(each)), agent)
            for each, agent in zip(COMMENTS, AGENTS, strict=True)
        },
        acknowledged=Counter(
            {
                ("assigned", thread("c_1"), 1, NV1): 2,
                ("directory", "an/rule/trang-1", 1): 1,
                ("read", thread("c_1"), NV1): 1,
                ("done", thread("c_1"), "admin", True): 1,
                ("signal", "an", NV1, None): 1,
                ("job", "an", "job_1"): 1,
            }
        ),
        neighbours=Neighbours([[0.1] * 100] * 3, [[0.14] * 100] * 2 + [[0.4] * 100]),
        steady=frozenset({"an"}),
        exam={(ORG, PAGE): COMMENTS[:2]},
        views_before={"conversations": {"x": {"_id": "x", "unread": 1}}},
        views_after={"conversations": {"x": {"_id": "x", "unread": 1}}},
    )
    give(found, answers())
    rows = list(found.rows.values())
    found.inboxes = {("an", "admin"): rows, ("an", "nv1"): [{**rows[0], "unread": 0}, *rows[1:]]}
    found.counts = {
        ("an", "admin"): {"total": 4, "unread": 4},
        ("an", "nv1"): {"total": 4, "unread": 3},
    }
    return found


def _topics() -> dict[str, list[Entry]]:
    trang_1 = rule(RULE, [Member(agent_id=NV1, capacity=2)], organization=ORG, at=AT)
    about = {"organization": ORG, "page_id": PAGE, "at": AT, "conversation_id": thread("c_1")}
    by_whom = {"customer_id": CustomerId("cus_1"), "customer_external_id": "1"}
    command = {**about, **by_whom, "kind": ConversationKind.COMMENT}
    job: Json = {"job_id": "job_1", "organization": ORG, "at": AT}
    mark = ConversationRead(
        organization=ORG, conversation_id=thread("c_1"), agent_id=NV1, seen_events=1, at=AT
    )
    done = msgspec.convert(
        {**command, "command_id": "d", "done": True, "seen_events": 1, "by": "admin"},
        MarkConversationDone,
    )
    assign = msgspec.convert(
        {**command, "command_id": "cmd", "agent_id": NV1, "by": "admin"}, AssignConversation
    )
    signal = SessionSignalled(
        organization=ORG, agent_id=NV1, session="web", status=None, lease_s=8, at=AT
    )
    handover = msgspec.convert(
        {**job, "by": "admin", "agent_id": NV1, "to": None}, HandoverRequested
    )
    progress = JobProgressed(
        **job, revision=1, state=JobState.DONE, total=3, done=3, changed=2, refused={"x": 1}
    )
    return {
        **{topic.name: [] for topic in TOPICS.values()},
        INBOUND.name: entries(*map(_comment, COMMENTS)),
        REQUESTS.name: entries(*map(request, range(4))),
        POOLS.name: entries(POOL),
        ASSIGNMENTS.name: entries(*_records()),
        DIRECTORY.name: entries(trang_1, keys=["an/rule/trang-1"]),
        MARKS.name: entries(mark),
        COMMANDS.name: entries(done, assign),
        PRESENCE_SIGNALS.name: entries(signal),
        JOBS.name: entries(handover, progress),
    }


def _records() -> list[AssignmentEvent]:
    return [
        record("c_1", 1, NV1),
        record("c_1", 1, NV1),  # a worker that had been frozen said it once more
        record("c_2", 1, NV2),
        record("c_3", 1, None),
        record("c_4", 1, None),
        record("c_3", 2, NV3),
        record("c_4", 2, NV1),
    ]


def _history(comment: str) -> list[Json]:
    made = {(each.conversation_id, each.version): each for each in _records()}
    mine = [each for (conversation, _), each in made.items() if conversation == thread(comment)]
    return [{"version": each.version, "agent_id": each.agent_id} for each in reversed(mine)]


def _comment(comment: str) -> CommentAdded:
    return CommentAdded(
        organization=ORG,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=msgspec.convert(f"m_{comment}", str),  # type: ignore[arg-type]  # ids are plain here
        external_id=comment,
        post_external_id="post",
        customer=Customer(id=CustomerId("cus_1"), external_id="1"),
        conversation_id=thread(comment),
    )


def _make_sent(comment: str, acceptance: Acceptance) -> Sent:
    return Sent(comment, frozenset({thread(comment)}), acceptance)


def _message(comment: str) -> Json:
    return {"external_id": comment, "direction": "in"}


def _row(comment: str) -> Json:
    agent = AGENTS[COMMENTS.index(comment)]
    return {
        "id": thread(comment),
        "organization": "an",
        "page_id": PAGE,
        "kind": "comment",
        "channel": "facebook",
        "version": len(_history(comment)),
        "assignee": {"agent_id": agent},
        "waiting": False,
        "done": False,
        "unread": 1,
    }


def _world() -> World:
    return World(
        settings={
            "assignment": True,
            "auto_assign": True,
            "page_permissions": False,
            "visibility": "everyone",
        },
        agents={
            each: {"role": "agent", "disabled": False, "departments": [], "regions": []}
            for each in (NV1, NV2, NV3)
        },
        pages={PAGE: {"staff": []}},
        rules={
            RULE: {
                "enabled": True,
                "pages": [PAGE],
                "applies_to": "online",
                "members": [{"agent_id": each} for each in (NV1, NV2, NV3)],
            }
        },
        support_team=[],
        presence=dict.fromkeys((NV1, NV2, NV3), Presence.ONLINE.value),
    )
