"""What reports are made of: how conversations went from nobody to somebody, counted by time (O3).

Assignment records of one conversation may be read in any order, and more than once. Each is used
once, in the order of the versions: so what is counted does not depend on how it was read.

Decides O3.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, RuleId

QUARTER_MINUTES = 15
"""Numbers are kept by quarters of an hour, because there are time zones that differ by these."""

_MOST_PENDING = 50
"""Records of one conversation that wait for an earlier one. If there are more, the earlier one was
written before history was kept."""

_EXACT_S = 1000
"""Shorter waits are counted by the second; longer ones by three digits."""


class Counted(StrEnum):
    QUEUE = "queue"
    RULE = "rule"
    AGENT = "agent"
    """Conversations that agents got and lost."""
    BEGUN = "begun"
    RESPONSE = "response"
    """First responses."""


class CourseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one assignment record says."""

    at: datetime
    page_id: PageId
    queued: bool
    agent_id: AgentId | None
    rule_id: RuleId | None
    """The rule that chose the agent; null if none did."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How far the records of a conversation are counted."""

    id: ConversationId = msgspec.field(name="_id")
    organization: OrganizationId
    reached: int = 0
    """The version of the last record that is counted."""
    pending: dict[str, CourseRecord] = {}
    """By version, records that were read before an earlier one."""
    queued_at: datetime | None = None
    """Since when it waits for an agent, and of which page it is then."""
    queued_page: PageId | None = None
    agent_id: AgentId | None = None
    """Who has it."""
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What numbers belong to: those of a page or of an agent whom a rule chose, in a quarter."""

    organization: OrganizationId
    counted: Counted
    quarter: datetime
    page_id: PageId
    rule_id: RuleId | None = None
    agent_id: AgentId | None = None


Numbers = Mapping[Slot, Counter[str]]
"""By slot: `entered` and `left` the queue, `wait.<seconds>` of those who got an agent, `chosen`; of
agents `got` and `lost`; `begun`; `responses`, `wait.<seconds>`."""


def course_record_of(event: AssignmentEvent) -> CourseRecord:
    """A record as reports need it. A rule chose if the record has its mode; without one, the
    conversation went to the customer's assignee (R3.2)."""
    chosen = event.agent_id is not None and event.mode is not None
    return CourseRecord(
        at=event.at,
        page_id=event.page_id,
        queued=isinstance(event, AssignmentQueued),
        agent_id=event.agent_id,
        rule_id=event.rule_id if chosen else None,
    )


def note_records(
    course: Course, records: Iterable[tuple[int, CourseRecord]]
) -> tuple[Course, dict[Slot, Counter[str]]]:
    """The course after records, each with its version, and what they add to the numbers. A record
    that was counted already adds nothing."""
    pending = dict(course.pending)
    for version, record in records:
        if version > course.reached:
            pending.setdefault(str(version), record)
    added: dict[Slot, Counter[str]] = {}
    while pending:
        version = min(map(int, pending))
        if version != course.reached + 1 and len(pending) <= _MOST_PENDING:
            break
        record = pending.pop(str(version))
        for slot, name in _count(course, record):
            added.setdefault(slot, Counter())[name] += 1
        waits_already = record.queued and course.queued_at is not None
        course = msgspec.structs.replace(
            course,
            reached=version,
            queued_at=course.queued_at if waits_already else record.at if record.queued else None,
            queued_page=course.queued_page if waits_already else record.page_id,
            agent_id=record.agent_id,
        )
    return msgspec.structs.replace(course, pending=pending), added


def _count(course: Course, record: CourseRecord) -> Iterator[tuple[Slot, str]]:
    if record.agent_id != course.agent_id:
        for agent_id, name in ((course.agent_id, "lost"), (record.agent_id, "got")):
            if agent_id is not None:
                slot = _slot(course, Counted.AGENT, record.at, record.page_id)
                yield replace(slot, agent_id=agent_id), name
    if record.queued:
        if course.queued_at is None:
            yield _slot(course, Counted.QUEUE, record.at, record.page_id), "entered"
        return
    if course.queued_at is not None:
        page = course.queued_page or record.page_id
        slot = _slot(course, Counted.QUEUE, record.at, page)
        yield slot, "left"
        if record.agent_id is not None:
            yield slot, f"wait.{round_wait(record.at - course.queued_at)}"
    if record.rule_id is not None:
        yield (
            Slot(
                organization=course.organization,
                counted=Counted.RULE,
                quarter=quarter_of(record.at),
                page_id=record.page_id,
                rule_id=record.rule_id,
                agent_id=record.agent_id,
            ),
            "chosen",
        )


def _slot(course: Course, counted: Counted, at: datetime, page_id: PageId) -> Slot:
    return Slot(
        organization=course.organization, counted=counted, quarter=quarter_of(at), page_id=page_id
    )


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour, in UTC."""
    moment = moment.astimezone(UTC)
    minute = moment.minute - moment.minute % QUARTER_MINUTES
    return moment.replace(minute=minute, second=0, microsecond=0)


def round_wait(waited: timedelta) -> int:
    """A wait in seconds as it is counted: to the second, or to three digits of a long one, so that
    there are few different ones."""
    seconds = max(round(waited.total_seconds()), 0)
    scale = 1
    while seconds // scale >= _EXACT_S:
        scale *= 10
    return round(seconds / scale) * scale


def find_percentile(waits: Mapping[int, int], share: float) -> int | None:
    """The shortest wait that is no shorter than `share` of all, by how many there are of each."""
    wanted = sum(waits.values()) * share
    passed = 0
    for seconds in sorted(waits):
        passed += waits[seconds]
        if passed >= wanted:
            return seconds
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNumbers:
    """What happened to the queue of a page within an interval; `waits` by seconds."""

    at: datetime
    page_id: PageId
    entered: int
    left: int
    waits: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One row of the report: `waiting` at the end of the interval."""

    numbers: QueueNumbers
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadNumbers:
    """Which conversations an agent got and lost within an interval."""

    at: datetime
    agent_id: AgentId
    got: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseNumbers:
    """The first responses of an agent, or on a page, within an interval: how many conversations
    waited how many seconds for them."""

    at: datetime
    whose: str | None
    waits: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunNumbers:
    """How many conversations began on a page within an interval."""

    at: datetime
    page_id: PageId
    begun: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRow:
    """How often a rule chose an agent within an interval."""

    at: datetime
    rule_id: RuleId
    agent_id: AgentId
    chosen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """One row of the report on agents; `held` at the end of the interval. Null is whoever answers
    at the channel itself."""

    at: datetime
    agent_id: AgentId | None
    got: int = 0
    lost: int = 0
    held: int = 0
    waits: Mapping[int, int] = field(default_factory=dict)


def list_agent_rows(
    before: Mapping[AgentId, int],
    loads: Sequence[LoadNumbers],
    responses: Sequence[ResponseNumbers],
) -> list[AgentRow]:
    """The rows in the order of time and agent; `before` is how many conversations each agent had
    when the first interval began."""
    rows: dict[tuple[datetime, str], AgentRow] = {}
    for load in loads:
        row = AgentRow(at=load.at, agent_id=load.agent_id, got=load.got, lost=load.lost)
        rows[load.at, load.agent_id] = row
    for one in responses:
        agent_id = None if one.whose is None else AgentId(one.whose)
        row = rows.get((one.at, one.whose or ""), AgentRow(at=one.at, agent_id=agent_id))
        rows[one.at, one.whose or ""] = replace(row, waits=one.waits)
    held: Counter[str] = Counter(before)
    listed = []
    for (_, whose), row in sorted(rows.items()):
        held[whose] += row.got - row.lost
        listed.append(replace(row, held=held[whose]))
    return listed


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One row of the report on pages."""

    at: datetime
    page_id: str
    begun: int = 0
    waits: Mapping[int, int] = field(default_factory=dict)


def list_page_rows(
    begun: Sequence[BegunNumbers], responses: Sequence[ResponseNumbers]
) -> list[PageRow]:
    """The rows in the order of time and page."""
    rows = {(one.at, str(one.page_id)): one.begun for one in begun}
    waits = {(one.at, one.whose or ""): one.waits for one in responses}
    return [
        PageRow(at=at, page_id=page, begun=rows.get((at, page), 0), waits=waits.get((at, page), {}))
        for at, page in sorted(rows.keys() | waits.keys())
    ]


def list_queue_rows(
    before: Mapping[PageId, int], numbers: Sequence[QueueNumbers]
) -> list[QueueRow]:
    """The rows in the order of time and page; `before` is how many waited on each page when the
    first interval began."""
    waiting = Counter(before)
    rows = []
    for one in sorted(numbers, key=lambda each: (each.at, each.page_id)):
        waiting[one.page_id] += one.entered - one.left
        rows.append(QueueRow(numbers=one, waiting=waiting[one.page_id]))
    return rows
