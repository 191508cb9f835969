"""Who has a conversation open at this moment (I14): forgotten after seconds, and stored in no
view."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.vocabulary import Moment


class ConversationViewed(Event, frozen=True, kw_only=True):
    """The agent has the conversation open, and is writing there or not. It counts for
    `VIEWING_LASTS_S` after `at`, or until the agent's next one for the same conversation."""

    type: ClassVar[str] = "conversation.viewed.v1"
    organization: OrganizationId
    conversation_id: ConversationId
    agent_id: AgentId
    typing: bool
    at: Moment
