"""What assignment records add to the numbers of reports: how conversations went from nobody to
somebody (O3).

Assignment records of one conversation may be read in any order, and more than once. Each is used
once, in the order of the versions: so what is counted does not depend on how it was read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, RuleId
from tuyen_gateway.domain.rollups import CAME, WENT, Counted, Slot, quarter_of, round_wait

_MOST_PENDING = 50
"""Records of one conversation that wait for an earlier one. If there are more, the earlier one was
written before history was kept."""


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
        for agent_id, name in ((course.agent_id, WENT), (record.agent_id, CAME)):
            if agent_id is not None:
                yield _slot(course, Counted.AGENT, record.at, agent_id), name
    if record.queued:
        if course.queued_at is None:
            yield _slot(course, Counted.QUEUE, record.at, record.page_id), CAME
        return
    if course.queued_at is not None:
        slot = _slot(course, Counted.QUEUE, record.at, course.queued_page or record.page_id)
        yield slot, WENT
        if record.agent_id is not None:
            yield slot, f"wait.{round_wait(record.at - course.queued_at)}"
    if record.rule_id is not None:
        yield _slot(course, Counted.RULE, record.at, record.rule_id, record.agent_id), "chosen"


def _slot(course: Course, counted: Counted, at: datetime, *about: str | None) -> Slot:
    return Slot(
        organization=course.organization, counted=counted, quarter=quarter_of(at), about=about
    )
