"""Writes the marks of agents to the log: that they have read a conversation (I5), by opening it or
by answering in it, and its tags."""

from collections.abc import Iterable
from uuid import uuid4

from tuyen_events.codec import encode
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.marks import ConversationRead, ConversationTagged
from tuyen_events.topics import MARKS
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.marks import mark_read
from tuyen_gateway.domain.read_marks import ReadPosition
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.ports import ProducerRecord


async def write_mark(
    gateway: Gateway,
    organization: OrganizationId,
    agent_id: AgentId,
    row: InboxRow,
    shown: ReadPosition,
) -> InboxRow:
    """Returns once it is in the log that the agent has seen so much of the conversation: the row as
    it will be. The later mark of an agent counts."""
    mark = ConversationRead(
        organization=organization,
        conversation_id=row.id,
        agent_id=agent_id,
        seen_events=shown.events,
        seen=dict(shown.until),
        at=gateway.clock.now(),
    )
    await gateway.log.append(MARKS, row.id, _envelope(mark))
    return mark_read(row, mark, row.marks_offset + 1)


async def write_tags(gateway: Gateway, tagged: Iterable[ConversationTagged]) -> None:
    """Returns once all of it is in the log."""
    records = []
    for one in tagged:
        value, headers = encode(_envelope(one))
        records.append(ProducerRecord(MARKS, one.conversation_id, value, headers))
    if records:
        await gateway.log.append_all(records)


def _envelope(mark: ConversationRead | ConversationTagged) -> Envelope:
    return Envelope(
        id=f"evt_{uuid4().hex}",
        source=SOURCE,
        subject=mark.conversation_id,
        time=mark.at,
        data=mark,
    )
