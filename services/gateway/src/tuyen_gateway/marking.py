"""Writes what an agent has read (I5), as requests do: by opening a conversation, or by answering
in it."""

from uuid import uuid4

from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.marks import ConversationRead
from tuyen_events.topics import MARKS
from tuyen_gateway.domain.inbox import InboxRow, mark_read
from tuyen_gateway.domain.reading import Shown
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.identity import SOURCE


async def write_mark(
    gateway: Gateway, organization: OrganizationId, agent_id: AgentId, row: InboxRow, shown: Shown
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
    envelope = Envelope(
        id=f"evt_{uuid4().hex}", source=SOURCE, subject=row.id, time=mark.at, data=mark
    )
    await gateway.log.append(MARKS, row.id, envelope)
    return mark_read(row, mark, row.marks_offset + 1)
