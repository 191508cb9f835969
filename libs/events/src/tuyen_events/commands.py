"""What agents and managers ask of the router, and what became of it.

Commands are imperative; they are keyed by customer, so that they have one order with the customer's
events. Every command is answered by one `command.settled` with the command's id.
"""

from enum import StrEnum
from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import ConversationKind, Moment


class AssignConversation(Event, frozen=True, kw_only=True):
    """Give the conversation to `agent_id`, or to nobody (null), whoever has it now (R6)."""

    type: ClassVar[str] = "conversation.assign.v1"
    command_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    customer_external_id: str
    kind: ConversationKind
    agent_id: AgentId | None
    by: AgentId
    note: str | None = None
    expected_version: int | None = None
    """Refuse when the conversation has another version by then (R6.4)."""
    at: Moment


class MarkConversationDone(Event, frozen=True, kw_only=True):
    """Close (`done` true) or reopen a conversation (I12). A waiting one leaves the queue."""

    type: ClassVar[str] = "conversation.mark_done.v1"
    command_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    customer_external_id: str
    kind: ConversationKind
    done: bool
    seen_events: int
    """How many of its inbound events the caller had seen: one more opens it again."""
    by: AgentId
    at: Moment


class Outcome(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    VERSION_PASSED = "version_passed"
    """Another change came first (R6.4)."""
    NOT_ALLOWED = "not_allowed"
    """The agent is disabled, removed, or was not given the page (R6.2)."""
    ASSIGNMENT_OFF = "assignment_off"


class CommandSettled(Event, frozen=True, kw_only=True):
    """What became of a command. `version` and `agent_id` are the conversation's after it."""

    type: ClassVar[str] = "command.settled.v1"
    command_id: str
    organization: OrganizationId
    conversation_id: ConversationId
    outcome: Outcome
    version: int
    agent_id: AgentId | None
