"""What agents noted about a conversation in the inbox: read (I5), tagged (I4). Used by it only."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.vocabulary import Moment


class ConversationRead(Event, frozen=True, kw_only=True):
    """The agent has read the first `seen_events` inbound events of the conversation, and no more.

    The later mark counts; marking as unread is a mark with a smaller number.
    """

    type: ClassVar[str] = "conversation.read.v1"
    organization: OrganizationId
    conversation_id: ConversationId
    agent_id: AgentId
    seen_events: int
    at: Moment
    seen: dict[str, int] | None = None
    """By partition of `inbound`, the last offset among them: an event that is removed later counts
    as unread for nobody (R4.6). Null in older marks."""


class ConversationTagged(Event, frozen=True, kw_only=True):
    """The conversation has these tags, in place of those that it had. The later record counts."""

    type: ClassVar[str] = "conversation.tagged.v1"
    organization: OrganizationId
    conversation_id: ConversationId
    tags: tuple[str, ...]
    """As they were written: no two of them differ in case alone."""
    by: AgentId
    at: Moment
