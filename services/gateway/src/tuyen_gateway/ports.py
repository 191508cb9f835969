"""What the HTTP interface asks of the views."""

from dataclasses import dataclass
from typing import Protocol

from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.visibility import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """Whose a conversation is: what a command about it has to name.

    `version` is that of the assignee, 0 for a conversation that the router never decided about.
    The customer is the one whose events the conversation is keyed by: of a comment thread, the
    author of the root comment; null while the root has not been seen.
    """

    id: ConversationId
    organization: OrganizationId
    page_id: PageId
    kind: ConversationKind
    customer_id: CustomerId | None
    customer_external_id: str | None
    agent_id: AgentId | None
    version: int


class ConversationViews(Protocol):
    """Conversations as the views show them; they may be behind the log by some milliseconds."""

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRow | None:
        """One conversation, or None when it does not exist or `scope` does not cover it (R7.2)."""
        ...

    def problem(self) -> str | None:
        """Why the views cannot be read at the moment, or None. Does not block."""
        ...
