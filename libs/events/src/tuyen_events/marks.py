"""What agents did to their own view of a conversation (I5): for the inbox alone."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.vocabulary import Moment


class ConversationRead(Event, frozen=True, kw_only=True):
    """The agent has read the conversation's first `seen_events` inbound events, and no more.

    Reading again counts from the later mark; marking as unread is a mark with a smaller number.
    """

    type: ClassVar[str] = "conversation.read.v1"
    organization: OrganizationId
    conversation_id: ConversationId
    agent_id: AgentId
    seen_events: int
    at: Moment
    seen: dict[str, int] | None = None
    """By partition of `inbound`, the last offset among them: what is taken back later counts as
    unread for nobody (R4.6). Null in older marks."""
