"""What assignment records add to the numbers of reports: who got conversations, and how long these
waited in the queue (O3).

Assignment records of one conversation may be read in any order, and more than once. Each is counted
once, in the order of the versions, so the numbers do not depend on the order of reading.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, RuleId
from tuyen_gateway.domain.rollups import INFLOW, OUTFLOW, Counted, Slot, quarter_of, round_wait

_MOST_PENDING = 50
"""Records of one conversation that wait for an earlier one. If there are more, the earlier one was
written before history was kept."""


class CountedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of an assignment record that reports need."""

    at: datetime
    page_id: PageId
    queued: bool
    agent_id: AgentId | None
    rule_id: RuleId | None
    """The rule that chose the agent; null if none did."""


class CountedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, and how far its records are counted."""

    id: ConversationId = msgspec.field(name="_id")
    organization: OrganizationId
    reached: int = 0
    """The version of the last record that is counted."""
    pending: dict[str, CountedRecord] = {}
    """By version, records that were read before an earlier one."""
    queued_at: datetime | None = None
    """Since when it waits for an agent, and of which page it is then."""
    queued_page: PageId | None = None
    agent_id: AgentId | None = None
    """Its assignee."""
    revision: int = 0


def counted_record_of(event: AssignmentEvent) -> CountedRecord:
    """A record as reports need it. A rule chose if the record has its mode; without one, the
    conversation went to the customer's assignee (R3.2)."""
    chosen = event.agent_id is not None and event.mode is not None
    return CountedRecord(
        at=event.at,
        page_id=event.page_id,
        queued=isinstance(event, AssignmentQueued),
        agent_id=event.agent_id,
        rule_id=event.rule_id if chosen else None,
    )


def count_records(
    conversation: CountedConversation, records: Iterable[tuple[int, CountedRecord]]
) -> tuple[CountedConversation, dict[Slot, Counter[str]]]:
    """The conversation after some records, each with its version, and what they add to the numbers.
    A record that was counted already adds nothing."""
    pending = dict(conversation.pending)
    for version, record in records:
        if version > conversation.reached:
            pending.setdefault(str(version), record)
    added: dict[Slot, Counter[str]] = {}
    while pending:
        version = min(map(int, pending))
        if version != conversation.reached + 1 and len(pending) <= _MOST_PENDING:
            break
        record = pending.pop(str(version))
        for slot, name in _count(conversation, record):
            added.setdefault(slot, Counter())[name] += 1
        waits_already = record.queued and conversation.queued_at is not None
        conversation = msgspec.structs.replace(
            conversation,
            reached=version,
            queued_at=conversation.queued_at
            if waits_already
            else record.at
            if record.queued
            else None,
            queued_page=conversation.queued_page if waits_already else record.page_id,
            agent_id=record.agent_id,
        )
    return msgspec.structs.replace(conversation, pending=pending), added


def _count(conversation: CountedConversation, record: CountedRecord) -> Iterator[tuple[Slot, str]]:
    if record.agent_id != conversation.agent_id:
        for agent_id, name in ((conversation.agent_id, OUTFLOW), (record.agent_id, INFLOW)):
            if agent_id is not None:
                yield _slot(conversation, Counted.AGENT, record.at, agent_id), name
    if record.queued:
        if conversation.queued_at is None:
            yield _slot(conversation, Counted.QUEUE, record.at, record.page_id), INFLOW
        return
    if conversation.queued_at is not None:
        slot = _slot(
            conversation, Counted.QUEUE, record.at, conversation.queued_page or record.page_id
        )
        yield slot, OUTFLOW
        if record.agent_id is not None:
            yield slot, f"wait.{round_wait(record.at - conversation.queued_at)}"
    if record.rule_id is not None:
        yield (
            _slot(conversation, Counted.RULE, record.at, record.rule_id, record.agent_id),
            "chosen",
        )


def _slot(
    conversation: CountedConversation, counted: Counted, at: datetime, *about: str | None
) -> Slot:
    return Slot(
        organization=conversation.organization, counted=counted, quarter=quarter_of(at), about=about
    )
